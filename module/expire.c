// SPDX-License-Identifier: GPL-2.0
/*
 * The expiry loop: what is due, what is waited for, and running it.
 *
 * How an exact timer gets its callback on time. The interrupt is set a lead before the
 * deadline, so that delivery is over when the deadline comes, and the rest is waited for:
 *
 *      set for         interrupt      timer
 *      deadline - lead    arrives     fixed         deadline
 *         |                  |          |              |
 *  -------+------------------+----------+--------------+-----------------> time
 *         |<--- delivery --->|<--------- wait -------->|<-- error -->|
 *         |                  | looks at |   CT_LAST_NS               |
 *         |                  | queue    |   counts TSC cycles    callback
 *         |<------------------ lead ------------------>|
 *     |<-------------------- guard_ns ---------------->|
 *      no other event's handler is started from here on
 *
 * The lead follows the 99th percentile of delivery. The guard works where an event
 * comes in (guard.c); it ends when ours can be delivered in time.
 */
#include <linux/interrupt.h>
#include <linux/sched.h>

#include "backend.h"
#include "expire.h"
#include "guard.h"
#include "program.h"
#include "trace.h"
#include "wait.h"

/* The due timer with the earliest deadline, or NULL. Base locked. */
static struct custom_timer *ct_first_due(const struct custom_timer_base *base,
					 ktime_t now)
{
	struct custom_timer *exact = ct_queue_first(&base->exact);
	struct custom_timer *range = ct_queue_first(&base->range);
	struct custom_timer *t = exact;

	if (!t || (range && range->expires < t->expires))
		t = range;
	return t && t->expires <= now ? t : NULL;
}

/*
 * Whether @t, which may be NULL, is worth waiting for: another interrupt would be
 * too late, or the guard holds back what hrtimers' callbacks have just sent, whose
 * handlers follow ours in the same upcall; but not without end. Base locked.
 */
static bool ct_is_near(const struct custom_timer_base *base,
		       const struct custom_timer *t, ktime_t now)
{
	s64 ahead;

	if (!t)
		return false;
	ahead = ktime_sub(t->expires, now);
	if (ahead <= ct_precise_horizon(&base->precise))
		return true;
	return base->tick && base->tick->pass == base->turn.pass &&
	       ahead <= ct_guard_ns() &&
	       ktime_sub(now, base->turn.entry) <= CT_MAX_GUARD_NS &&
	       ct_precise_affords(&base->precise, now, ahead);
}

/*
 * Whether the tick was due already when an earlier pass had to end, and has been for so long
 * that it comes before timers with earlier deadlines, once in a pass: a timer that starts
 * itself in the past again and again would starve it. Base locked.
 */
static bool ct_tick_is_late(const struct custom_timer_base *base, ktime_t now)
{
	const struct custom_timer *tick = base->tick;

	return tick && tick->queued && tick->pass != base->turn.pass &&
	       tick->expires < base->turn.floor &&
	       ktime_sub(now, tick->expires) > CT_MAX_GUARD_NS;
}

/*
 * Whether the tick, which is next, would be waited for, but the pass has lasted too long.
 * Base locked.
 */
static bool ct_tick_is_not_worth_it(const struct custom_timer_base *base,
				    ktime_t now)
{
	const struct custom_timer *tick = base->tick;

	return tick && base->precise.spare &&
	       !ct_turn_has_time_for_tick(&base->turn, now) &&
	       ct_queue_first(&base->exact) == tick &&
	       ktime_sub(tick->expires, now) > ct_precise_slack(&base->precise) &&
	       !ct_first_due(base, now);
}

/*
 * The timer that the pass serves next: due, or near enough to be waited for. NULL if
 * there is none. Base locked.
 */
static struct custom_timer *ct_next_in_pass(const struct custom_timer_base *base,
					    ktime_t now)
{
	struct custom_timer *t, *before_tick = NULL;

	if (unlikely(ct_tick_is_late(base, now)))
		return base->tick;
	t = ct_first_due(base, now) ?: ct_queue_first(&base->exact);
	if (!t)
		return NULL;
	if (ktime_sub(t->expires, now) > ct_precise_slack(&base->precise) &&
	    !ct_is_near(base, ct_first_precise(base), now))
		return NULL;
	if (t == base->tick)
		before_tick = ct_guard_before_tick(base, now);
	return before_tick ?: t;
}

