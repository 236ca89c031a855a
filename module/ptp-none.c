// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of ptp.c on a kernel without PTP clocks.
 */
#include <linux/errno.h>
#include <linux/printk.h>

#include "parts.h"

/* Process context. */
static int ct_ptp_start(void)
{
	pr_err("ptp: this kernel was built without PTP clocks (CONFIG_PTP_1588_CLOCK)\n");
	return -EOPNOTSUPP;
}

/* Process context. Never called: it does not start. */
static int ct_ptp_stop(void)
{
	return 0;
}

struct ct_part ct_ptp_part = {
	.name = "ptp",
	.start = ct_ptp_start,
	.stop = ct_ptp_stop,
};
