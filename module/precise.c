// SPDX-License-Identifier: GPL-2.0
/*
 * Exact timers: interrupt early by the lead, then wait for the deadline. What
 * may be spent on waiting is bounded for each wait and in its share of a CPU.
 *
 * What takes a struct ct_precise is called with the base locked, unless said otherwise.
 */
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "params.h"
#include "precise.h"

/*
 * An interrupt that is early by no more than this waits even without a lead:
 * the clock offset is not known any better.
 */
#define CT_EARLY_NS 2000

/* The longest time that waiting can be saved up for. */
#define CT_BUDGET_NS CT_MAX_GUARD_NS

#define CT_MAX_LEAD_NS 1000000

/* To set an interrupt takes no longer, unless the vCPU lost its CPU meanwhile. */
#define CT_MAX_ARM_NS 50000

/*
 * The way from the guard to the expiry loop is not believed to take longer: it
 * did when another event's handler came first.
 */
#define CT_MAX_DISPATCH_NS 5000

/*
 * Reading CLOCK_MONOTONIC takes longer than the error that is aimed at, so the
 * last stretch of a wait counts TSC cycles. How many make a nanosecond is seen
 * from one interrupt to the next, and only believed while consecutive samples
 * agree to 1 in 2^CT_RATE_AGREE: a migration or a hypervisor that traps the TSC
 * are noticed. It may change before that is seen, where the hypervisor has just
 * corrected its clock: the stretch is short, and longer by 1 in 2^CT_RATE_SPARE.
 */
#define CT_RATE_SHIFT 20
#define CT_RATE_AGREE 8
#define CT_RATE_SPARE 5

/* The stretch, and how many readings of the clock may go by until it is that short. */
#define CT_AIM_NS 700
#define CT_AIMS 64

#define CT_RATE_MIN_NS (50 * NSEC_PER_USEC)
#define CT_RATE_MAX_NS NSEC_PER_SEC

/* How many readings of the clock show how long one takes. */
#define CT_READINGS 16

static struct ct_bounded max_lead = {
	.value = 100000,
	.max = CT_MAX_LEAD_NS,
};
module_param_cb(max_lead_ns, &ct_bounded_ops, &max_lead, 0644);
MODULE_PARM_DESC(max_lead_ns, "the longest lead, and so the longest wait with interrupts off, in ns; 0: no lead (default 100000)");

static struct ct_bounded max_wait = {
	.value = 50,
	.max = 100,
};
module_param_cb(max_wait_percent, &ct_bounded_ops, &max_wait, 0644);
MODULE_PARM_DESC(max_wait_percent, "the largest share of a CPU that may go into waiting for deadlines (default 50)");

/* Any context. */
unsigned int ct_precise_max_lead(void)
{
	return READ_ONCE(max_lead.value);
}

/* Any context. */
unsigned int ct_precise_max_wait(void)
{
	return READ_ONCE(max_wait.value);
}

/*
 * The lead for the next exact deadline. Changes only in ct_precise_learn() and
 * ct_precise_spend(). Base locked.
 */
u32 ct_precise_lead(const struct ct_precise *p)
{
	u32 lead = ct_lead_ns(&p->lead, ct_precise_max_lead());

	return p->broke ? 0 : min(lead, p->cap);
}

/*
 * How much too early an exact timer's interrupt may be and is not set anew: that would
 * take as long. Base locked.
 */
u32 ct_precise_slack(const struct ct_precise *p)
{
	if (!ct_precise_lead(p))
		return CT_EARLY_NS;
	return max_t(u32, p->arm_ns, CT_EARLY_NS);
}

/* How long before an exact deadline waiting beats another interrupt. Base locked. */
u32 ct_precise_horizon(const struct ct_precise *p)
{
	return ct_precise_lead(p) + ct_precise_slack(p);
}

/* It took @ns to set an interrupt. Follows the least, and slowly a rise. Base locked. */
void ct_precise_learn_arm(struct ct_precise *p, s64 ns)
{
	u32 arm = clamp_t(s64, ns, 0, CT_MAX_ARM_NS);

	if (!p->arm_ns || arm < p->arm_ns)
		p->arm_ns = arm;
	else
		p->arm_ns += (arm - p->arm_ns) / 64;
}

/* An interrupt came @delay_ns after the moment it was set for. Base locked. */
void ct_precise_learn(struct ct_precise *p, s64 delay_ns)
{
	if (delay_ns >= 0 && ct_precise_max_lead())
		ct_lead_track(&p->lead, delay_ns, ct_precise_max_lead());
	/* An eighth more in 16 interrupts if there is time for it. */
	if (p->budget >= CT_BUDGET_NS / 2)
		p->cap = min_t(u32, p->cap + p->cap / 128 + 16,
			       CT_MAX_LEAD_NS);
}

