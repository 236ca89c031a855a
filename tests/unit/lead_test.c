// SPDX-License-Identifier: GPL-2.0
/*
 * The lead on made-up delays: what it has learnt after so many of them.
 */
#include "lead.h"
#include "tap.h"

#define MAX_NS 100000

static u64 seed = 88172645463325252;

static u32 number(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* @count delays in [@least, @least + @spread). Returns how many came too late. */
static unsigned int feed(struct ct_lead *l, unsigned int count, u32 least,
			 u32 spread)
{
	unsigned int late = 0;
	u32 delay;

	while (count--) {
		delay = least + number(spread);
		late += delay > ct_lead_ns(l, MAX_NS);
		ct_lead_track(l, delay, MAX_NS);
	}
	return late;
}

int main(void)
{
	static const u32 delays[] = { 300, 3000, 10000, 40000, 75000 };
	struct ct_lead l;
	unsigned int i, late;
	u32 lead, before;

	for (i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		u32 d = delays[i], spread = d / 20 + 1;

		l = (struct ct_lead){};
		feed(&l, 200, d, spread);
		lead = ct_lead_ns(&l, MAX_NS);
		ok(lead >= d && lead <= d + d / 4 + 1300,
		   "delays from %u ns: a lead of %u ns after 200", d, lead);
		late = feed(&l, 10000, d, spread);
		ok(late <= 100, "delays from %u ns: %u of 10000 too late", d,
		   late);
	}

	l = (struct ct_lead){};
	feed(&l, 1000, 75000, 1000);
	feed(&l, 600, 10000, 1000);
	lead = ct_lead_ns(&l, MAX_NS);
	ok(lead < 14000, "75 us, then 600 of 10 us: down to %u ns", lead);
	feed(&l, 200, 75000, 1000);
	lead = ct_lead_ns(&l, MAX_NS);
	ok(lead >= 75000, "then 200 of 75 us: up to %u ns", lead);

	l = (struct ct_lead){};
	feed(&l, 1000, 10000, 500);
	before = ct_lead_ns(&l, MAX_NS);
	ct_lead_track(&l, UINT64_MAX, MAX_NS);
	lead = ct_lead_ns(&l, MAX_NS);
	ok(lead >= before && lead <= before + 3500,
	   "one delay out of all bounds: %u ns become %u", before, lead);

	l = (struct ct_lead){};
	feed(&l, 1000, 5000000, 1000);
	ok(ct_lead_ns(&l, MAX_NS) == MAX_NS, "never beyond its bound");
	ok(ct_lead_ns(&l, 0) == 0, "a bound of 0 switches it off");
	ok(ct_lead_ns(&l, 5000) == 5000, "a bound that was lowered holds at once");
	return done_testing();
}
