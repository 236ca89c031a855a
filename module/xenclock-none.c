// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of xenclock.c on a kernel without CONFIG_XEN.
 */
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/time64.h>

#include "xenclock.h"

/* Process context. */
bool ct_xen_has_clock(const char *part)
{
	pr_err("%s: this kernel was built without CONFIG_XEN, so there is no clock of Xen's\n",
	       part);
	return false;
}

/* Any context. Nobody has such a clock: see ct_xen_has_clock(). */
void ct_xen_wallclock(struct timespec64 *ts)
{
	*ts = (struct timespec64) { };
}

/* Any context. */
bool ct_xen_may_set_wallclock(void)
{
	return false;
}

/* Process context. */
int ct_xen_set_wallclock(const struct timespec64 *ts)
{
	return -ENODEV;
}
