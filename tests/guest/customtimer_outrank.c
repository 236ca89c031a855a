// SPDX-License-Identifier: GPL-2.0
/*
 * While this is loaded, CPU 0 has a clock event device that outranks all others.
 * A thread on CPU 1 looks at the clock without a break and interrupts CPU 0 when
 * an event is due, so that it depends on no other device of CPU 0's.
 *
 * c3stop=1: a device that stops in deep idle states. CPU 0 prepares for one once, which
 * makes use of the broadcast device.
 */
#include <linux/clockchips.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/tick.h>
#include <linux/timekeeping.h>

static bool c3stop;
module_param(c3stop, bool, 0444);

static struct task_struct *thread;
static ktime_t next_event = KTIME_MAX;

/* On CPU 0, interrupts off. */
static int set_next_event(unsigned long delta, struct clock_event_device *dev)
{
	WRITE_ONCE(next_event, dev->next_event);
	return 0;
}

/* Same context. */
static int stop(struct clock_event_device *dev)
{
	WRITE_ONCE(next_event, KTIME_MAX);
	return 0;
}

static struct clock_event_device device = {
	.name = "outrank",
	.features = CLOCK_EVT_FEAT_ONESHOT,
	.rating = 1000,
	.irq = -1,
	.mult = 1,
	.min_delta_ns = 1000,
	.min_delta_ticks = 1000,
	.max_delta_ns = LONG_MAX,
	.max_delta_ticks = LONG_MAX,
	.set_next_event = set_next_event,
	.set_state_shutdown = stop,
	.set_state_oneshot_stopped = stop,
};

/* Interrupt on CPU 0. An event that was moved meanwhile is not due yet. */
static void expire(void *unused)
{
	if (ktime_get() < READ_ONCE(next_event))
		return;
	WRITE_ONCE(next_event, KTIME_MAX);
	device.event_handler(&device);
}

/* On CPU 1. */
static int watch(void *unused)
{
	while (!kthread_should_stop()) {
		if (ktime_get() >= READ_ONCE(next_event))
			smp_call_function_single(0, expire, NULL, true);
		cond_resched();
	}
	return 0;
}

/* On CPU 0, interrupts off. */
static void begin(void *unused)
{
	if (c3stop)
		device.features |= CLOCK_EVT_FEAT_C3STOP;
	clockevents_register_device(&device);
	if (c3stop && !tick_broadcast_enter())
		tick_broadcast_exit();
}

static int __init outrank_init(void)
{
	thread = kthread_create(watch, NULL, "outrank");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kthread_bind(thread, 1);
	wake_up_process(thread);

	device.cpumask = cpumask_of(0);
	smp_call_function_single(0, begin, NULL, true);
	return 0;
}

static void __exit outrank_exit(void)
{
	/* Without another device it would have to stay for good. */
	while (clockevents_unbind_device(&device, 0))
		msleep(100);
	kthread_stop(thread);
}

module_init(outrank_init);
module_exit(outrank_exit);

MODULE_DESCRIPTION("A clock event device that outranks all others");
MODULE_LICENSE("GPL");
