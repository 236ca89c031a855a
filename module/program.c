// SPDX-License-Identifier: GPL-2.0
/*
 * The moment that a CPU's interrupt source is set to, and when changing that is worth a
 * hypercall.
 */
#include "backend.h"
#include "clock.h"
#include "program.h"
#include "trace.h"

/*
 * The setting of a timer that was cancelled stays when the next is due so soon
 * after it, or when it is so far ahead: a hypercall at each cancellation costs more
 * than an interrupt that finds nothing due, and the next start may make use of it.
 */
#define CT_KEEP_NS NSEC_PER_MSEC
#define CT_FAR_NS (10 * NSEC_PER_MSEC)

const struct ct_backend *ct_backend;

DEFINE_PER_CPU(struct custom_timer_base, ct_bases);

/*
 * Whether the interrupt that is set comes before @t needs one: then that one
 * can serve @t. Base locked.
 */
noinline bool ct_is_covered(const struct custom_timer_base *base,
			    const struct custom_timer *t)
{
	return base->armed.at != KTIME_MAX &&
	       base->armed.end <= ktime_sub(t->expires,
					    ct_precise_lead(&base->precise));
}

/*
 * The next moment at which @base needs an interrupt, KTIME_MAX if it has no
 * timers. @end is the latest moment that still keeps every promise, unless the
 * CPU is for everything else until later. Base locked.
 */
static ktime_t ct_next_event(const struct custom_timer_base *base, ktime_t *end)
{
	const struct custom_timer *first = ct_queue_first(&base->exact);
	const struct custom_timer *precise = ct_first_precise(base);
	ktime_t moment = KTIME_MAX, next = ct_queue_next(&base->range, end);

	if (precise && precise->expires != KTIME_MAX)
		moment = max(ktime_sub(precise->expires,
				       ct_precise_lead(&base->precise)),
			     (ktime_t)0);
	if (first != precise)
		moment = min(moment, first->expires);
	*end = max(min(*end, moment), base->turn.floor);
	return max(min(next, moment), base->turn.floor);
}

/* Interrupts this CPU at once, in place of a setting. Base locked, on its CPU. */
void ct_program_raise(struct custom_timer_base *base, ktime_t now)
{
	base->stats.raised++;
	base->raise.pending = true;
	base->raise.at = now;
	irq_work_queue(&base->raise.work);
}

/* Base locked, on its CPU. */
void ct_program_stop(struct custom_timer_base *base)
{
	base->armed.at = KTIME_MAX;
	base->armed.end = KTIME_MAX;
	base->stats.stopped++;
	ct_backend->stop(base);
	if (base->fallback)
		ct_hrtimer_backend.stop(base);
	base->fallback = false;
}

/*
 * An hrtimer instead of the backend: where that refuses, and where the clock moves only
 * with the tick, which runs hrtimers right after it has moved the clock. Base locked,
 * on its CPU.
 */
static void ct_stand_in(struct custom_timer_base *base, ktime_t now,
			ktime_t next, ktime_t end)
{
	base->fallback = true;
	ct_hrtimer_backend.arm(base, now, next, ktime_sub(end, next));
}

/*
 * Sets the interrupt source to @next or, at the latest, @end; takes its setting
 * back if @next is KTIME_MAX. An interrupt may come a little early, unless it would come
 * while the CPU is for everything else. Base locked and online, on its CPU.
 */
static void ct_set(struct custom_timer_base *base, ktime_t next, ktime_t end)
{
	ktime_t now;
	s64 far;
	int err;

	if (next == KTIME_MAX) {
		if (base->armed.at != KTIME_MAX)
			ct_program_stop(base);
		return;
	}
	if (next == base->armed.at && end == base->armed.end)
		return;

	base->armed.at = next;
	base->armed.end = end;
	base->armed.exact = next == end;
	base->armed.slack = base->armed.exact && next > base->turn.floor ?
			    ct_precise_slack(&base->precise) : 0;
	if (base->armed.exact && base->precise.broke)
		base->precise.degraded++;

	now = ktime_get();
	base->armed.set = now;
	far = ktime_sub(next, now) - CT_FAR_NS;
	base->armed.far_until = jiffies + (far > 0 ? nsecs_to_jiffies(far) : 0);
	if (ct_clock_in_steps && !base->tick) {
		ct_stand_in(base, now, next, end);
		return;
	}
	/* The clock moves by itself again, or the hypervisor is asked once more. */
	if (base->fallback) {
		ct_hrtimer_backend.stop(base);
		base->fallback = false;
	}
	err = ct_backend->arm(base, now, next, ktime_sub(end, next));
	trace_customtimer_arm(next, ktime_sub(end, next), err);
	if (!err)
		return;

	if (err == -ETIME) {
		ct_program_raise(base, now);
		return;
	}
	base->stats.refused++;
	if (base->tick) {
		/* An hrtimer would come back to us. */
		base->armed.at = KTIME_MAX;
		base->armed.end = KTIME_MAX;
		base->tick_refused();
		return;
	}
	pr_warn_once("the hypervisor refused to set the timer (%d), an hrtimer stands in for it\n",
		     err);
	ct_stand_in(base, now, next, end);
}

/* Sets the interrupt source for the next event. Base locked, on its CPU. */
void ct_program(struct custom_timer_base *base)
{
	ktime_t end, next = ct_next_event(base, &end);

	if (base->life == CT_ONLINE)
		ct_set(base, next, end);
}

/*
 * Called after a timer was added or removed; base locked. Changes the setting
 * where it would come too late, or where a change spares an interrupt that
 * costs more than the change. Otherwise the setting stays, and the interrupt that
 * finds nothing due sets the next.
 */
void ct_program_update(struct custom_timer_base *base)
{
	ktime_t end, next;
	bool late, wasteful;

	if (base->life != CT_ONLINE || base->in_expiry || base->raise.pending)
		return;

	next = ct_next_event(base, &end);
	late = next != KTIME_MAX &&
	       (base->armed.at == KTIME_MAX || base->armed.at > end ||
		base->armed.end > end);
	wasteful = base->armed.at < next &&
		   (next <= base->armed.end ||
		    (next - base->armed.at >= CT_KEEP_NS && !ct_is_far(base)));

	if (base->cpu == smp_processor_id()) {
		if (late || wasteful)
			ct_set(base, next, end);
	} else if (late && !base->kicked) {
		base->kicked = true;
		smp_call_function_single_async(base->cpu, &base->kick);
	}
}

/* IPI: another CPU has changed this one's queues. */
void ct_program_kick(void *info)
{
	struct custom_timer_base *base = info;
	unsigned long flags;

	ct_lock_irqsave(base, flags);
	base->kicked = false;
	if (!base->in_expiry && !base->raise.pending)
		ct_program(base);
	raw_spin_unlock_irqrestore(&base->lock, flags);
}