/* How long before an exact deadline the guard has to let events go. Base locked. */
u32 ct_precise_dispatch(const struct ct_precise *p)
{
	return ct_lead_ns(&p->dispatch, CT_MAX_DISPATCH_NS);
}

/* The expiry loop began @delay_ns after the guard had let events go. Base locked. */
void ct_precise_learn_dispatch(struct ct_precise *p, s64 delay_ns)
{
	if (delay_ns >= 0)
		ct_lead_track(&p->dispatch, delay_ns, CT_MAX_DISPATCH_NS);
}

/*
 * A lead that takes more waiting than there is time for becomes shorter before it has
 * to go altogether. One that is much too short is of no use. Base locked.
 */
static void ct_precise_shorten(struct ct_precise *p)
{
	u32 lead = ct_lead_ns(&p->lead, ct_precise_max_lead());

	p->cap = max(min(lead, p->cap) * 15 / 16, lead / 2);
}

/* What has been added to the budget by @now and is not booked yet. Base locked. */
static s64 ct_precise_refill(const struct ct_precise *p, ktime_t now)
{
	s64 passed = clamp_t(s64, ktime_sub(now, p->filled), 0,
			     (s64)NSEC_PER_SEC);

	return div_s64(passed * ct_precise_max_wait(), 100);
}

/* Books @waited_ns of waiting and the time that has passed without. Base locked. */
void ct_precise_spend(struct ct_precise *p, ktime_t now, s64 waited_ns)
{
	p->budget += ct_precise_refill(p, now) - waited_ns;
	p->budget = clamp_t(s64, p->budget, -CT_MAX_LEAD_NS, CT_BUDGET_NS);
	p->filled = now;
	p->waited += waited_ns;
	if (waited_ns && p->budget < CT_BUDGET_NS / 2)
		ct_precise_shorten(p);
	/* Half a budget apart, or the lead would come and go all the time. */
	if (p->budget <= 0)
		p->broke = true;
	else if (p->budget >= CT_BUDGET_NS / 2)
		p->broke = false;
	if (p->budget <= CT_BUDGET_NS / 2)
		p->spare = false;
	else if (p->budget >= CT_BUDGET_NS)
		p->spare = true;
}

/* Whether @ns more of waiting are within what the CPU may spend by @now. Base locked. */
bool ct_precise_affords(const struct ct_precise *p, ktime_t now, s64 ns)
{
	s64 budget = min_t(s64, p->budget + ct_precise_refill(p, now),
			   CT_BUDGET_NS);

	if (p->broke && budget < CT_BUDGET_NS / 2)
		return false;
	return budget > 0 && ns <= budget;
}

/* From now on there is no time to spare, until the budget is full again. Base locked. */
void ct_precise_save(struct ct_precise *p)
{
	p->spare = false;
}

/* CPUs that read the clock all the time, as they wait. */
static atomic_t ct_readers ____cacheline_aligned_in_smp;

/*
 * Waits until @until with interrupts off. A clock that stands still ends the
 * wait too: no turn of the loop is as short as a nanosecond.
 *
 * Return: the present, which is before @until only in that case.
 */
ktime_t ct_precise_wait(ktime_t until)
{
	ktime_t now = ktime_get();
	s64 turns = clamp_t(s64, ktime_sub(until, now), 0,
			    CT_MAX_LEAD_NS + CT_EARLY_NS);

	atomic_inc(&ct_readers);
	while (now < until && turns-- > 0)
		now = ktime_get();
	atomic_dec(&ct_readers);
	return now;
}

/* The CPU's clocks at an interrupt; @now was read just before. Base locked, on its CPU. */
void ct_precise_sample(struct ct_precise *p, ktime_t now)
{
	struct ct_rate *r = &p->rate;
	u64 tsc = rdtsc_ordered();
	s64 passed = ktime_sub(now, r->mono);
	u64 rate, differ;

	if (passed < (s64)CT_RATE_MIN_NS)
		return;
	if (passed <= (s64)CT_RATE_MAX_NS && tsc - r->tsc < U32_MAX * 4ULL) {
		rate = div64_u64((tsc - r->tsc) << CT_RATE_SHIFT, passed);
		differ = rate > r->rate ? rate - r->rate : r->rate - rate;
		r->good = rate && differ <= rate >> CT_RATE_AGREE;
		r->rate = rate;
	} else {
		r->good = false;
	}
	r->mono = now;
	r->tsc = tsc;
}

/**
 * struct ct_pace - whether the clock keeps pace with the TSC
 * @mono: CLOCK_MONOTONIC at the first reading
 * @tsc: the TSC then
 * @least: by how many cycles the clock was behind the TSC, at least, since then
 * @most: the same at most
 * @readings: how many there were
 * @alone: no other CPU was waiting
 *
 * A CPU's clock is what its own TSC says or, if that is more, what any CPU has read
 * before: the clock of a CPU that is behind stands still until it has caught up. So it
 * never falls below what the TSC says, and cycles can be counted from a reading that is
 * no more than that. A reading that is more does not keep pace: it came after one that
 * advanced by more than the TSC, or comes before one that advances by less. Unless
 * others read the clock all the time and stop when this CPU does, as those do that wait
 * for the same deadline: so these are counted.
 */
