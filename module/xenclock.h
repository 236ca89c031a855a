/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen's clock, its distance from the guest's, and the host's wall clock.
 */
#ifndef CUSTOMTIMER_XENCLOCK_H
#define CUSTOMTIMER_XENCLOCK_H

#include <linux/jiffies.h>
#include <linux/types.h>

struct timespec64;

/**
 * struct ct_xen_clock - what one CPU knows of Xen's clock
 * @offset: Xen system time minus sched_clock()
 * @check: when to check that, in jiffies
 */
struct ct_xen_clock {
	s64 offset;
	unsigned long check;
};

bool ct_xen_clock_is_ours(void);
bool ct_xen_has_clock(const char *part);
void ct_xen_wallclock(struct timespec64 *ts);
bool ct_xen_may_set_wallclock(void);
int ct_xen_set_wallclock(const struct timespec64 *ts);
void ct_xen_clock_open(struct ct_xen_clock *clock, s64 most);
bool ct_xen_clock_correct(struct ct_xen_clock *clock, u64 xen_now, u64 before);

/* Whether it is time to ask Xen. Base locked. */
static inline bool ct_xen_clock_is_stale(const struct ct_xen_clock *clock)
{
	return time_after_eq(jiffies, clock->check);
}

#endif /* CUSTOMTIMER_XENCLOCK_H */
