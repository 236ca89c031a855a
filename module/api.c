// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel API: start, cancel, forward and ask.
 */
#include <linux/cpumask.h>
#include <linux/export.h>

#include "base.h"
#include "program.h"
#include "trace.h"
#include "wait.h"

/* @a + @b for an @a that is not negative, KTIME_MAX where that overflows. Any context. */
static ktime_t ct_add(ktime_t a, u64 b)
{
	return b >= (u64)(KTIME_MAX - a) ? KTIME_MAX : a + (s64)b;
}

/*
 * Locks the base that @t belongs to. Any context but NMI. Spins while the timer
 * is moved between two bases, which takes the mover a few instructions with
 * interrupts off.
 */
static struct custom_timer_base *ct_lock_base(const struct custom_timer *t,
					      unsigned long *flags)
	__acquires(&t->base->lock)
{
	struct custom_timer_base *base;

	for (;;) {
		base = READ_ONCE(t->base);
		if (likely(base != &ct_moving)) {
			ct_lock_irqsave(base, *flags);
			if (likely(base == t->base))
				return base;
			raw_spin_unlock_irqrestore(&base->lock, *flags);
		}
		cpu_relax();
	}
}

/**
 * custom_timer_setup - prepare a timer for its first start
 * @t: the timer
 * @fn: its callback. Runs in hard interrupt context, also on PREEMPT_RT, with
 *	interrupts off and no lock of ours held.
 *
 * May not be called on a timer that is queued or running. Any context.
 */
void custom_timer_setup(struct custom_timer *t,
			enum custom_timer_restart (*fn)(struct custom_timer *))
{
	memset(t, 0, sizeof(*t));
	RB_CLEAR_NODE(&t->node);
	t->function = fn;
	t->base = raw_cpu_ptr(&ct_bases);
}
EXPORT_SYMBOL_GPL(custom_timer_setup);

/* Starts @t on @cpu; negative: on this one. Any context but NMI. */
static int ct_start(struct custom_timer *t, int cpu, ktime_t expires,
		    u64 window_ns)
{
	struct custom_timer_base *base, *to;
	bool update = false;
	unsigned long flags;
	int err = 0;

	if (!t->base || !t->function) {
		pr_err_once("a timer was started without custom_timer_setup()\n");
		return -EINVAL;
	}

	base = ct_lock_base(t, &flags);
	if (t->queued)
		update = ct_dequeue(base, t);
	else
		ct_take_back(base, t);
	to = cpu < 0 ? this_cpu_ptr(&ct_bases) : ct_base_of(cpu);
	if (unlikely(base != to || base->life == CT_OFFLINE))
		base = ct_base_move(t, base, to->cpu);
	t->expires = max_t(ktime_t, expires, 0);
	t->end = ct_add(t->expires, window_ns);
	update |= ct_enqueue(base, t);
	if (likely(t->queued)) {
		base->stats.started++;
		trace_customtimer_start(t, base->cpu);
	} else {
		err = -ESHUTDOWN;
	}
	if (update)
		ct_program_update(base);
	raw_spin_unlock_irqrestore(&base->lock, flags);
	return err;
}

/**
 * custom_timer_start - start a timer at an absolute time
 * @t: the timer
 * @expires: the deadline, CLOCK_MONOTONIC. One that has passed is due at once;
 *	the callback still runs from an interrupt and not from this call.
 * @window_ns: how much later than the deadline the callback may start. 0: as
 *	soon as it can.
 *
 * A deadline that the timer already has is taken back, unless its callback has
 * begun. The callback runs on the calling CPU, unless the timer's callback is
 * running right now on another: then there. If the CPU goes offline, its timers
 * move to one that is online. Any context but NMI.
 *
 * Return: 0; -EINVAL for a timer without setup; -ESHUTDOWN if the module that it is part of
 * is being unloaded: then it is not queued, nor for an earlier deadline.
 */
int custom_timer_start(struct custom_timer *t, ktime_t expires, u64 window_ns)
{
	return ct_start(t, -1, expires, window_ns);
}
EXPORT_SYMBOL_GPL(custom_timer_start);

/**
 * custom_timer_start_on - start a timer on a given CPU
 * @t: the timer
 * @cpu: the CPU its callback shall run on
 * @expires: see custom_timer_start()
 * @window_ns: see custom_timer_start()
 *
 * Any context but NMI.
 *
 * Return: see custom_timer_start(); also -EINVAL for a CPU that cannot exist, and -ENODEV if
 * the CPU is offline.
 */
int custom_timer_start_on(struct custom_timer *t, unsigned int cpu,
			  ktime_t expires, u64 window_ns)
{
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -EINVAL;
	if (!cpu_online(cpu))
		return -ENODEV;
	return ct_start(t, cpu, expires, window_ns);
}
EXPORT_SYMBOL_GPL(custom_timer_start_on);

/**
 * schedule_custom_timer_range - start a timer that may be coalesced
 * @t: the timer
 * @delay_ns: distance of the deadline from now; 0: due at once. A deadline past
 *	the end of CLOCK_MONOTONIC is put there, 292 years after boot.
 * @window_ns: see custom_timer_start()
 *
 * Any context but NMI.
 *
 * Return: see custom_timer_start().
 */
