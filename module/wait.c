// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for an exact deadline while its timer is still queued, so that it can be
 * cancelled or overtaken.
 */
#include <linux/math64.h>

#include "wait.h"

/* How often a wait looks whether it still has a reason. */
#define CT_LOOK_NS 500

/*
 * Waits until @until, shortly before an exact deadline. Its timer stays queued
 * meanwhile, so that it can be cancelled; that, or another that is started, ends the
 * wait, for the caller to look again. Base locked; dropped for the wait.
 *
 * Return: false if the clock does not move.
 */
bool ct_wait(struct custom_timer_base *base, ktime_t now, ktime_t until)
	__must_hold(&base->lock)
{
	s64 rounds = div_s64(ktime_sub(until, now), CT_LOOK_NS) + 1;
	u64 was = base->exact.changes;
	ktime_t begin = now;

	raw_spin_unlock(&base->lock);
	/* Once at least: whoever waited for the lock has changed the queue by now. */
	do
		now = ct_precise_wait(min(until, ktime_add(now, CT_LOOK_NS)));
	while (now < until && --rounds > 0 &&
	       READ_ONCE(base->exact.changes) == was);
	ct_lock(base);
	ct_precise_spend(&base->precise, now, ktime_sub(now, begin));
	return now >= until || (now > begin && base->exact.changes != was);
}