struct ct_pace {
	ktime_t mono;
	u64 tsc;
	s64 least;
	s64 most;
	unsigned int readings;
	bool alone;
};

/* How many readings have to agree, and how exactly, in parts of a reading. */
#define CT_PACE_READINGS 3
#define CT_PACE_PART 4

/* @now and @tsc are one more reading. In a wait, base not locked. */
static void ct_pace_add(struct ct_pace *pace, const struct ct_precise *p,
			ktime_t now, u64 tsc)
{
	s64 behind;

	if (atomic_read(&ct_readers) > 1)
		pace->alone = false;
	if (!pace->readings++) {
		pace->mono = now;
		pace->tsc = tsc;
		return;
	}
	behind = (s64)(tsc - pace->tsc) -
		 (s64)((u64)ktime_sub(now, pace->mono) * p->rate.rate >>
		       CT_RATE_SHIFT);
	pace->least = min(pace->least, behind);
	pace->most = max(pace->most, behind);
}

/*
 * Whether the clock is known not to fall behind the TSC from the last reading on. In a
 * wait, base not locked.
 */
static bool ct_pace_is_kept(const struct ct_pace *pace,
			    const struct ct_precise *p)
{
	if (num_online_cpus() == 1)
		return true;
	return pace->alone && pace->readings >= CT_PACE_READINGS &&
	       pace->most - pace->least <= p->reading / CT_PACE_PART;
}

/*
 * Reads CLOCK_MONOTONIC. @tsc: the TSC when it was read, which is somewhere between
 * the two readings here. It is taken to be before the second by half of what the
 * fastest reading ever took. That may be too early or too late, but no callback can
 * tell: its own ktime_get() takes the other half at least. On the CPU, interrupts off.
 */
static ktime_t ct_precise_read(struct ct_precise *p, u64 *tsc)
{
	u64 end, begin = rdtsc_ordered();
	ktime_t now = ktime_get();

	end = rdtsc_ordered();
	p->reading = min_t(u64, p->reading, end - begin);
	*tsc = end - p->reading / 2;
	return now;
}

/* Before any other call, and after the CPU was away. On it, interrupts off. */
void ct_precise_open(struct ct_precise *p)
{
	unsigned int i;
	u64 tsc;

	p->cap = CT_MAX_LEAD_NS;
	p->reading = U32_MAX;
	for (i = 0; i < CT_READINGS; i++)
		ct_precise_read(p, &tsc);
}

/*
 * Whether to read the clock once more: @ahead, until the deadline, is too long a stretch, or
 * leaves time for the one reading that is missing to know whether the clock keeps pace. In
 * a wait, base not locked.
 */
static bool ct_aim_again(const struct ct_precise *p,
			 const struct ct_pace *pace, s64 ahead)
{
	if (ahead > CT_AIM_NS)
		return true;
	return pace->readings == CT_PACE_READINGS - 1 && ahead > 0 &&
	       (u64)ahead * p->rate.rate >> CT_RATE_SHIFT > 2 * p->reading;
}

/* Prepares ct_precise_wait_last(). On the CPU, interrupts off, base not locked. */
void ct_precise_aim(struct ct_precise *p, ktime_t until, struct ct_aim *aim)
{
	struct ct_pace pace = { .alone = true };
	unsigned int more = CT_AIMS;
	ktime_t now;
	u64 cycles;

	atomic_inc(&ct_readers);
	do {
		now = ct_precise_read(p, &aim->tsc);
		ct_pace_add(&pace, p, now, aim->tsc);
	} while (--more && ct_aim_again(p, &pace, ktime_sub(until, now)));
	atomic_dec(&ct_readers);
	aim->turns = 0;
	if (now >= until || !p->rate.good)
		return;

	cycles = (u64)ktime_sub(until, now) * p->rate.rate >> CT_RATE_SHIFT;
	aim->tsc += cycles;
	aim->enough = (cycles >> CT_RATE_SPARE) + 1;
	/* A turn takes more than a cycle unless the TSC has stopped. */
	aim->turns = cycles + aim->enough;
	aim->look = !ct_pace_is_kept(&pace, p);
	/* So that the look reads the clock when it is due. */
	if (aim->look)
		aim->enough -= p->reading / 2;
}

/*
 * Nanoseconds from what ct_precise_wait_last() has said. On the CPU, interrupts off: nobody
 * else changes the rate.
 */
s64 ct_precise_late(const struct ct_precise *p, s64 late_ns, u64 late_cycles)
{
	if (!late_cycles)
		return late_ns;
	return late_ns + div64_u64(late_cycles << CT_RATE_SHIFT, p->rate.rate);
}