int schedule_custom_timer_range(struct custom_timer *t, u64 delay_ns,
				u64 window_ns)
{
	return ct_start(t, -1, ct_add(ktime_get(), delay_ns), window_ns);
}
EXPORT_SYMBOL_GPL(schedule_custom_timer_range);

/**
 * schedule_custom_timer - start an exact timer
 * @t: the timer
 * @delay_ns: see schedule_custom_timer_range()
 *
 * Any context but NMI.
 *
 * Return: see custom_timer_start().
 */
int schedule_custom_timer(struct custom_timer *t, u64 delay_ns)
{
	return schedule_custom_timer_range(t, delay_ns, 0);
}
EXPORT_SYMBOL_GPL(schedule_custom_timer);

/* See custom_timer_try_to_cancel(). Any context but NMI. */
static __always_inline int ct_try_to_cancel(struct custom_timer *t)
{
	struct custom_timer_base *base;
	unsigned long flags;
	bool update, taken;
	int ret = 0;

	if (!t->base)
		return 0;

	base = ct_lock_base(t, &flags);
	taken = ct_take_back(base, t);
	if (base->running.timer == t) {
		ret = -1;
	} else if (taken || t->queued) {
		update = !taken && ct_dequeue(base, t);
		base->stats.cancelled++;
		trace_customtimer_cancel(t);
		if (update)
			ct_program_update(base);
		ret = 1;
	}
	raw_spin_unlock_irqrestore(&base->lock, flags);
	return ret;
}

/**
 * custom_timer_try_to_cancel - take a timer back unless its callback runs
 * @t: the timer
 *
 * Any context but NMI.
 *
 * Return: 1 if the timer was queued and no longer is; 0 if it was not queued;
 * -1 if its callback is running and the timer could not be stopped.
 */
int custom_timer_try_to_cancel(struct custom_timer *t)
{
	return ct_try_to_cancel(t);
}
EXPORT_SYMBOL_GPL(custom_timer_try_to_cancel);

/**
 * custom_timer_cancel - take a timer back and wait for its callback
 * @t: the timer
 *
 * When it returns, the timer is not queued and its callback does not run; its
 * memory may be freed if nobody starts it again. Must not be called from the
 * timer's own callback, nor with a lock held that the callback takes. Any
 * context but NMI.
 *
 * Return: 1 if the timer was queued, else 0.
 */
int custom_timer_cancel(struct custom_timer *t)
{
	int ret;

	while ((ret = ct_try_to_cancel(t)) < 0)
		cpu_relax();
	return ret;
}
EXPORT_SYMBOL_GPL(custom_timer_cancel);

/**
 * custom_timer_forward - move a deadline past a moment
 * @t: a timer that is not queued, usually the one whose callback calls this
 * @now: the moment, usually ktime_get()
 * @interval_ns: the steps in which the deadline moves, at least 1
 *
 * The window keeps its width. Any context.
 *
 * Return: the number of intervals by which the deadline was moved; 0 if it lay
 * behind @now already, or if the timer is queued.
 */
u64 custom_timer_forward(struct custom_timer *t, ktime_t now, u64 interval_ns)
{
	ktime_t window = ktime_sub(t->end, t->expires);
	ktime_t delta = ktime_sub(now, t->expires);
	u64 steps = 1;

	if (delta < 0 || WARN_ON_ONCE(t->queued))
		return 0;

	/* Neither product nor sum leaves 64 bits within these bounds. */
	interval_ns = clamp_t(u64, interval_ns, 1, KTIME_MAX);
	if (unlikely(delta >= interval_ns))
		steps += div64_u64(delta, interval_ns);
	t->expires = ct_add(t->expires, steps * interval_ns);
	t->end = ct_add(t->expires, window);
	return steps;
}
EXPORT_SYMBOL_GPL(custom_timer_forward);

/**
 * custom_timer_active - whether a timer is queued or its callback runs
 * @t: the timer
 *
 * Any context but NMI.
 *
 * Return: true if so.
 */
bool custom_timer_active(struct custom_timer *t)
{
	struct custom_timer_base *base;
	unsigned long flags;
	bool active;

	if (!t->base)
		return false;

	base = ct_lock_base(t, &flags);
	active = t->queued || base->running.timer == t;
	raw_spin_unlock_irqrestore(&base->lock, flags);
	return active;
}
EXPORT_SYMBOL_GPL(custom_timer_active);

/**
 * custom_timer_remaining - time until the deadline
 * @t: the timer
 *
 * Any context but NMI.
 *
 * Return: nanoseconds until the deadline it was last given, negative if that
 * has passed.
 */
ktime_t custom_timer_remaining(struct custom_timer *t)
{
	struct custom_timer_base *base;
	unsigned long flags;
	ktime_t remaining;

	if (!t->base)
		return 0;

	base = ct_lock_base(t, &flags);
	remaining = ktime_sub(t->expires, ktime_get());
	raw_spin_unlock_irqrestore(&base->lock, flags);
	return remaining;
}
EXPORT_SYMBOL_GPL(custom_timer_remaining);
