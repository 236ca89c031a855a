/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_WAIT_H
#define CUSTOMTIMER_WAIT_H

#include <linux/bitops.h>

#include "state.h"

/*
 * The last stretch before an exact deadline, in which its timer is in no queue: what
 * comes between the deadline and its callback is to be short. Its deadline can be taken
 * back nevertheless.
 */
#define CT_LAST_NS 3000

bool ct_wait(struct custom_timer_base *base, ktime_t now, ktime_t until);

/*
 * Makes the callback of @running one that can still be taken back. Base locked, on its
 * CPU.
 */
static inline void ct_await(struct custom_timer_base *base)
{
	base->running.awaited = 1;
}

/*
 * The deadline of @running has come: from now on its callback cannot be taken back. Base
 * not locked, on its CPU, interrupts off.
 *
 * Return: false if it was taken back before.
 */
static __always_inline bool ct_claim(struct custom_timer_base *base)
{
	return test_and_clear_bit(0, &base->running.awaited);
}

/*
 * Takes back a timer whose CPU waits for its deadline: it is idle then, and that CPU
 * looks at it no more. Base locked.
 *
 * Return: false if it is not waited for so, or its callback has begun.
 */
static inline bool ct_take_back(struct custom_timer_base *base,
				const struct custom_timer *t)
{
	if (likely(base->running.timer != t) ||
	    !test_and_clear_bit(0, &base->running.awaited))
		return false;
	base->running.timer = NULL;
	return true;
}

#endif /* CUSTOMTIMER_WAIT_H */
