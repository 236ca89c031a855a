// SPDX-License-Identifier: GPL-2.0
/*
 * What timers that keep their CPU busy leave to everything else.
 *
 * Loading the module starts @timers exact timers of @period_ns each on the CPU that loads
 * it, whose callbacks take @callback_ns, for @ms. Each callback sends this CPU another
 * interrupt and, with @softirqs, schedules a tasklet, unless those before it are still to be
 * served; an hrtimer of a millisecond is an event that comes by itself. If there is another
 * CPU, a thread there has this one run a function again and again. How late the
 * latest was is in the parameter "result". With @catch_up a timer that is late does not
 * leave out the periods that it missed. With @busy a thread of that CPU has
 * something to do meanwhile, and tells how long it was away at most; without, the CPU
 * idles.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/smp.h>

#include "customtimer.h"

static unsigned int timers = 1;
module_param(timers, uint, 0444);

static unsigned int period_ns = 100000;
module_param(period_ns, uint, 0444);

static unsigned int callback_ns = 60000;
module_param(callback_ns, uint, 0444);

static unsigned int ms = 1000;
module_param(ms, uint, 0444);

static bool busy;
module_param(busy, bool, 0444);

static bool softirqs = true;
module_param(softirqs, bool, 0444);

static bool catch_up;
module_param(catch_up, bool, 0444);

static bool idle;
module_param(idle, bool, 0444);
MODULE_PARM_DESC(idle, "send no interrupts and schedule no tasklets, so that the CPU has nothing to do");

static char result[256];
module_param_string(result, result, sizeof(result), 0444);

#define MOST_TIMERS 256

/* A stretch in which the thread saw no longer a pause was its own. */
#define OWN_NS 2000

static struct custom_timer many[MOST_TIMERS];
static unsigned int expired;
static u64 missed;
static bool early;

/* On the CPU alone. When the interrupt and the tasklet were asked for; 0: not. */
static ktime_t irq_since, softirq_since;
static s64 irq_worst, softirq_worst, away_worst, own;

static void irq_fn(struct irq_work *work)
{
	irq_worst = max_t(s64, irq_worst, ktime_sub(ktime_get(), irq_since));
	irq_since = 0;
}

static struct irq_work irq = IRQ_WORK_INIT_HARD(irq_fn);

static void softirq_fn(struct tasklet_struct *tasklet)
{
	unsigned long flags;

	local_irq_save(flags);
	softirq_worst = max_t(s64, softirq_worst,
			      ktime_sub(ktime_get(), softirq_since));
	softirq_since = 0;
	local_irq_restore(flags);
}

static DECLARE_TASKLET(softirq, softirq_fn);

static enum custom_timer_restart timer_fn(struct custom_timer *t)
{
	ktime_t begin = ktime_get();

	early |= begin < custom_timer_expires(t);
	expired++;
	if (!idle && !irq_since) {
		irq_since = begin;
		irq_work_queue(&irq);
	}
	if (!idle && softirqs && !softirq_since) {
		softirq_since = begin;
		tasklet_schedule(&softirq);
	}
	while (ktime_sub(ktime_get(), begin) < callback_ns)
		cpu_relax();
	missed += custom_timer_forward(t, catch_up ? custom_timer_expires(t) : ktime_get(),
				       period_ns) - 1;
	return CUSTOM_TIMER_RESTART;
}

static struct hrtimer event;
static s64 event_worst;
static unsigned int events;

static enum hrtimer_restart event_fn(struct hrtimer *timer)
{
	ktime_t now = ktime_get();

	event_worst = max_t(s64, event_worst,
			    ktime_sub(now, hrtimer_get_expires(timer)));
	events++;
	hrtimer_forward(timer, now, NSEC_PER_MSEC);
	return HRTIMER_RESTART;
}

/* When another CPU has asked for a call; 0: it came. */
static ktime_t call_since;
static s64 call_worst = -1;
static unsigned int calls;

/* On the CPU, interrupts off. */
static void call_fn(void *unused)
{
	call_worst = max_t(s64, call_worst, ktime_sub(ktime_get(), call_since));
	calls++;
	smp_store_release(&call_since, 0);
}

/*
 * On another CPU, until it is told to stop. @cpu: the CPU. It does not wait for the call with
 * a loop, which in virtual time takes the time of all CPUs.
 */
static int call_again_and_again(void *cpu)
{
	static call_single_data_t csd;

	INIT_CSD(&csd, call_fn, NULL);
	while (!kthread_should_stop() || smp_load_acquire(&call_since)) {
		/* At moments that have nothing to do with the timers'. */
		usleep_range(310, 330);
		if (smp_load_acquire(&call_since) || kthread_should_stop())
			continue;
		WRITE_ONCE(call_since, ktime_get());
		smp_call_function_single_async((unsigned long)cpu, &csd);
	}
	return 0;
}

/* NULL: there is no other CPU, or none is wanted. */
static struct task_struct *begin_calls(unsigned int cpu)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, cpu);
	struct task_struct *thread;

	if (idle || other >= nr_cpu_ids)
		return NULL;
	thread = kthread_create(call_again_and_again, (void *)(unsigned long)cpu,
				"turntest");
	if (IS_ERR(thread))
		return NULL;
	kthread_bind(thread, other);
	wake_up_process(thread);
	return thread;
}

/* What a thread has of its CPU until @end. */
static void be_busy(ktime_t end)
{
	ktime_t now, last = ktime_get();
	s64 step;

	for (; last < end; last = now) {
		now = ktime_get();
		step = ktime_sub(now, last);
		if (step <= OWN_NS)
			own += step;
		away_worst = max(away_worst, step);
	}
}

static int __init turntest_init(void)
{
	ktime_t begin = ktime_get(), end = ktime_add_ms(begin, ms);
	unsigned int i, cpu = raw_smp_processor_id();
	struct task_struct *caller;

	if (!timers || timers > MOST_TIMERS || !period_ns || !ms)
		return -EINVAL;
	for (i = 0; i < timers; i++) {
		custom_timer_setup(&many[i], timer_fn);
		custom_timer_start_on(&many[i], cpu, ktime_add_ns(begin,
				period_ns + mul_u32_u32(period_ns, i) / timers), 0);
	}
	if (!idle) {
		hrtimer_setup(&event, event_fn, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
		hrtimer_start(&event, NSEC_PER_MSEC, HRTIMER_MODE_REL_PINNED_HARD);
	}
	caller = begin_calls(cpu);
	if (busy)
		be_busy(end);
	else
		msleep(ms);
	if (caller)
		kthread_stop(caller);
	for (i = 0; i < timers; i++)
		custom_timer_cancel(&many[i]);
	if (!idle)
		hrtimer_cancel(&event);
	irq_work_sync(&irq);
	tasklet_kill(&softirq);
	scnprintf(result, sizeof(result),
		  "expired=%u missed=%llu early=%u events=%u event_ns=%lld irq_ns=%lld softirq_ns=%lld calls=%u call_ns=%lld away_ns=%lld own_percent=%llu",
		  expired, missed, early, events, event_worst, irq_worst, softirq_worst, calls, call_worst, away_worst,
		  div64_u64(own * 100ULL, (u64)ms * NSEC_PER_MSEC));
	return 0;
}

static void __exit turntest_exit(void)
{
}

module_init(turntest_init);
module_exit(turntest_exit);

MODULE_DESCRIPTION("Test of what custom timers leave to everything else");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