/*
 * The deadline of @t did not come, and it is due later, or another CPU has taken it back:
 * then it is none of ours, and may have been freed. Locks the base; on its CPU, interrupts
 * off.
 *
 * Return: false if the deadline did not come.
 */
static noinline bool ct_run_not(struct custom_timer_base *base,
				struct custom_timer *t)
	__acquires(&base->lock)
{
	bool ours;

	ct_lock(base);
	ours = ct_take_back(base, t);
	if (ours)
		ct_enqueue(base, t);
	return !ours;
}

/*
 * Runs one timer once its deadline has come, which is at most CT_LAST_NS ahead, unless it
 * is started anew or cancelled before, and counts it in @ran. Base locked; dropped
 * around the wait and the callback, with interrupts off throughout. The callback may
 * free the timer unless it returns CUSTOM_TIMER_RESTART.
 *
 * Return: false if the deadline did not come.
 */
static bool ct_run(struct custom_timer_base *base, struct custom_timer *t,
		   unsigned int *ran)
	__must_hold(&base->lock)
{
	bool exact = t->end == t->expires;
	enum custom_timer_restart restart;
	ktime_t expires = t->expires;
	u64 late_cycles = 0;
	s64 late_ns = 0;

	ct_dequeue(base, t);
	t->pass = base->turn.pass;
	base->running.timer = t;
	base->running.function = t->function;
	if (exact)
		ct_await(base);
	raw_spin_unlock(&base->lock);

	if (exact && (!ct_precise_wait_last(&base->precise, expires, &late_ns,
					    &late_cycles) || !ct_claim(base)))
		return ct_run_not(base, t);
	if (trace_customtimer_expire_entry_enabled())
		trace_customtimer_expire_entry(t, exact ?
			ct_precise_late(&base->precise, late_ns, late_cycles) :
			ktime_sub(ktime_get(), expires));
	restart = t->function(t);
	trace_customtimer_expire_exit(t, restart == CUSTOM_TIMER_RESTART);

	ct_lock(base);
	/* A callback that started its own timer again has said when. */
	if (restart == CUSTOM_TIMER_RESTART && !t->queued)
		ct_enqueue(base, t);
	base->running.timer = NULL;
	base->stats.expired++;
	++*ran;
	if (exact)
		ct_hist_add(base->errors,
			    ct_precise_late(&base->precise, late_ns,
					    late_cycles));
	return true;
}

/*
 * Tells the lead how long the interrupt that came at @entry was on its way, less
 * what the guard added to that. Base locked.
 */
static void ct_learn(struct custom_timer_base *base, ktime_t entry)
{
	s64 delay = ktime_sub(entry, max(base->armed.at, base->armed.set));

	if (base->guard.until > base->armed.at) {
		ct_precise_learn_dispatch(&base->precise,
					  ktime_sub(entry, base->guard.until));
		/* It came while the guard waited: nobody saw when. */
		if (base->guard.from < base->armed.at)
			return;
		delay -= ktime_sub(base->guard.until, base->guard.from);
	}
	ct_precise_learn(&base->precise, delay);
}

/*
 * Whether the CPU has more to do than idling. What a pass has interrupted, and what it has
 * woken. Hard interrupt context.
 */
static bool ct_cpu_is_wanted(void)
{
	return !is_idle_task(current) || need_resched() ||
	       in_serving_softirq() || local_softirq_pending();
}

/*
 * Begins a pass at @entry. Interrupts that the CPU sends to itself leave nothing between
 * one and the next, and while the guard waited they were off. From the moment that an
 * interrupt was set for, the hypervisor may have been at work on it. Base locked.
 */
static void ct_begin(struct custom_timer_base *base, ktime_t entry)
{
	ktime_t off = base->raise.pending ? base->raise.at : entry;
	ktime_t until = off;

	if (!base->raise.pending)
		until = min(off, max(base->armed.at, base->armed.set));
	if (base->guard.until > base->turn.counted &&
	    ktime_sub(entry, base->guard.until) < CT_MAX_GUARD_NS) {
		off = min(off, base->guard.from);
		until = min(until, off);
	}
	base->turn.arm_ns = base->precise.arm_ns;
	ct_turn_begin(&base->turn, until, off, entry, ct_cpu_is_wanted());
	ct_precise_sample(&base->precise, entry);
	base->stats.interrupts++;
	base->in_expiry = true;
}

