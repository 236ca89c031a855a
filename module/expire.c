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

#include "expire.h"
#include "guard.h"
#include "program.h"
#include "wait.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * How often one interrupt may run timers late that it has already run, and how many
 * runs in time make up for one that is late.
 */
#define CT_MAX_RERUNS 3
#define CT_RUNS_IN_TIME 32

/* The least distance to the next interrupt after a pass that was cut short. */
#define CT_LIMIT_NS (10 * NSEC_PER_USEC)

/* No tick is waited for in an interrupt that has taken longer. */
#define CT_TICKS_NS (100 * NSEC_PER_USEC)

/* However near the next timer is, a pass ends after so long. */
#define CT_PASS_NS NSEC_PER_SEC

/*
 * A CPU that has something else to do may be kept from it for CT_KEPT_NS, then it is
 * left alone for CT_GAP_NS. What it got meanwhile makes up for CT_GOT times as much.
 */
#define CT_KEPT_NS NSEC_PER_MSEC
#define CT_GAP_NS (200 * NSEC_PER_USEC)
#define CT_GOT 4

/*
 * The due timer with the earliest deadline, or NULL. Base locked.
 */
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
 * handlers follow ours in the same upcall; but not on and on since @entry. Base
 * locked.
 */
static bool ct_is_near(struct custom_timer_base *base,
		       const struct custom_timer *t, ktime_t now, ktime_t entry)
{
	s64 ahead;

	if (!t)
		return false;
	ahead = ktime_sub(t->expires, now);
	if (ahead <= ct_precise_horizon(&base->precise))
		return true;
	return base->tick && base->tick->pass == base->turn.pass &&
	       ahead <= ct_guard_ns() &&
	       ktime_sub(now, entry) <= CT_MAX_GUARD_NS &&
	       ct_precise_affords(&base->precise, now, ahead);
}

/*
 * The deadline of @t did not come, and it is due later, or another CPU has taken it back:
 * then it is none of ours, and may have been freed. Locks the base, on its CPU.
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
	base->running = t;
	base->running_function = t->function;
	if (exact)
		ct_await(base);
	raw_spin_unlock(&base->lock);

	if (exact && (!ct_precise_wait_last(&base->precise, expires, &late_ns,
					    &late_cycles) || !ct_awaited(base)))
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
	base->running = NULL;
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
	s64 delay = ktime_sub(entry, base->armed.at);

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

/* Whether what was interrupted is more than idling. Hard interrupt context. */
static bool ct_cpu_is_wanted(void)
{
	return !is_idle_task(current) || need_resched() ||
	       in_serving_softirq() || local_softirq_pending();
}

/*
 * Counts for how long this CPU has been kept from everything else by now. Interrupts that
 * it sends to itself leave nothing between one and the next. At max_wait_percent=100
 * that is what was asked for. Base locked.
 *
 * Return: false if it does not matter.
 */
static bool ct_count_kept(struct custom_timer_base *base, ktime_t entry)
{
	ktime_t until = base->raised ? base->raised_at : entry;
	s64 got = ktime_sub(until, base->turn.left);

	if (!ct_cpu_is_wanted() || ct_precise_max_wait() == 100) {
		base->turn.kept = 0;
		return false;
	}
	got = clamp_t(s64, got, 0, NSEC_PER_SEC);
	base->turn.kept = max_t(s64, base->turn.kept - got * CT_GOT, 0);
	/* Interrupts were off if it is longer. */
	base->turn.kept += clamp_t(s64, ktime_sub(entry, until), 0,
				 CT_MAX_GUARD_NS);
	return true;
}

/**
 * ct_expire - the expiry loop
 * @base: the base of this CPU
 * @used_up: the interrupt source has to be set again before it interrupts again
 *
 * Runs every timer that is due, in the order of their deadlines, waits for exact
 * ones that are near, and sets the interrupt source for the next. Hard interrupt
 * context, on the base's CPU.
 */
void ct_expire(struct custom_timer_base *base, bool used_up)
{
	unsigned int ran = 0, late = 0;
	ktime_t entry, now, floor = 0;
	struct custom_timer *t, *first;
	unsigned long flags;
	s64 ahead, passed;
	bool wanted;

	ct_lock_irqsave(base, flags);
	entry = ktime_get();
	wanted = ct_count_kept(base, entry);
	ct_precise_sample(&base->precise, entry);
	base->stats.interrupts++;
	base->in_expiry = true;
	base->turn.pass++;
	trace_customtimer_interrupt(entry, used_up ?
				    ktime_sub(entry, base->armed.at) : 0);
	if (used_up && base->armed.exact)
		ct_learn(base, entry);
	if (used_up || base->raised || base->armed.at <= entry)
		base->armed.at = KTIME_MAX;
	base->raised = false;

	for (now = entry;; now = ktime_get()) {
		t = ct_first_due(base, now) ?: ct_queue_first(&base->exact);
		if (!t)
			break;
		ahead = ktime_sub(t->expires, now);
		if (ahead > ct_precise_slack(&base->precise)) {
			/* Not from tick to tick: threads have to run. */
			if (t == base->tick &&
			    ktime_sub(now, entry) > CT_TICKS_NS)
				base->precise.spare = false;
			if (!ct_is_near(base, ct_first_precise(base), now,
					entry))
				break;
		}
		first = t == base->tick ? ct_guard_before_tick(base, now) : NULL;
		if (first) {
			t = first;
			ahead = ktime_sub(t->expires, now);
		}

		passed = ktime_sub(now, entry);
		if (wanted && base->turn.kept + passed > CT_KEPT_NS &&
		    (!ran || t->pass == base->turn.pass)) {
			base->stats.limited++;
			wanted = false;
			floor = ktime_add(now, CT_GAP_NS);
			break;
		}
		if (ahead > 0 && !base->precise.broke) {
			late -= !!late;
			if (passed > CT_PASS_NS) {
				base->stats.limited++;
				floor = ktime_add(now, CT_LIMIT_NS);
				break;
			}
		} else if (t->pass == base->turn.pass) {
			late += CT_RUNS_IN_TIME;
		}
		if (late > CT_MAX_RERUNS * CT_RUNS_IN_TIME) {
			/*
			 * They are due faster than they can run. As much time
			 * as this took is left to everything else.
			 */
			base->stats.limited++;
			floor = ktime_add(now, max_t(s64, CT_LIMIT_NS, passed));
			break;
		}

		if (ahead > CT_LAST_NS) {
			if (ct_wait(base, now,
				    ktime_sub(t->expires, CT_LAST_NS)))
				continue;
		} else if (ct_run(base, t, &ran)) {
			if (ahead > 0)
				ct_precise_spend(&base->precise,
						 ktime_add(now, ahead), ahead);
			if (first)
				base->stats.held++;
			continue;
		}
		/* The clock stands still. Another interrupt may find it moving. */
		floor = ktime_add(now, CT_LIMIT_NS);
		break;
	}

	if (!ran)
		base->stats.spurious++;
	else
		base->stats.coalesced += ran - 1;
	ct_precise_spend(&base->precise, now, 0);
	base->turn.kept = wanted ? base->turn.kept + ktime_sub(now, entry) : 0;
	base->in_expiry = false;
	ct_program(base, floor);
	base->turn.left = base->raised ? base->raised_at : now;
	raw_spin_unlock_irqrestore(&base->lock, flags);
}

void ct_expire_raised(struct irq_work *work)
{
	ct_expire(container_of(work, struct custom_timer_base, raise), false);
}
