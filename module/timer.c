// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel API and the expiry loop.
 *
 * Every CPU has a base: two queues, exact and range timers, and one setting of
 * the interrupt source. A base's setting is only ever changed on its own CPU,
 * because the hypervisor takes it from no other; whoever needs it changed from
 * elsewhere sends that CPU an IPI.
 */
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rbtree.h>
#include <linux/sched.h>

#include "clockevent.h"
#include "guard.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * How often one interrupt may run timers late that it has already run, and how many
 * turns in time make up for one that is late.
 */
#define CT_MAX_RERUNS 3
#define CT_TURNS_IN_TIME 32

/* The least distance to the next interrupt after a pass that was cut short. */
#define CT_LIMIT_NS (10 * NSEC_PER_USEC)

/* No tick is waited for in an interrupt that has taken longer. */
#define CT_TICKS_NS (100 * NSEC_PER_USEC)

/* However near the next timer is, everything else has a turn after so long. */
#define CT_PASS_NS NSEC_PER_SEC

/*
 * A CPU that has something else to do may be kept from it for CT_STARVE_NS, then it
 * has a turn of CT_TURN_NS. What it got meanwhile makes up for CT_GOT times as much.
 */
#define CT_STARVE_NS NSEC_PER_MSEC
#define CT_TURN_NS (200 * NSEC_PER_USEC)
#define CT_GOT 4

/* The last stretch before an exact deadline, in which its timer is fixed. */
#define CT_LAST_NS 2000

/* How often a wait looks whether it still has a reason. */
#define CT_LOOK_NS 500

/*
 * The setting of a timer that was cancelled stays when the next is due so soon
 * after it, or when it is so far ahead: a hypercall at each cancellation is
 * dearer than an interrupt in vain, and the next start may make use of it.
 */
#define CT_KEEP_NS NSEC_PER_MSEC
#define CT_FAR_NS (10 * NSEC_PER_MSEC)

const struct ct_backend *ct_backend;

static DEFINE_PER_CPU(struct custom_timer_base, ct_bases);

/* CPUs whose base is online. Changed and read locklessly, as a hint. */
static struct cpumask ct_cpus;

/* Stands in for the base of a timer that is being moved. Never locked. */
static struct custom_timer_base ct_moving;

struct custom_timer_base *ct_base_of(unsigned int cpu)
{
	return per_cpu_ptr(&ct_bases, cpu);
}

/* @a + @b for an @a that is not negative, KTIME_MAX where that overflows. */
static ktime_t ct_add(ktime_t a, u64 b)
{
	return b >= (u64)(KTIME_MAX - a) ? KTIME_MAX : a + (s64)b;
}

static struct ct_queue *ct_queue_of(struct custom_timer_base *base,
				    const struct custom_timer *t)
{
	return t->end == t->expires ? &base->exact : &base->range;
}

/*
 * Whether the interrupt that is set comes before @t needs one: then that one
 * can see to @t. Base locked.
 */
static noinline bool ct_is_covered(const struct custom_timer_base *base,
				   const struct custom_timer *t)
{
	return base->armed != KTIME_MAX &&
	       base->armed_end <= ktime_sub(t->expires,
					    ct_precise_lead(&base->precise));
}

/*
 * The first exact timer that is waited for, or NULL. The tick is not unless there
 * is time to spare: a guest with many hrtimers would have none left for drivers'
 * timers. Base locked.
 */
static const struct custom_timer *
ct_first_precise(const struct custom_timer_base *base)
{
	const struct custom_timer *t = ct_queue_first(&base->exact);

	if (t && t == base->tick && !base->precise.spare)
		t = ct_queue_after(t);
	return t;
}

/* Returns whether the setting may have to change. Base locked. */
static __always_inline bool ct_enqueue(struct custom_timer_base *base,
				       struct custom_timer *t)
{
	struct ct_queue *q = ct_queue_of(base, t);

	ct_queue_add(q, t);
	t->queued = true;
	return (ct_queue_leads(q, t) || t == ct_first_precise(base)) &&
	       !ct_is_covered(base, t);
}

