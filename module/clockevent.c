// SPDX-License-Identifier: GPL-2.0
/*
 * The tick of every CPU, and with it every hrtimer, on the custom timer.
 *
 * Each CPU has a clock event device that outranks Linux's own for Xen, and behind
 * it one custom timer, in the queue of that CPU with all others. It stands above
 * hrtimers, so none may serve it: with the hrtimer backend, and where the
 * hypervisor refuses, Linux gets its own device back.
 */
#include <linux/clockchips.h>
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "backend.h"
#include "base.h"
#include "clock.h"
#include "clockevent.h"
#include "parts.h"

/* Linux's own has 500. */
#define CT_RATING 501

/* The distance of an event that cannot be met in any case. */
#define CT_TICK_MIN_NS NSEC_PER_USEC

/*
 * An event that is further away than this is not worth a second interrupt or a
 * wait, which is what exactness would cost. A window of what NTP may make of its
 * distance (CT_TICK_SLEW_SHIFT in xen.c) spares both; its interrupt still comes at the
 * window's beginning unless others share it. Less than the period of the tick,
 * which nobody needs exactly.
 */
#define CT_TICK_NEAR_NS (3 * NSEC_PER_SEC / 4 / HZ)
#define CT_TICK_WINDOW_SHIFT 10

/**
 * struct ct_tick - the tick of one CPU
 * @dev: the device
 * @timer: what serves it
 * @expected: it is the tick, unless Linux has gone over to another device
 */
struct ct_tick {
	struct clock_event_device dev;
	struct custom_timer timer;
	bool expected;
};

static DEFINE_PER_CPU(struct ct_tick, ct_ticks);

/* CPUs that come online shall have it. Changes with CPU hotplug locked out. */
static bool ct_tick_wanted;

static void ct_give_up(struct work_struct *work);
static DECLARE_WORK(ct_give_up_work, ct_give_up);

/* Of those CPUs that were refused, one is enough. */
static atomic_t ct_giving_up = ATOMIC_INIT(0);

/* Hard interrupt context. This CPU may have no tick: nothing shall come before. */
static void ct_give_up_soon(struct irq_work *work)
{
	queue_work(system_highpri_wq, &ct_give_up_work);
}

static struct irq_work ct_give_up_irq = IRQ_WORK_INIT_HARD(ct_give_up_soon);

/*
 * The tick cannot be served. Interrupts off, locks of hrtimers and of the base, or of the
 * timekeeper, held.
 */
static void ct_tick_refused(void)
{
	if (!atomic_xchg(&ct_giving_up, 1))
		irq_work_queue(&ct_give_up_irq);
}

/*
 * The clock moves only with the tick from now on, and ours waits for the clock: going
 * back to Linux's own device needs neither. Interrupts off, the timekeeper locked.
 */
void ct_clockevent_clock_stepping(void)
{
	if (READ_ONCE(ct_tick_wanted))
		ct_tick_refused();
}

/*
 * Linux has gone over to another device by itself. If that has a higher rating,
 * ours comes back when it goes. Process context.
 */
static void ct_displaced(struct work_struct *work)
{
	struct ct_tick *tick;
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		tick = per_cpu_ptr(&ct_ticks, cpu);
		if (!tick->expected || !clockevent_state_detached(&tick->dev))
			continue;
		tick->expected = false;
		pr_warn("clockevent: CPU %u has gone over to another device: see /sys/devices/system/clockevents/clockevent%u/current_device\n",
			cpu, cpu);
	}
	cpus_read_unlock();
}

static DECLARE_WORK(ct_displaced_work, ct_displaced);

/* Hard interrupt context. */
static void ct_displaced_soon(struct irq_work *work)
{
	schedule_work(&ct_displaced_work);
}

static struct irq_work ct_displaced_irq = IRQ_WORK_INIT_HARD(ct_displaced_soon);

/* Hard interrupt context. */
static enum custom_timer_restart ct_tick_expired(struct custom_timer *t)
{
	struct ct_tick *tick = container_of(t, struct ct_tick, timer);

	tick->dev.event_handler(&tick->dev);
	return CUSTOM_TIMER_NORESTART;
}

/* On the device's CPU, interrupts off, an hrtimer lock may be held. */
static int ct_tick_set_next_event(unsigned long delta,
				  struct clock_event_device *dev)
{
	struct ct_tick *tick = container_of(dev, struct ct_tick, dev);
	u64 window = delta < CT_TICK_NEAR_NS ? 0 :
		     delta >> CT_TICK_WINDOW_SHIFT;

	return custom_timer_start(&tick->timer, dev->next_event, window);
}

/* Same context; also from the timer's callback, which then is its last. */
static int ct_tick_stop(struct clock_event_device *dev)
{
	struct ct_tick *tick = container_of(dev, struct ct_tick, dev);

	custom_timer_try_to_cancel(&tick->timer);
	return 0;
}

