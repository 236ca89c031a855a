// SPDX-License-Identifier: GPL-2.0
/*
 * Registers a clock event device that Linux may use for broadcasts, with a given rating. It
 * can never be withdrawn, so this module stays.
 */
#include <linux/clockchips.h>
#include <linux/cpumask.h>
#include <linux/module.h>

static int rating = 50;
module_param(rating, int, 0444);

/* Interrupts off. No CPU of a Xen guest needs it. */
static int set_next_event(unsigned long delta, struct clock_event_device *dev)
{
	return 0;
}

static struct clock_event_device device = {
	.name = "broadcast",
	.features = CLOCK_EVT_FEAT_ONESHOT,
	.irq = -1,
	.mult = 1,
	.min_delta_ns = 1000,
	.min_delta_ticks = 1000,
	.max_delta_ns = LONG_MAX,
	.max_delta_ticks = LONG_MAX,
	.set_next_event = set_next_event,
};

static int __init broadcast_init(void)
{
	device.rating = rating;
	/* The tick of no CPU. */
	device.cpumask = cpu_none_mask;
	clockevents_register_device(&device);
	return 0;
}

module_init(broadcast_init);

MODULE_DESCRIPTION("A clock event device for broadcasts");
MODULE_LICENSE("GPL");
