/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A histogram of durations with buckets of constant relative width: quantiles
 * to within 1/16 without keeping or sorting the samples. Pure.
 */
#ifndef CUSTOMTIMER_HISTOGRAM_H
#define CUSTOMTIMER_HISTOGRAM_H

#include <linux/types.h>

#define CT_HIST_SUB_BITS 4	/* 16 buckets to each power of two */
#define CT_HIST_MAX_BITS 36	/* the last bucket begins near 64 s */
#define CT_HIST_BUCKETS \
	((CT_HIST_MAX_BITS - CT_HIST_SUB_BITS + 1) << CT_HIST_SUB_BITS)

struct ct_histogram {
	u64 count;
	u64 sum;
	u64 max;
	u64 bucket[CT_HIST_BUCKETS];
};

void ct_hist_add(struct ct_histogram *h, u64 ns);
u64 ct_hist_quantile(const struct ct_histogram *h, u32 per_mille);
unsigned int ct_hist_index(u64 ns);
u64 ct_hist_bucket_end(unsigned int index);

#endif /* CUSTOMTIMER_HISTOGRAM_H */