/* Same context. Whether this is for good shows afterwards. */
static int ct_tick_shutdown(struct clock_event_device *dev)
{
	if (container_of(dev, struct ct_tick, dev)->expected)
		irq_work_queue(&ct_displaced_irq);
	return ct_tick_stop(dev);
}

/* On the device's CPU, interrupts off. */
static void ct_tick_register(void *info)
{
	struct ct_tick *tick = info;

	ct_base_carry_tick(ct_base_of(smp_processor_id()), &tick->timer,
			   ct_tick_refused);
	clockevents_register_device(&tick->dev);
	if (clockevent_state_detached(&tick->dev))
		ct_base_carry_tick(ct_base_of(smp_processor_id()), NULL, NULL);
}

/* On the CPU, interrupts off. */
static void ct_tick_release(void *info)
{
	ct_base_carry_tick(info, NULL, NULL);
}

/* Process context, CPU hotplug locked out or in a callback of it. */
static int ct_tick_take(unsigned int cpu)
{
	struct ct_tick *tick = per_cpu_ptr(&ct_ticks, cpu);

	if (ct_base_of(cpu)->life != CT_ONLINE)
		return -ENODEV;
	if (ct_base_of(cpu)->tick)
		return 0;
	*tick = (struct ct_tick) {
		.dev = {
			.name = KBUILD_MODNAME,
			.features = CLOCK_EVT_FEAT_ONESHOT,
			.rating = CT_RATING,
			.irq = -1,
			.cpumask = cpumask_of(cpu),
			.mult = 1,
			.min_delta_ns = CT_TICK_MIN_NS,
			.min_delta_ticks = CT_TICK_MIN_NS,
			.max_delta_ns = LONG_MAX,
			.max_delta_ticks = LONG_MAX,
			.set_next_event = ct_tick_set_next_event,
			.set_state_shutdown = ct_tick_shutdown,
			.set_state_oneshot_stopped = ct_tick_stop,
			.owner = THIS_MODULE,
		},
	};
	custom_timer_setup(&tick->timer, ct_tick_expired);
	smp_call_function_single(cpu, ct_tick_register, tick, true);
	tick->expected = !clockevent_state_detached(&tick->dev);
	if (tick->expected)
		return 0;

	/* This cannot fail: the device is not in use. */
	clockevents_unbind_device(&tick->dev, cpu);
	pr_err("clockevent: CPU %u has a device that Linux prefers: see /sys/devices/system/clockevents/clockevent%u/current_device\n",
	       cpu, cpu);
	return -EBUSY;
}

/* Gives the tick of @cpu back to Linux's own device. Same context. */
static int ct_tick_give_back(unsigned int cpu)
{
	struct ct_tick *tick = per_cpu_ptr(&ct_ticks, cpu);
	struct custom_timer_base *base = ct_base_of(cpu);
	int err;

	if (!base->tick)
		return 0;
	tick->expected = false;
	err = clockevents_unbind_device(&tick->dev, cpu);
	if (err) {
		tick->expected = true;
		pr_err("clockevent: CPU %u has no other device to go over to (%d)\n",
		       cpu, err);
		return err;
	}
	custom_timer_cancel(&tick->timer);
	smp_call_function_single(cpu, ct_tick_release, base, true);
	return 0;
}

/**
 * struct ct_filler - what holds the place of a broadcast device
 * @dev: the device
 * @timer: what serves it
 * @name: its name, which has to stay when the module goes
 */
struct ct_filler {
	struct clock_event_device dev;
	struct custom_timer timer;
	char name[8];
};

/* Linux's broadcast device, unless it is detached. Changes with the parameter locked. */
static struct ct_filler *ct_filler;

/* Hard interrupt context. */
static enum custom_timer_restart ct_filler_expired(struct custom_timer *t)
{
	struct ct_filler *filler = container_of(t, struct ct_filler, timer);

	filler->dev.event_handler(&filler->dev);
	return CUSTOM_TIMER_NORESTART;
}

/* Interrupts off, Linux's lock of broadcasts held. */
static int ct_filler_set_next_event(unsigned long delta,
				    struct clock_event_device *dev)
{
	struct ct_filler *filler = container_of(dev, struct ct_filler, dev);

	return custom_timer_start(&filler->timer, dev->next_event, 0);
}

/* Same context; also from the timer's callback. */
static int ct_filler_stop(struct clock_event_device *dev)
{
	struct ct_filler *filler = container_of(dev, struct ct_filler, dev);

	custom_timer_try_to_cancel(&filler->timer);
	return 0;
}

/* Frees the filler if Linux does not use it. Process context. */
static void ct_filler_free(void)
{
	if (!ct_filler || !clockevent_state_detached(&ct_filler->dev))
		return;
	clockevents_unbind_device(&ct_filler->dev, raw_smp_processor_id());
	custom_timer_cancel(&ct_filler->timer);
	kfree(ct_filler);
	ct_filler = NULL;
}

/*
 * The module goes. A broadcast device can be displaced but not withdrawn, so the filler
 * stays, without anything that Linux would call. Process context.
 */
