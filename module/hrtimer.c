// SPDX-License-Identifier: GPL-2.0
/*
 * The backend that needs no Xen: one hrtimer per CPU. For developing a driver
 * on any Linux, and the stand-in where the hypervisor refuses.
 */
#include "backend.h"
#include "state.h"

/* Hard interrupt context. */
static enum hrtimer_restart ct_hrtimer_expired(struct hrtimer *hrtimer)
{
	struct custom_timer_base *base =
		container_of(hrtimer, struct custom_timer_base, hrtimer);

	base->expire(base, true);
	return HRTIMER_NORESTART;
}

/* Process context. */
static int ct_hrtimer_probe(void)
{
	return 0;
}

/* Process context. */
static int ct_hrtimer_cpu_up(struct custom_timer_base *base)
{
	hrtimer_setup(&base->hrtimer, ct_hrtimer_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_HARD);
	return 0;
}

/* Process context. */
static void ct_hrtimer_cpu_down(struct custom_timer_base *base)
{
	hrtimer_cancel(&base->hrtimer);
}

/* Base locked, on its CPU. */
static int ct_hrtimer_arm(struct custom_timer_base *base, ktime_t now,
			  ktime_t expires, u64 window_ns)
{
	base->stats.armed++;
	hrtimer_start_range_ns(&base->hrtimer, expires, window_ns,
			       HRTIMER_MODE_ABS_PINNED_HARD);
	return 0;
}

/* Base locked, on its CPU, so that the callback is not running. */
static void ct_hrtimer_stop(struct custom_timer_base *base)
{
	hrtimer_try_to_cancel(&base->hrtimer);
}

const struct ct_backend ct_hrtimer_backend = {
	.name = "hrtimer",
	.probe = ct_hrtimer_probe,
	.cpu_up = ct_hrtimer_cpu_up,
	.cpu_down = ct_hrtimer_cpu_down,
	.arm = ct_hrtimer_arm,
	.stop = ct_hrtimer_stop,
};