/* Whether the setting may stay if it turns out to be too early. Base locked. */
static bool ct_is_far(const struct custom_timer_base *base)
{
	return time_before(jiffies, base->far_until);
}

/* Returns whether the setting may have to change. Base locked. */
static __always_inline bool ct_dequeue(struct custom_timer_base *base,
				       struct custom_timer *t)
{
	struct ct_queue *q = ct_queue_of(base, t);
	bool led = ct_queue_leads(q, t);

	ct_queue_del(q, t);
	t->queued = false;
	return led && !(base->armed_exact && ct_is_far(base));
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

/*
 * The next moment at which @base needs an interrupt, KTIME_MAX if it has no
 * timers. @end is the latest moment that still keeps every promise. Base
 * locked.
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
	if (moment == KTIME_MAX)
		return next;
	*end = min(*end, moment);
	return min(next, moment);
}

/* Base locked, on its CPU. */
static void ct_raise(struct custom_timer_base *base, ktime_t now)
{
	base->stats.raised++;
	base->raised = true;
	base->raised_at = now;
	irq_work_queue(&base->raise);
}

/* Base locked, on its CPU. */
static void ct_stop(struct custom_timer_base *base)
{
	base->armed = KTIME_MAX;
	base->armed_end = KTIME_MAX;
	base->stats.stopped++;
	ct_backend->stop(base);
	if (base->fallback)
		ct_hrtimer_backend.stop(base);
	base->fallback = false;
}

/*
 * Sets the interrupt source to @next or, at the latest, @end; takes its setting
 * back if @next is KTIME_MAX. An interrupt may come a little early unless
 * @may_be_early is false. Base locked and online, on its CPU.
 */
static void ct_set(struct custom_timer_base *base, ktime_t next, ktime_t end,
		   bool may_be_early)
{
	ktime_t now;
	s64 far;
	int err;

	if (next == KTIME_MAX) {
		if (base->armed != KTIME_MAX)
			ct_stop(base);
		return;
	}
	if (next == base->armed && end == base->armed_end)
		return;

	base->armed = next;
	base->armed_end = end;
	base->armed_exact = next == end;
	base->armed_slack = base->armed_exact && may_be_early ?
			    ct_precise_slack(&base->precise) : 0;
	if (base->armed_exact && base->precise.broke)
		base->precise.degraded++;

	now = ktime_get();
	far = ktime_sub(next, now) - CT_FAR_NS;
	base->far_until = jiffies + (far > 0 ? nsecs_to_jiffies(far) : 0);
	err = ct_backend->arm(base, now, next, ktime_sub(end, next));
	trace_customtimer_arm(next, ktime_sub(end, next), err);
	if (!err)
		return;

	if (err == -ETIME) {
		ct_raise(base, now);
		return;
	}
	base->stats.refused++;
	if (base->tick) {
		/* An hrtimer would come back to us. */
		base->armed = KTIME_MAX;
		base->armed_end = KTIME_MAX;
		ct_clockevent_give_up();
		return;
	}
	pr_warn_once("the hypervisor refused to set the timer (%d), an hrtimer stands in for it\n",
		     err);
	base->fallback = true;
	ct_hrtimer_backend.arm(base, now, next, ktime_sub(end, next));
}

/*
 * Sets the interrupt source for the next event, but for no moment before
 * @floor. Base locked, on its CPU.
 */
static void ct_program(struct custom_timer_base *base, ktime_t floor)
{
	ktime_t end, next = ct_next_event(base, &end);

	if (base->online)
		ct_set(base, max(next, floor), max(end, floor),
		       next > floor);
}

/*
 * Called after a timer was added or removed; base locked. Changes the setting
 * where it would come too late, or where a change spares an interrupt that is
 * dearer than the change. Otherwise the setting stays, and the interrupt that
 * comes for nothing sets the next.
 */
static void ct_update(struct custom_timer_base *base)
{
	ktime_t end, next;
	bool late, wasteful;

	if (!base->online || base->in_expiry || base->raised)
		return;

	next = ct_next_event(base, &end);
	late = next != KTIME_MAX &&
	       (base->armed == KTIME_MAX || base->armed > end ||
		base->armed_end > end);
	wasteful = base->armed < next &&
		   (next <= base->armed_end ||
		    (next - base->armed >= CT_KEEP_NS && !ct_is_far(base)));

	if (base->cpu == smp_processor_id()) {
		if (late || wasteful)
			ct_set(base, next, end, true);
	} else if (late && !base->kicked) {
		base->kicked = true;
		smp_call_function_single_async(base->cpu, &base->kick);
	}
}

/* IPI: another CPU has changed this one's queues. */
static void ct_kick(void *info)
{
	struct custom_timer_base *base = info;
	unsigned long flags;

	ct_lock_irqsave(base, flags);
	base->kicked = false;
	if (!base->in_expiry && !base->raised)
		ct_program(base, 0);
	raw_spin_unlock_irqrestore(&base->lock, flags);
}

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
	return base->tick && base->tick->pass == base->pass &&
	       ahead <= ct_guard_ns() &&
	       ktime_sub(now, entry) <= CT_MAX_GUARD_NS &&
	       ct_precise_affords(&base->precise, now, ahead);
}

