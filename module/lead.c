// SPDX-License-Identifier: GPL-2.0
/*
 * The estimate of how long interrupts take. Any context; the caller serialises all calls
 * on one lead.
 */
#include "lead.h"

/* A step down as a shift of the quantile, and how many of them one up has. */
#define CT_LEAD_STEP_SHIFT 12
#define CT_LEAD_STEPS_UP 511

/* What of an excess is added to a step up, as a shift: follows a slower guest. */
#define CT_LEAD_EXCESS_SHIFT 6

/*
 * After this many delays in a row below the quantile, all but an eighth of the excess
 * goes: single steps would take thousands of expiries to follow a guest that got
 * faster.
 */
#define CT_LEAD_WINDOW 128

/*
 * Room above the quantile for the handler's own work on a slow CPU, plus 1/16 for
 * jitter.
 */
#define CT_LEAD_ROOM_NS 700

/*
 * Takes in one delay. The first is believed at once. After that the quantile goes
 * up CT_LEAD_STEPS_UP when a delay exceeds it and down one when it does not, so
 * that it comes to rest where one in so many does. One in 100 would be too many:
 * the 99th percentile of the errors would then be those of late interrupts.
 */
void ct_lead_track(struct ct_lead *l, u64 delay_ns, u32 max_ns)
{
	u32 delay = delay_ns < max_ns ? delay_ns : max_ns;
	u32 step = (l->quantile >> CT_LEAD_STEP_SHIFT) + 1;
	u32 gap;

	if (delay > l->quantile) {
		gap = delay - l->quantile;
		if (l->quantile)
			gap = CT_LEAD_STEPS_UP * step +
			      (gap >> CT_LEAD_EXCESS_SHIFT);
		l->quantile += gap;
		l->seen = 0;
		l->window_max = 0;
		return;
	}

	gap = l->quantile - delay;
	l->quantile -= step < gap ? step : gap;
	if (delay > l->window_max)
		l->window_max = delay;
	if (++l->seen == CT_LEAD_WINDOW) {
		if (l->quantile > l->window_max)
			l->quantile -= (l->quantile - l->window_max) / 8 * 7;
		l->seen = 0;
		l->window_max = 0;
	}
}

/* The lead to set the next interrupt with, never more than @max_ns. */
u32 ct_lead_ns(const struct ct_lead *l, u32 max_ns)
{
	u64 lead = (u64)l->quantile + l->quantile / 16 + CT_LEAD_ROOM_NS;

	return lead < max_ns ? lead : max_ns;
}
