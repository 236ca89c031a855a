// SPDX-License-Identifier: GPL-2.0
#include "samples.h"

/* The bucket that @ns belongs to. The first ones hold one value each. */
static unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift, index;

	if (ns < 1 << SUB_BITS)
		return ns;
	shift = 63 - __builtin_clzll(ns) - SUB_BITS;
	index = (shift << SUB_BITS) + (ns >> shift);
	return index < BUCKETS ? index : BUCKETS - 1;
}

uint64_t bucket_begin(unsigned int index)
{
	unsigned int shift;

	if (index < 1 << SUB_BITS)
		return index;
	shift = (index >> SUB_BITS) - 1;
	return ((index & ((1ULL << SUB_BITS) - 1)) + (1 << SUB_BITS)) << shift;
}

void samples_add(struct samples *s, uint64_t ns)
{
	if (!s->count || ns < s->min)
		s->min = ns;
	if (ns > s->max)
		s->max = ns;
	s->count++;
	s->sum += ns;
	s->bucket[bucket_of(ns)]++;
}

void samples_merge(struct samples *into, const struct samples *from)
{
	unsigned int i;

	if (from->count && (!into->count || from->min < into->min))
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
	into->missed += from->missed;
	for (i = 0; i < BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

uint64_t samples_quantile(const struct samples *s, unsigned int per_mille)
{
	/* Neither product overflows. */
	uint64_t need = s->count / 1000 * per_mille +
			(s->count % 1000 * per_mille + 999) / 1000;
	uint64_t seen = 0, last;
	unsigned int i;

	for (i = 0; i < BUCKETS - 1; i++) {
		seen += s->bucket[i];
		if (seen && seen >= need) {
			last = bucket_begin(i + 1) - 1;
			return last < s->max ? last : s->max;
		}
	}
	return s->max;
}

uint64_t samples_mean(const struct samples *s)
{
	return s->count ? s->sum / s->count : 0;
}

uint64_t samples_between(const struct samples *s, uint64_t least, uint64_t end)
{
	unsigned int i;
	uint64_t n = 0;

	for (i = bucket_of(least); i < BUCKETS; i++) {
		if (bucket_begin(i) >= end)
			break;
		if (bucket_begin(i) >= least)
			n += s->bucket[i];
	}
	return n;
}
