// SPDX-License-Identifier: GPL-2.0
/*
 * Whether CLOCK_MONOTONIC moves by itself. With a clocksource that counts ticks, such as
 * "jiffies", it stands still between them: waiting for it with interrupts off has no
 * end, and an interrupt that is set for a deadline finds the clock before that deadline.
 */
#include <linux/notifier.h>
#include <linux/pvclock_gtod.h>
#include <linux/time64.h>
#include <linux/timekeeper_internal.h>

#include "clock.h"

/* One count of the clocksource. Counters that hardware offers are below 1 us. */
#define CT_STEP_NS (100 * NSEC_PER_USEC)

bool ct_clock_in_steps;

static void (*ct_clock_stepping)(void);

/*
 * At each update of the timekeeper, and so at each change of the clocksource before it
 * takes effect. Interrupts off, locks of the timekeeper held: the clock cannot be read.
 */
static int ct_clock_updated(struct notifier_block *nb, unsigned long was_set,
			    void *data)
{
	const struct timekeeper *tk = data;
	bool steps = tk->tkr_mono.mult >> tk->tkr_mono.shift >= CT_STEP_NS;

	if (steps != ct_clock_in_steps)
		WRITE_ONCE(ct_clock_in_steps, steps);
	/* Each time: what depends on the clock may have begun meanwhile. */
	if (steps)
		ct_clock_stepping();
	return NOTIFY_DONE;
}

static struct notifier_block ct_clock_notifier = {
	.notifier_call = ct_clock_updated,
};

/*
 * From now on ct_clock_in_steps is true to the clock, and @stepping is called at each
 * tick, and at once, while it is true; interrupts off. Process context.
 */
void ct_clock_init(void (*stepping)(void))
{
	ct_clock_stepping = stepping;
	/* Calls it at once. Cannot fail. */
	pvclock_gtod_register_notifier(&ct_clock_notifier);
}

/* Process context. */
void ct_clock_exit(void)
{
	pvclock_gtod_unregister_notifier(&ct_clock_notifier);
}
