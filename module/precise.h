/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_PRECISE_H
#define CUSTOMTIMER_PRECISE_H

#include <linux/minmax.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#include <asm/msr.h>

#include "lead.h"

/* The longest guard; a CPU cannot have saved up for a longer wait. */
#define CT_MAX_GUARD_NS 200000

/**
 * struct ct_rate - how fast the TSC counts
 * @mono: CLOCK_MONOTONIC at the last sample
 * @tsc: the TSC then
 * @rate: cycles per 2^CT_RATE_SHIFT ns between the last two samples
 * @good: the two samples before agree
 */
struct ct_rate {
	ktime_t mono;
	u64 tsc;
	u64 rate;
	bool good;
};

/**
 * struct ct_precise - one CPU's precision
 * @lead: what is known of its delays
 * @cap: the longest lead that there is time to wait for
 * @dispatch: what is known of the way from the guard to the expiry loop
 * @arm_ns: how long it takes to set an interrupt
 * @rate: its TSC
 * @reading: cycles that a reading of the clock has taken at least
 * @budget: ns it may still spend waiting
 * @broke: the budget was spent and is not half full again
 * @spare: it was full and is still more than half so
 * @filled: when @budget was last topped up
 * @waited: ns it has waited
 * @degraded: interrupts set without a lead for lack of budget
 */
struct ct_precise {
	struct ct_lead lead;
	u32 cap;
	struct ct_lead dispatch;
	u32 arm_ns;
	struct ct_rate rate;
	u32 reading;
	s64 budget;
	bool broke;
	bool spare;
	ktime_t filled;
	u64 waited;
	u64 degraded;
};

/**
 * struct ct_aim - the end of a wait
 * @tsc: the TSC then
 * @enough: by how many cycles it has to be exceeded, as the rate is not known exactly
 * @look: the clock has to be looked at once more
 * @turns: as many turns of the loop are enough; 0: the TSC is of no use
 */
struct ct_aim {
	u64 tsc;
	s64 enough;
	s64 turns;
	bool look;
};

u32 ct_precise_lead(const struct ct_precise *p);
u32 ct_precise_slack(const struct ct_precise *p);
u32 ct_precise_horizon(const struct ct_precise *p);
void ct_precise_learn(struct ct_precise *p, s64 delay_ns);
void ct_precise_learn_arm(struct ct_precise *p, s64 ns);
u32 ct_precise_dispatch(const struct ct_precise *p);
void ct_precise_learn_dispatch(struct ct_precise *p, s64 delay_ns);
void ct_precise_spend(struct ct_precise *p, ktime_t now, s64 waited_ns);
bool ct_precise_affords(const struct ct_precise *p, ktime_t now, s64 ns);
void ct_precise_save(struct ct_precise *p);
void ct_precise_sample(struct ct_precise *p, ktime_t now);
ktime_t ct_precise_wait(ktime_t until);
void ct_precise_open(struct ct_precise *p);
void ct_precise_aim(struct ct_precise *p, ktime_t until, struct ct_aim *aim);
s64 ct_precise_late(const struct ct_precise *p, s64 late_ns, u64 late_cycles);

unsigned int ct_precise_max_lead(void);
unsigned int ct_precise_max_wait(void);

/*
 * Waits until @until, which is near, with interrupts off. How much later it is
 * then comes as @late_ns plus @late_cycles, for ct_precise_late() to convert
 * when there is time. The rate must not change in between. Inline, as what comes
 * after the last look at the TSC makes the callback late. Base not locked, on its CPU.
 *
 * Return: false if the clock stands still.
 */
static __always_inline bool ct_precise_wait_last(struct ct_precise *p,
						 ktime_t until, s64 *late_ns,
						 u64 *late_cycles)
{
	struct ct_aim aim;
	s64 late;

	ct_precise_aim(p, until, &aim);
	for (; aim.turns > 0; aim.turns--) {
		late = rdtsc_ordered() - aim.tsc;
		if (late < aim.enough)
			continue;
		if (aim.look) {
			if (ktime_get() < until)
				break;
			late = max_t(s64, rdtsc_ordered() - aim.tsc, 1);
		}
		*late_ns = 0;
		*late_cycles = late;
		return true;
	}
	*late_ns = ktime_sub(ct_precise_wait(until), until);
	*late_cycles = 0;
	return *late_ns >= 0;
}

#endif /* CUSTOMTIMER_PRECISE_H */