/*
 * Runs one timer once its deadline has come, which is at most CT_LAST_NS ahead.
 * Base locked; dropped around the callback, with interrupts off throughout. The
 * callback may free the timer unless it returns CUSTOM_TIMER_RESTART.
 *
 * Return: false if the deadline did not come.
 */
static bool ct_run(struct custom_timer_base *base, struct custom_timer *t)
	__must_hold(&base->lock)
{
	bool exact = t->end == t->expires;
	enum custom_timer_restart restart;
	ktime_t expires = t->expires;
	u64 late_cycles = 0;
	s64 late_ns = 0;

	ct_dequeue(base, t);
	t->pass = base->pass;
	base->running = t;
	raw_spin_unlock(&base->lock);

	if (exact && !ct_precise_wait_last(&base->precise, expires, &late_ns,
					   &late_cycles)) {
		ct_lock(base);
		/* Unless it was started anew meanwhile. */
		if (!t->queued)
			ct_enqueue(base, t);
		base->running = NULL;
		return false;
	}
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
	if (exact)
		ct_hist_add(&base->stats.errors,
			    ct_precise_late(&base->precise, late_ns,
					    late_cycles));
	return true;
}

/*
 * Waits until @until, shortly before an exact deadline. Its timer stays queued
 * meanwhile, so that it can be cancelled; that, or another that is started, ends the
 * wait, for the caller to look again. Base locked; dropped for the wait.
 *
 * Return: false if the clock does not move.
 */
static bool ct_wait(struct custom_timer_base *base, ktime_t now, ktime_t until)
	__must_hold(&base->lock)
{
	s64 rounds = div_s64(ktime_sub(until, now), CT_LOOK_NS) + 1;
	unsigned int was = base->exact.changes;
	ktime_t begin = now;

	raw_spin_unlock(&base->lock);
	while (now < until && rounds-- > 0 &&
	       READ_ONCE(base->exact.changes) == was)
		now = ct_precise_wait(min(until, ktime_add(now, CT_LOOK_NS)));
	ct_lock(base);
	ct_precise_spend(&base->precise, now, ktime_sub(now, begin));
	return now >= until || (now > begin && base->exact.changes != was);
}

/**
 * ct_hold - wait for an exact deadline that is near
 * @base: the base of this CPU
 * @guard_ns: how near
 *
 * Runs no timer: that is left to the interrupt which is pending by then. Ends
 * early when the first timer is cancelled or time to wait is used up. Hard
 * interrupt context, interrupts off, on the base's CPU.
 */
