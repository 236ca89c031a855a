/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernel versions. The build force-includes this file, and
 * nothing else looks at LINUX_VERSION_CODE but the sample, which builds alone as well.
 */
#ifndef CUSTOMTIMER_COMPAT_H
#define CUSTOMTIMER_COMPAT_H

/* Here because the headers below would bring the default. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "customtimer needs Linux 6.1 or newer"
#endif

#include <linux/hrtimer.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *),
	      clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#endif /* CUSTOMTIMER_COMPAT_H */
