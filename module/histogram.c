// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/math64.h>

#include "histogram.h"

/* The bucket that @ns belongs to. The first ones hold one value each. Any context. */
unsigned int ct_hist_index(u64 ns)
{
	unsigned int shift, index;

	if (ns < (1 << CT_HIST_SUB_BITS))
		return ns;
	shift = fls64(ns) - 1 - CT_HIST_SUB_BITS;
	index = (shift << CT_HIST_SUB_BITS) + (unsigned int)(ns >> shift);
	return index < CT_HIST_BUCKETS ? index : CT_HIST_BUCKETS - 1;
}

/* The largest value that belongs to bucket @index. Any context. */
u64 ct_hist_bucket_end(unsigned int index)
{
	unsigned int shift;
	u64 mantissa;

	if (index < (1 << CT_HIST_SUB_BITS))
		return index;
	shift = (index >> CT_HIST_SUB_BITS) - 1;
	mantissa = (index & ((1 << CT_HIST_SUB_BITS) - 1)) +
		   (1 << CT_HIST_SUB_BITS);
	return ((mantissa + 1) << shift) - 1;
}

/* The caller serialises updates of one histogram. */
void ct_hist_add(struct ct_histogram *h, u64 ns)
{
	h->count++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
	h->bucket[ct_hist_index(ns)]++;
}

/**
 * ct_hist_quantile - a value that @per_mille of the samples do not exceed
 * @h: the histogram
 * @per_mille: 500 for the median, 1000 for the largest sample
 *
 * Any context; the caller serialises it with updates.
 *
 * Return: the end of the bucket in which the quantile lies, never more than
 * the largest sample; 0 if there is none.
 */
u64 ct_hist_quantile(const struct ct_histogram *h, u32 per_mille)
{
	u64 need, seen = 0;
	unsigned int i;

	if (!h->count)
		return 0;

	need = div_u64(h->count * per_mille + 999, 1000);
	for (i = 0; i < CT_HIST_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= need && seen)
			return ct_hist_bucket_end(i) < h->max ?
			       ct_hist_bucket_end(i) : h->max;
	}
	return h->max;
}
