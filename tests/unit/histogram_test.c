// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "histogram.h"
#include "tap.h"

#define SAMPLES 10000

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void test_buckets(void)
{
	unsigned int i, index, gaps = 0, wide = 0;
	u64 ns, end;

	for (i = 0; i + 1 < CT_HIST_BUCKETS; i++) {
		end = ct_hist_bucket_end(i);
		gaps += ct_hist_index(end) != i || ct_hist_index(end + 1) != i + 1;
	}
	ok(!gaps, "buckets follow one another without gap or overlap");
	ok(ct_hist_index(0) == 0 && ct_hist_index(UINT64_MAX) == CT_HIST_BUCKETS - 1 &&
	   ct_hist_index(1ULL << CT_HIST_MAX_BITS) == CT_HIST_BUCKETS - 1,
	   "the least and the largest value have a bucket");
	for (ns = 1; ns < 1ULL << CT_HIST_MAX_BITS; ns += 1 + ns / 7) {
		index = ct_hist_index(ns);
		wide += ct_hist_bucket_end(index) > ns + ns / 16;
	}
	ok(!wide, "a bucket's end is within 1/16 of each of its values");
}

static void test_quantiles(void)
{
	static const u32 per_mille[] = { 0, 1, 500, 900, 990, 999, 1000 };
	static u64 sample[SAMPLES];
	struct ct_histogram *h = calloc(1, sizeof(*h));
	u64 exact, have;
	unsigned int i;

	ok(ct_hist_quantile(h, 500) == 0, "no samples: 0");
	srand(1);
	for (i = 0; i < SAMPLES; i++) {
		sample[i] = ((u64)rand() << 5) >> rand() % 36;
		ct_hist_add(h, sample[i]);
	}
	qsort(sample, SAMPLES, sizeof(*sample), by_value);
	for (i = 0; i < sizeof(per_mille) / sizeof(*per_mille); i++) {
		u64 rank = ((u64)SAMPLES * per_mille[i] + 999) / 1000;

		exact = sample[rank ? rank - 1 : 0];
		have = ct_hist_quantile(h, per_mille[i]);
		ok(have >= exact && have <= exact + exact / 16,
		   "quantile %u per mille: %llu for %llu", per_mille[i],
		   (unsigned long long)have, (unsigned long long)exact);
	}
	ok(ct_hist_quantile(h, 1000) == h->max && h->count == SAMPLES,
	   "the last quantile is the largest sample");
	ct_hist_add(h, UINT64_MAX);
	ok(ct_hist_quantile(h, 1000) == UINT64_MAX, "a sample beyond all buckets");
	free(h);
}

/* At 100 kHz that many samples take half a day. */
static void test_many(void)
{
	struct ct_histogram *h = calloc(1, sizeof(*h));
	u64 many = 1ULL << 32;

	ct_hist_add(h, 100);
	h->bucket[ct_hist_index(100)] = many - 1;
	h->count = many - 1;
	ct_hist_add(h, 100);
	ct_hist_add(h, 1000000);
	ok(h->bucket[ct_hist_index(100)] == many && h->count == many + 1,
	   "a bucket holds more than 32 bits can count");
	ok(ct_hist_quantile(h, 500) <= 107 && ct_hist_quantile(h, 999) <= 107,
	   "and the quantiles are still those of the samples");
	free(h);
}

int main(void)
{
	test_buckets();
	test_quantiles();
	test_many();
	return done_testing();
}
