/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lead: how much earlier than an exact deadline the interrupt has to be
 * set for, so that it is there in time. Learnt from the delays that were seen.
 * Pure.
 */
#ifndef CUSTOMTIMER_LEAD_H
#define CUSTOMTIMER_LEAD_H

#include <linux/types.h>

/**
 * struct ct_lead - what is known of the delays
 * @quantile: what all but a few in 1000 of them stay below, in ns
 * @window_max: the longest of the current window
 * @seen: number of delays in the current window
 */
struct ct_lead {
	u32 quantile;
	u32 window_max;
	u32 seen;
};

void ct_lead_track(struct ct_lead *l, u64 delay_ns, u32 max_ns);
u32 ct_lead_ns(const struct ct_lead *l, u32 max_ns);

#endif /* CUSTOMTIMER_LEAD_H */
