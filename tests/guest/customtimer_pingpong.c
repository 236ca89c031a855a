// SPDX-License-Identifier: GPL-2.0
/*
 * Two timers whose callbacks start each other, each on a CPU of its own, and that this module
 * leaves behind when it is unloaded, which breaks the rules.
 */
#include <linux/ktime.h>
#include <linux/module.h>

#include "customtimer.h"

#define AGAIN_NS (50 * NSEC_PER_USEC)

static struct custom_timer timers[2];

/* Hard interrupt context. */
static enum custom_timer_restart start_other(struct custom_timer *t)
{
	unsigned int other = t == &timers[0];

	custom_timer_start_on(&timers[other], other,
			      ktime_add_ns(ktime_get(), AGAIN_NS), 0);
	return CUSTOM_TIMER_NORESTART;
}

static int __init pingpong_init(void)
{
	custom_timer_setup(&timers[0], start_other);
	custom_timer_setup(&timers[1], start_other);
	return custom_timer_start_on(&timers[0], 0, ktime_get(), 0);
}

static void __exit pingpong_exit(void)
{
}

module_init(pingpong_init);
module_exit(pingpong_exit);

MODULE_DESCRIPTION("Two custom timers that start each other and are left behind, for tests");
MODULE_LICENSE("GPL");
