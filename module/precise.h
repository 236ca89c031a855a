/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_PRECISE_H
#define CUSTOMTIMER_PRECISE_H

#include <linux/ktime.h>
#include <linux/types.h>

#include "lead.h"

/**
 * struct ct_precise - one CPU's precision
 * @lead: what is known of its delays
 * @budget: ns it may still spend waiting
 * @filled: when @budget was last topped up
 * @waited: ns it has waited
 * @degraded: interrupts ordered without a lead because the budget was spent
 */
struct ct_precise {
	struct ct_lead lead;
	s64 budget;
	ktime_t filled;
	u64 waited;
	u64 degraded;
};

u32 ct_precise_lead(const struct ct_precise *p);
u32 ct_precise_horizon(const struct ct_precise *p);
void ct_precise_learn(struct ct_precise *p, s64 delay_ns);
void ct_precise_spend(struct ct_precise *p, ktime_t now, s64 waited_ns);
ktime_t ct_precise_wait(ktime_t until);

unsigned int ct_precise_max_lead(void);
unsigned int ct_precise_max_wait(void);

#endif /* CUSTOMTIMER_PRECISE_H */