void ct_hold(struct custom_timer_base *base, u32 guard_ns)
{
	const struct custom_timer *t;
	ktime_t now, from;
	s64 ahead, last;

	if (!READ_ONCE(base->exact.root.rb_leftmost))
		return;

	ct_lock(base);
	from = ktime_get();
	last = CT_LAST_NS + ct_precise_dispatch(&base->precise);
	for (now = from; base->online; now = ktime_get()) {
		t = ct_first_precise(base);
		if (!t)
			break;
		ahead = ktime_sub(t->expires, now);
		if (ahead <= last || ahead > guard_ns ||
		    !ct_precise_affords(&base->precise, now, ahead) ||
		    !ct_wait(base, now, ktime_sub(t->expires, last)))
			break;
	}
	if (now != from) {
		base->stats.held++;
		base->held_from = from;
		base->held_until = now;
	}
	raw_spin_unlock(&base->lock);
}

/*
 * Tells the lead how long the interrupt that came at @entry was on its way, less
 * what the guard added to that. Base locked.
 */
static void ct_learn(struct custom_timer_base *base, ktime_t entry)
{
	s64 delay = ktime_sub(entry, base->armed);

	if (base->held_until > base->armed) {
		ct_precise_learn_dispatch(&base->precise,
					  ktime_sub(entry, base->held_until));
		/* It came while the guard waited: nobody saw when. */
		if (base->held_from < base->armed)
			return;
		delay -= ktime_sub(base->held_until, base->held_from);
	}
	ct_precise_learn(&base->precise, delay);
}

/*
 * What has to run before the tick although its deadline is later, or NULL. Behind
 * the tick are the callbacks of all hrtimers, which the guard holds back like any
 * event: once in a pass for each timer, so that the tick's turn comes. Base
 * locked.
 */
static struct custom_timer *ct_before_tick(struct custom_timer_base *base,
					   ktime_t now)
{
	struct custom_timer *t = ct_queue_first(&base->exact);
	s64 ahead;

	if (t == base->tick)
		t = ct_queue_after(t);
	if (!t || t->pass == base->pass || !ct_guard_ns())
		return NULL;
	ahead = max_t(s64, ktime_sub(t->expires, now), 0);
	if (ahead > ct_guard_ns() ||
	    !ct_precise_affords(&base->precise, now, ahead))
		return NULL;
	return t;
}

/* Whether what was interrupted is more than idling. Hard interrupt context. */
static bool ct_cpu_is_wanted(void)
{
	return !is_idle_task(current) || need_resched() ||
	       in_serving_softirq() || local_softirq_pending();
}

/*
 * Reckons how long this CPU has been kept from everything else by now. Interrupts that
 * it sends to itself leave nothing between one and the next. At max_wait_percent=100
 * that is what was asked for. Base locked.
 *
 * Return: false if it does not matter.
 */
static bool ct_reckon(struct custom_timer_base *base, ktime_t entry)
{
	ktime_t until = base->raised ? base->raised_at : entry;
	s64 got = ktime_sub(until, base->left);

	if (!ct_cpu_is_wanted() || ct_precise_max_wait() == 100) {
		base->starved = 0;
		return false;
	}
	got = clamp_t(s64, got, 0, NSEC_PER_SEC);
	base->starved = max_t(s64, base->starved - got * CT_GOT, 0);
	/* Interrupts were off if it is longer. */
	base->starved += clamp_t(s64, ktime_sub(entry, until), 0,
				 CT_MAX_GUARD_NS);
	return true;
}

/**
 * ct_interrupt - the expiry loop
 * @base: the base of this CPU
 * @used_up: the interrupt source has to be set again before it interrupts again
 *
 * Runs every timer that is due, in the order of their deadlines, waits for exact
 * ones that are near, and sets the interrupt source for the next. Hard interrupt
 * context, on the base's CPU.
 */
