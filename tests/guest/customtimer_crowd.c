// SPDX-License-Identifier: GPL-2.0
/*
 * Very many timers that are far ahead, all with the same deadline, as long as the module
 * is loaded. With leave=1 it breaks the rules: a few of them are still queued when it is
 * unloaded, and one whose callback starts it again and again.
 */
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "customtimer.h"

static unsigned int count = 100000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "number of timers (default 100000)");

static bool leave;
module_param(leave, bool, 0444);
MODULE_PARM_DESC(leave, "do not cancel them at unload (default off)");

#define FAR_NS (1000 * NSEC_PER_SEC)
#define AGAIN_NS (20 * NSEC_PER_USEC)

static struct custom_timer *crowd;
static struct custom_timer again;

/* Hard interrupt context. */
static enum custom_timer_restart far_fn(struct custom_timer *t)
{
	return CUSTOM_TIMER_NORESTART;
}

/* Hard interrupt context. */
static enum custom_timer_restart again_fn(struct custom_timer *t)
{
	custom_timer_forward(t, ktime_get(), AGAIN_NS);
	return CUSTOM_TIMER_RESTART;
}

static int __init crowd_init(void)
{
	ktime_t expires = ktime_add_ns(ktime_get(), FAR_NS);
	unsigned int i;

	crowd = vzalloc(array_size(count, sizeof(*crowd)));
	if (!crowd)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		custom_timer_setup(&crowd[i], far_fn);
		custom_timer_start(&crowd[i], expires, 0);
	}
	custom_timer_setup(&again, again_fn);
	if (leave)
		schedule_custom_timer(&again, AGAIN_NS);
	return 0;
}

/* Timers that are left in queues need their memory until they are dropped: it stays. */
static void __exit crowd_exit(void)
{
	unsigned int i;

	if (leave)
		return;
	for (i = 0; i < count; i++)
		custom_timer_cancel(&crowd[i]);
	vfree(crowd);
}

module_init(crowd_init);
module_exit(crowd_exit);

MODULE_DESCRIPTION("Very many custom timers, for tests");
MODULE_LICENSE("GPL");
