/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Any number of durations in constant memory: least, greatest and mean exactly,
 * quantiles to within 1/128. Pure.
 */
#ifndef CUSTOMTIMER_SAMPLES_H
#define CUSTOMTIMER_SAMPLES_H

#include <stdint.h>

#define SUB_BITS 7	/* buckets to each power of two, as a power of two */
#define MAX_BITS 44	/* the last bucket begins near 5 hours */
#define BUCKETS ((MAX_BITS - SUB_BITS + 1) << SUB_BITS)

struct samples {
	uint64_t count;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint64_t missed;	/* periods that passed while the one before lasted */
	uint64_t bucket[BUCKETS];
};

/* All zero is an empty one. */
void samples_add(struct samples *s, uint64_t ns);
void samples_merge(struct samples *into, const struct samples *from);

/* What @per_mille of them do not exceed, 0 if there is none. */
uint64_t samples_quantile(const struct samples *s, unsigned int per_mille);
uint64_t samples_mean(const struct samples *s);

/* How many are in [@least, @end); exact where buckets begin at both. */
uint64_t samples_between(const struct samples *s, uint64_t least, uint64_t end);

/* The least value that belongs to bucket @index. */
uint64_t bucket_begin(unsigned int index);

#endif /* CUSTOMTIMER_SAMPLES_H */