void ct_interrupt(struct custom_timer_base *base, bool used_up)
{
	unsigned int ran = 0, late = 0;
	ktime_t entry, now, floor = 0;
	struct custom_timer *t, *first;
	unsigned long flags;
	s64 ahead, passed;
	bool wanted;

	ct_lock_irqsave(base, flags);
	entry = ktime_get();
	wanted = ct_reckon(base, entry);
	ct_precise_sample(&base->precise, entry);
	base->stats.interrupts++;
	base->in_expiry = true;
	base->pass++;
	trace_customtimer_interrupt(entry, used_up ?
				    ktime_sub(entry, base->armed) : 0);
	if (used_up && base->armed_exact)
		ct_learn(base, entry);
	if (used_up || base->raised || base->armed <= entry)
		base->armed = KTIME_MAX;
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
		first = t == base->tick ? ct_before_tick(base, now) : NULL;
		if (first) {
			t = first;
			ahead = ktime_sub(t->expires, now);
		}

		passed = ktime_sub(now, entry);
		if (wanted && base->starved + passed > CT_STARVE_NS &&
		    (!ran || t->pass == base->pass)) {
			base->stats.limited++;
			wanted = false;
			floor = ktime_add(now, CT_TURN_NS);
			break;
		}
		if (ahead > 0 && !base->precise.broke) {
			late -= !!late;
			if (passed > CT_PASS_NS) {
				base->stats.limited++;
				floor = ktime_add(now, CT_LIMIT_NS);
				break;
			}
		} else if (t->pass == base->pass) {
			late += CT_TURNS_IN_TIME;
		}
		if (late > CT_MAX_RERUNS * CT_TURNS_IN_TIME) {
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
		} else if (ct_run(base, t)) {
			if (ahead > 0)
				ct_precise_spend(&base->precise,
						 ktime_add(now, ahead), ahead);
			if (first)
				base->stats.held++;
			ran++;
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
	base->starved = wanted ? base->starved + ktime_sub(now, entry) : 0;
	base->in_expiry = false;
	ct_program(base, floor);
	base->left = base->raised ? base->raised_at : now;
	raw_spin_unlock_irqrestore(&base->lock, flags);
}

static void ct_raised(struct irq_work *work)
{
	ct_interrupt(container_of(work, struct custom_timer_base, raise), false);
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

/*
 * Takes @t from the locked @base to that of @cpu, or of a CPU that is online if
 * @cpu is not. Returns the base it ends up on, locked. A timer whose callback
 * runs stays where it is, so that a timer never runs on two CPUs at once.
 */
static struct custom_timer_base *ct_move(struct custom_timer *t,
					 struct custom_timer_base *base,
					 unsigned int cpu)
{
	struct custom_timer_base *to;

	if (base->running == t)
		return base;

	for (;;) {
		to = ct_base_of(cpu);
		if (to != base) {
			ct_update(base);
			WRITE_ONCE(t->base, &ct_moving);
			raw_spin_unlock(&base->lock);
			ct_lock(to);
			WRITE_ONCE(t->base, to);
			base = to;
		}
		if (likely(base->online))
			return base;
		cpu = cpumask_any(&ct_cpus);
		/* None during suspend: it waits here for the resume. */
		if (cpu >= nr_cpu_ids)
			return base;
	}
}

/* Starts @t on @cpu; negative: on this one. */
static int ct_start(struct custom_timer *t, int cpu, ktime_t expires,
		    u64 window_ns)
{
	struct custom_timer_base *base, *to;
	unsigned long flags;
	bool update = false;

	if (!t->base || !t->function) {
		pr_err_once("a timer was started without custom_timer_setup()\n");
		return -EINVAL;
	}

	base = ct_lock_base(t, &flags);
	if (t->queued)
		update = ct_dequeue(base, t);
	to = cpu < 0 ? this_cpu_ptr(&ct_bases) : ct_base_of(cpu);
	if (unlikely(base != to || !base->online))
		base = ct_move(t, base, to->cpu);
	t->expires = max_t(ktime_t, expires, 0);
	t->end = ct_add(t->expires, window_ns);
	update |= ct_enqueue(base, t);
	base->stats.started++;
	trace_customtimer_start(t, base->cpu);
	if (update)
		ct_update(base);
	raw_spin_unlock_irqrestore(&base->lock, flags);
	return 0;
}

/**
 * custom_timer_start - start a timer at an absolute time
 * @t: the timer
 * @expires: the deadline, CLOCK_MONOTONIC. One that has passed is due at once;
 *	the callback still runs from an interrupt and not from this call.
 * @window_ns: how much later than the deadline the callback may start. 0: as
 *	soon as it can.
 *
 * A timer that is queued is taken out first. The callback runs on the calling
 * CPU, unless the timer's callback is running right now on another: then there.
 * If the CPU goes offline, its timers move to one that is online. Any context
 * but NMI.
 *
 * Return: 0; -EINVAL for a timer without setup.
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
 * Return: 0; -EINVAL for a timer without setup or a CPU that cannot exist;
 * -ENODEV if the CPU is offline.
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

/* See custom_timer_try_to_cancel(). */
static __always_inline int ct_try_to_cancel(struct custom_timer *t)
{
	struct custom_timer_base *base;
	unsigned long flags;
	bool update;
	int ret = 0;

	if (!t->base)
		return 0;

	base = ct_lock_base(t, &flags);
	if (base->running == t) {
		ret = -1;
	} else if (t->queued) {
		update = ct_dequeue(base, t);
		base->stats.cancelled++;
		trace_customtimer_cancel(t);
		if (update)
			ct_update(base);
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
	active = t->queued || base->running == t;
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

/* Once, before any other call. */
void ct_timer_init(void)
{
	struct custom_timer_base *base;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		base = ct_base_of(cpu);
		raw_spin_lock_init(&base->lock);
		base->cpu = cpu;
		base->irq = -1;
		base->armed = KTIME_MAX;
		base->armed_end = KTIME_MAX;
		ct_queue_init(&base->exact, false);
		ct_queue_init(&base->range, true);
		base->raise = IRQ_WORK_INIT_HARD(ct_raised);
		INIT_CSD(&base->kick, ct_kick, base);
		snprintf(base->name, sizeof(base->name), "customtimer%u", cpu);
	}
}

static void ct_nothing(void *unused)
{
}

/*
 * After the last CPU is down: waits for what may still be on its way to code
 * that is about to go. A CPU may have run ct_base_close() ahead of an earlier
 * kick, but it takes no further call before it is done with that.
 */
void ct_timer_exit(void)
{
	unsigned int cpu;

	on_each_cpu(ct_nothing, NULL, true);
	for_each_possible_cpu(cpu)
		irq_work_sync(&ct_base_of(cpu)->raise);
}

/* On the base's CPU, interrupts off. */
static void ct_base_open(void *info)
{
	struct custom_timer_base *base = info;

	ct_lock(base);
	ct_precise_open(&base->precise);
	base->online = true;
	base->kicked = false;
	base->raised = false;
	cpumask_set_cpu(base->cpu, &ct_cpus);
	ct_program(base, 0);
	raw_spin_unlock(&base->lock);
}

/*
 * The CPU's own tick is to be among its timers, as @tick, or no longer is: NULL.
 * If it is, no hrtimer can stand in. On the base's CPU, interrupts off.
 */
void ct_timer_carry_tick(struct custom_timer_base *base,
			 const struct custom_timer *tick)
{
	ct_lock(base);
	ct_stop(base);
	raw_spin_unlock(&base->lock);

	/* Nothing sets the source in between: it is only set on this CPU. */
	base->tick = tick;
	ct_lock(base);
	ct_program(base, 0);
	raw_spin_unlock(&base->lock);
}

/* On the base's CPU, interrupts off. */
static void ct_base_close(void *info)
{
	struct custom_timer_base *base = info;

	ct_lock(base);
	ct_stop(base);
	base->online = false;
	cpumask_clear_cpu(base->cpu, &ct_cpus);
	raw_spin_unlock(&base->lock);
}

/* Connects a base to its source of interrupts. May sleep. */
static int ct_base_connect(struct custom_timer_base *base)
{
	int err = ct_hrtimer_backend.cpu_up(base);

	if (!err && ct_backend != &ct_hrtimer_backend)
		err = ct_backend->cpu_up(base);
	return err;
}

static void ct_base_disconnect(struct custom_timer_base *base)
{
	if (ct_backend != &ct_hrtimer_backend)
		ct_backend->cpu_down(base);
	ct_hrtimer_backend.cpu_down(base);
}

/* Makes the base of @cpu, which is online, usable. May sleep. */
int ct_timer_cpu_up(unsigned int cpu)
{
	struct custom_timer_base *base = ct_base_of(cpu);
	int err = ct_base_connect(base);

	if (!err)
		smp_call_function_single(cpu, ct_base_open, base, true);
	return err;
}

/*
 * Takes the base of @cpu, which is online, out of use for a while. Its timers
 * stay and wait. May sleep.
 */
void ct_timer_cpu_pause(unsigned int cpu)
{
	struct custom_timer_base *base = ct_base_of(cpu);

	smp_call_function_single(cpu, ct_base_close, base, true);
	ct_base_disconnect(base);
}

/*
 * Moves the timers of a base that is no longer online to one that is. None of
 * their callbacks is running. At the end of the module there is no other base,
 * and no timer either unless its owner lost it.
 */
static void ct_hand_over(struct custom_timer_base *from)
{
	struct custom_timer_base *to;
	unsigned int lost = 0;
	struct custom_timer *t;
	unsigned long flags;

	for (;;) {
		ct_lock_irqsave(from, flags);
		t = ct_queue_first(&from->exact) ?: ct_queue_first(&from->range);
		if (!t)
			break;
		ct_dequeue(from, t);
		to = from;
		if (cpumask_empty(&ct_cpus)) {
			lost++;
		} else {
			to = ct_move(t, from, from->cpu);
			ct_enqueue(to, t);
			to->stats.moved++;
			ct_update(to);
		}
		raw_spin_unlock_irqrestore(&to->lock, flags);
	}
	raw_spin_unlock_irqrestore(&from->lock, flags);
	if (lost)
		pr_err("%u timers were still queued at unload and are dropped\n",
		       lost);
}

/*
 * Takes the base of @cpu out of use and hands its timers to another CPU. Runs
 * on that CPU in process context, may sleep.
 */
void ct_timer_cpu_down(unsigned int cpu)
{
	ct_timer_cpu_pause(cpu);
	ct_hand_over(ct_base_of(cpu));
}

static bool ct_belongs_to(const struct custom_timer *t, struct module *mod)
{
	return within_module((unsigned long)t->function, mod) ||
	       within_module((unsigned long)t, mod);
}

/* Base locked. */
static unsigned int ct_drop_from(struct custom_timer_base *base,
				 struct ct_queue *q, struct module *mod)
{
	struct rb_node *node, *next;
	unsigned int dropped = 0;

	for (node = rb_first_cached(&q->root); node; node = next) {
		next = rb_next(node);
		if (ct_belongs_to(ct_timer_of(node), mod)) {
			ct_dequeue(base, ct_timer_of(node));
			dropped++;
		}
	}
	return dropped;
}

/*
 * Drops the timers that a module left behind when it was unloaded, before its
 * code and data go. Process context.
 */
void ct_timer_drop_module(struct module *mod)
{
	struct custom_timer_base *base;
	unsigned int cpu, dropped = 0;
	unsigned long flags;

	for_each_possible_cpu(cpu) {
		base = ct_base_of(cpu);
		ct_lock_irqsave(base, flags);
		while (base->running && ct_belongs_to(base->running, mod)) {
			raw_spin_unlock_irqrestore(&base->lock, flags);
			cpu_relax();
			ct_lock_irqsave(base, flags);
		}
		dropped += ct_drop_from(base, &base->exact, mod);
		dropped += ct_drop_from(base, &base->range, mod);
		raw_spin_unlock_irqrestore(&base->lock, flags);
	}
	if (dropped)
		pr_err("module %s was unloaded with %u of its timers queued; they are dropped. It has to call custom_timer_cancel() first\n",
		       mod->name, dropped);
}