static void ct_filler_exit(void)
{
	struct clock_event_device *dev;

	ct_filler_free();
	if (!ct_filler)
		return;
	dev = &ct_filler->dev;
	dev->features = 0;
	dev->state_use_accessors = CLOCK_EVT_STATE_SHUTDOWN;
	custom_timer_cancel(&ct_filler->timer);
	dev->set_next_event = NULL;
	dev->set_state_shutdown = NULL;
	ct_filler = NULL;
}

/*
 * Linux makes a device that was displaced its broadcast device if that has a lower rating
 * or is absent, and a broadcast device is never a tick again: the first CPU could not go
 * back to Linux's own. So the place is filled beforehand, by a device with the highest
 * rating of those to be kept out, which are Linux's own and ours. One with a higher rating
 * keeps the place, or takes it later.
 *
 * Broadcasts wake CPUs whose tick stops while they idle, which no tick of a Xen guest does.
 * Process context.
 */
static int ct_fill_broadcast(void)
{
	ct_filler_free();
	if (ct_filler)
		return 0;
	ct_filler = kzalloc(sizeof(*ct_filler), GFP_KERNEL);
	if (!ct_filler)
		return -ENOMEM;
	strscpy(ct_filler->name, "none", sizeof(ct_filler->name));
	custom_timer_setup(&ct_filler->timer, ct_filler_expired);
	ct_filler->dev = (struct clock_event_device) {
		.name = ct_filler->name,
		.features = CLOCK_EVT_FEAT_ONESHOT,
		.rating = CT_RATING,
		.irq = -1,
		/* The tick of no CPU. */
		.cpumask = cpu_none_mask,
		.mult = 1,
		.min_delta_ns = CT_TICK_MIN_NS,
		.min_delta_ticks = CT_TICK_MIN_NS,
		.max_delta_ns = LONG_MAX,
		.max_delta_ticks = LONG_MAX,
		.set_next_event = ct_filler_set_next_event,
		.set_state_shutdown = ct_filler_stop,
	};
	clockevents_register_device(&ct_filler->dev);

	/* The place was taken, perhaps by the filler of another time. */
	ct_filler_free();
	return 0;
}

/* A CPU has come online, or the guest was resumed. Process context. */
void ct_clockevent_cpu_up(unsigned int cpu)
{
	if (ct_tick_wanted && ct_backend == &ct_xen_backend)
		ct_tick_take(cpu);
}

/*
 * Before a CPU goes offline or the guest is suspended. An error means that the
 * CPU cannot do without. Process context.
 */
int ct_clockevent_cpu_down(unsigned int cpu)
{
	return ct_tick_give_back(cpu);
}

/* Process context. */
static int ct_clockevent_stop(void)
{
	unsigned int cpu;
	int err = 0;

	cpus_read_lock();
	ct_tick_wanted = false;
	for_each_online_cpu(cpu)
		err = ct_tick_give_back(cpu) ?: err;
	ct_tick_wanted = err;
	cpus_read_unlock();
	return err;
}

/* Process context. */
static int ct_clockevent_start(void)
{
	unsigned int cpu;
	int err;

	if (ct_backend != &ct_xen_backend) {
		pr_err("clockevent: needs the Xen backend, because hrtimers are what it serves\n");
		return -ENODEV;
	}
	if (ct_clock_in_steps) {
		pr_err("clockevent: CLOCK_MONOTONIC moves only with the tick, which would wait for it: choose a clocksource that counts time in /sys/devices/system/clocksource/clocksource0/current_clocksource\n");
		return -ENODEV;
	}
	err = ct_fill_broadcast();
	if (err)
		return err;

	cpus_read_lock();
	ct_tick_wanted = true;
	for_each_online_cpu(cpu) {
		err = ct_tick_take(cpu);
		if (err)
			break;
	}
	cpus_read_unlock();
	if (err)
		ct_clockevent_stop();
	else
		pr_info("clockevent: the CPUs' ticks use the custom timer; write 0 to /sys/module/" KBUILD_MODNAME "/parameters/clockevent before unloading\n");
	return err;
}

/* Process context. */
static void ct_give_up(struct work_struct *work)
{
	pr_err("clockevent: %s: the ticks go back to Linux's own device until the parameter is set again\n",
	       ct_clock_in_steps ? "CLOCK_MONOTONIC now moves only with the tick" :
				   "the hypervisor refuses to set the timer");
	ct_clockevent_part.give_up(&ct_clockevent_part);
	atomic_set(&ct_giving_up, 0);
}

/* Process context, when no tick is left. */
void ct_clockevent_exit(void)
{
	irq_work_sync(&ct_give_up_irq);
	irq_work_sync(&ct_displaced_irq);
	flush_work(&ct_give_up_work);
	flush_work(&ct_displaced_work);
	ct_filler_exit();
}

struct ct_part ct_clockevent_part = {
	.name = "clockevent",
	.start = ct_clockevent_start,
	.stop = ct_clockevent_stop,
};
