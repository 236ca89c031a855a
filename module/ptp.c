// SPDX-License-Identifier: GPL-2.0
/*
 * The host's wall clock, in UTC, as a PTP clock. It can be read and not set.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/ptp_clock_kernel.h>

#include "parts.h"
#include "xenclock.h"

/* A cross timestamp is no more uncertain than this. */
#define CT_CROSS_NS 2000

/*
 * How often it is tried in a row, and how many times after a pause: whatever keeps the
 * CPU busy may be over by then. Some programs end when they are told EBUSY.
 */
#define CT_CROSS_ATTEMPTS 10
#define CT_CROSS_ROUNDS 10
#define CT_CROSS_PAUSE_US 200

static struct ptp_clock *ct_ptp_clock;

/* Process context, as for all of the clock's operations. It cannot be set. */
static int ct_ptp_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

/* Process context. */
static int ct_ptp_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

/* Process context. */
static int ct_ptp_settime64(struct ptp_clock_info *info,
			    const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

/* Process context. */
static int ct_ptp_enable(struct ptp_clock_info *info,
			 struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

/* Process context. */
static int ct_ptp_gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
			     struct ptp_system_timestamp *sts)
{
	unsigned long flags;

	local_irq_save(flags);
	ptp_read_system_prets(sts);
	ct_xen_wallclock(ts);
	ptp_read_system_postts(sts);
	local_irq_restore(flags);
	return 0;
}

/*
 * One clock cannot be told in terms of the other, because Linux may count by the
 * TSC. So ours is read between two snapshots of Linux's, and belongs to their
 * middle. Process context.
 */
static int ct_ptp_getcrosststamp(struct ptp_clock_info *info,
				 struct system_device_crosststamp *cts)
{
	clockid_t clock = ct_cross_clock(cts);
	struct ct_times before, after;
	struct timespec64 ts;
	unsigned long flags;
	unsigned int i;
	bool valid;
	s64 took;

	for (i = 0; i < CT_CROSS_ATTEMPTS * CT_CROSS_ROUNDS; i++) {
		if (i && i % CT_CROSS_ATTEMPTS == 0)
			usleep_range(CT_CROSS_PAUSE_US, 2 * CT_CROSS_PAUSE_US);
		local_irq_save(flags);
		valid = ct_read_times(clock, &before);
		ct_xen_wallclock(&ts);
		valid &= ct_read_times(clock, &after);
		local_irq_restore(flags);

		if (!valid)
			return -ENODEV;
		took = ktime_sub(after.raw, before.raw);
		if (took > CT_CROSS_NS ||
		    before.clock_was_set_seq != after.clock_was_set_seq)
			continue;
		ct_cross_set(cts, timespec64_to_ktime(ts),
			     ktime_add_ns(before.sys, took / 2),
			     ktime_add_ns(before.raw, took / 2));
		return 0;
	}
	return -EBUSY;
}

static struct ptp_clock_info ct_ptp_info = {
	.owner = THIS_MODULE,
	.name = KBUILD_MODNAME,
	.adjfine = ct_ptp_adjfine,
	.adjtime = ct_ptp_adjtime,
	.settime64 = ct_ptp_settime64,
	.enable = ct_ptp_enable,
	.gettimex64 = ct_ptp_gettimex64,
	.getcrosststamp = ct_ptp_getcrosststamp,
};

/* Process context. */
static int ct_ptp_start(void)
{
	int err;

	if (!ct_xen_has_clock("ptp"))
		return -ENODEV;
	ct_ptp_clock = ptp_clock_register(&ct_ptp_info, NULL);
	err = PTR_ERR_OR_ZERO(ct_ptp_clock);
	if (err)
		pr_err("ptp: Linux does not take the clock (%d)\n", err);
	return err;
}

/* Process context. Whoever has the device open gets -ENODEV from now on. */
static int ct_ptp_stop(void)
{
	ptp_clock_unregister(ct_ptp_clock);
	return 0;
}

struct ct_part ct_ptp_part = {
	.name = "ptp",
	.start = ct_ptp_start,
	.stop = ct_ptp_stop,
};
