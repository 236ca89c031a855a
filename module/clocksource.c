// SPDX-License-Identifier: GPL-2.0
/*
 * Xen system time as a clocksource.
 *
 * In a Xen guest sched_clock() is Xen system time less a constant that makes it go
 * on where it was when the guest was saved, and no CPU sees it go back.
 */
#include <linux/clocksource.h>
#include <linux/module.h>
#include <linux/sched/clock.h>

#include "parts.h"
#include "xenclock.h"

/* Any context. */
static u64 notrace ct_clocksource_read(struct clocksource *cs)
{
	return sched_clock();
}

static struct clocksource ct_clocksource = {
	.name = "customtimer",
	/* Never chosen but by name. */
	.rating = 1,
	.read = ct_clocksource_read,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS,
	.owner = THIS_MODULE,
};

/* Process context. */
static int ct_clocksource_start(void)
{
	int err;

	if (!ct_xen_has_clock("clocksource"))
		return -ENODEV;
	err = clocksource_register_hz(&ct_clocksource, NSEC_PER_SEC);
	if (err)
		pr_err("clocksource: Linux does not take it (%d)\n", err);
	return err;
}

/* Process context. Linux goes over to another clocksource if this is in use. */
static int ct_clocksource_stop(void)
{
	int err = clocksource_unregister(&ct_clocksource);

	if (err)
		pr_err("clocksource: Linux has no other to go over to (%d)\n",
		       err);
	return err;
}

struct ct_part ct_clocksource_part = {
	.name = "clocksource",
	.start = ct_clocksource_start,
	.stop = ct_clocksource_stop,
};