/*
 * Waits for @t, which is @ahead, or runs it. Base locked; dropped meanwhile.
 *
 * Return: false if the clock stands still. Another interrupt may find it moving.
 */
static bool ct_serve(struct custom_timer_base *base, struct custom_timer *t,
		     ktime_t now, s64 ahead, unsigned int *ran)
	__must_hold(&base->lock)
{
	bool before_tick = ct_queue_first(&base->exact) == base->tick &&
			   t != base->tick && t->end == t->expires;

	if (ahead > CT_LAST_NS)
		return ct_wait(base, now, ktime_sub(t->expires, CT_LAST_NS));
	if (!ct_run(base, t, ran))
		return false;
	base->stats.held += before_tick;
	if (ahead > 0)
		ct_precise_spend(&base->precise, ktime_add(now, ahead), ahead);
	return true;
}

/*
 * The pass had to end at @now. On an idle CPU an interrupt that it sends to itself is the
 * quickest way on, where all others come before that; but it leaves nothing for tasks
 * and softirqs. Base locked.
 */
static void ct_yield(struct custom_timer_base *base, ktime_t now)
{
	bool raise = !ct_cpu_is_wanted() && !base->fallback &&
		     ct_backend->raise_is_last && ct_backend->raise_is_last();

	ct_turn_yield(&base->turn, now, raise);
	base->raise.again = raise;
	if (raise)
		ct_program_raise(base, now);
	else
		ct_program(base);
}

/**
 * ct_expire - the expiry loop
 * @base: the base of this CPU
 * @used_up: the interrupt source has to be set again before it interrupts again
 *
 * Runs every timer that is due, in the order of their deadlines, waits for exact
 * ones that are near, as long as timers may keep the CPU, and sets the interrupt source for
 * the next.
 * Hard interrupt context, on the base's CPU.
 */
void ct_expire(struct custom_timer_base *base, bool used_up)
{
	bool promised = ct_precise_max_wait() == 100;
	struct custom_timer *t;
	unsigned int ran = 0;
	unsigned long flags;
	ktime_t entry, now;
	s64 ahead;

	ct_lock_irqsave(base, flags);
	/* It was on its way when the base was paused. Timers wait for the resume. */
	if (unlikely(base->life != CT_ONLINE)) {
		base->raise.pending = false;
		raw_spin_unlock_irqrestore(&base->lock, flags);
		return;
	}
	entry = ktime_get();
	ct_begin(base, entry);
	trace_customtimer_interrupt(entry, used_up ?
				    ktime_sub(entry, base->armed.at) : 0);
	if (used_up && base->armed.exact)
		ct_learn(base, entry);
	if (used_up || base->raise.pending || base->armed.at <= entry)
		base->armed.at = KTIME_MAX;
	base->raise.pending = false;
	base->raise.again = false;

	for (now = entry;; now = ktime_get()) {
		if (unlikely(ct_tick_is_not_worth_it(base, now)))
			ct_precise_save(&base->precise);
		t = ct_next_in_pass(base, now);
		if (!t)
			break;
		ahead = ktime_sub(t->expires, now);
		/* All of the CPU may go into waiting: only what is due too fast counts. */
		if (promised && ahead > 0)
			ct_turn_forget(&base->turn, now);
		if (ct_turn_is_over(&base->turn, max(now, t->expires))) {
			base->stats.limited++;
			break;
		}
		if (!ct_serve(base, t, now, ahead, &ran)) {
			ct_turn_pause(&base->turn, now);
			t = NULL;
			break;
		}
	}

	if (!ran)
		base->stats.spurious++;
	else
		base->stats.coalesced += ran - 1;
	ct_precise_spend(&base->precise, now, 0);
	ct_turn_end(&base->turn, now);
	base->in_expiry = false;
	if (t)
		ct_yield(base, now);
	else
		ct_program(base);
	raw_spin_unlock_irqrestore(&base->lock, flags);
}

/*
 * The interrupt that the CPU has sent to itself. If that was after a pass that had to end, it may
 * have been on its way before, for other work: then what has come since stands behind
 * it, and other work in the same list comes after ours. The second comes after all of that.
 * Hard interrupt context.
 */
void ct_expire_raised(struct irq_work *work)
{
	struct custom_timer_base *base =
		container_of(work, struct custom_timer_base, raise.work);

	if (base->raise.again) {
		base->raise.again = false;
		irq_work_queue(work);
		return;
	}
	ct_expire(base, false);
}
