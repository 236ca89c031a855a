// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of rtc.c on a kernel without RTCs.
 */
#include <linux/errno.h>
#include <linux/printk.h>

#include "parts.h"

/* Process context. */
static int ct_rtc_start(void)
{
	pr_err("rtc: this kernel was built without RTCs (CONFIG_RTC_CLASS)\n");
	return -EOPNOTSUPP;
}

/* Process context. Never called: it does not start. */
static int ct_rtc_stop(void)
{
	return 0;
}

struct ct_part ct_rtc_part = {
	.name = "rtc",
	.start = ct_rtc_start,
	.stop = ct_rtc_stop,
};
