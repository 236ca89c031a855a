// SPDX-License-Identifier: GPL-2.0
/*
 * Measures one-shot timers: sleeps until the callback has run, then starts the
 * next, so that the CPU is idle when the interrupt comes. Loading the module
 * runs it; the result is in its read-only parameter "result".
 */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "customtimer.h"

static char *timer = "custom";
module_param(timer, charp, 0444);
MODULE_PARM_DESC(timer, "custom or hrtimer");

static unsigned int delay_ns = 300000;
module_param(delay_ns, uint, 0444);

static unsigned int count = 1000;
module_param(count, uint, 0444);

static char result[160];
module_param_string(result, result, sizeof(result), 0444);

static DECLARE_COMPLETION(called);
static struct custom_timer custom;
static struct hrtimer hrtimer;
static ktime_t at;

static enum custom_timer_restart custom_fn(struct custom_timer *t)
{
	at = ktime_get();
	complete(&called);
	return CUSTOM_TIMER_NORESTART;
}

static enum hrtimer_restart hrtimer_fn(struct hrtimer *t)
{
	at = ktime_get();
	complete(&called);
	return HRTIMER_NORESTART;
}

static int compare_s64(const void *a, const void *b)
{
	s64 x = *(const s64 *)a, y = *(const s64 *)b;

	return x < y ? -1 : x > y;
}

static int __init latency_init(void)
{
	bool use_custom = !strcmp(timer, "custom");
	unsigned int i, early = 0;
	ktime_t deadline;
	s64 *errors;
	int err;

	if (!count || (!use_custom && strcmp(timer, "hrtimer"))) {
		pr_err("timer is custom or hrtimer, count at least 1\n");
		return -EINVAL;
	}

	errors = vmalloc_array(count, sizeof(*errors));
	if (!errors)
		return -ENOMEM;

	custom_timer_setup(&custom, custom_fn);
	hrtimer_setup(&hrtimer, hrtimer_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	for (i = 0; i < count; i++) {
		reinit_completion(&called);
		deadline = ktime_add_ns(ktime_get(), delay_ns);
		if (use_custom)
			custom_timer_start(&custom, deadline, 0);
		else
			hrtimer_start(&hrtimer, deadline, HRTIMER_MODE_ABS_HARD);
		err = -ETIMEDOUT;
		if (!wait_for_completion_timeout(&called, 10 * HZ)) {
			pr_err("timer %u of %u never expired\n", i, count);
			custom_timer_cancel(&custom);
			hrtimer_cancel(&hrtimer);
			goto out;
		}
		errors[i] = ktime_sub(at, deadline);
		early += errors[i] < 0;
	}
	/* A callback may still be on its last instructions. */
	custom_timer_cancel(&custom);
	hrtimer_cancel(&hrtimer);
	sort(errors, count, sizeof(*errors), compare_s64, NULL);
	snprintf(result, sizeof(result),
		 "timer=%s n=%u early=%u min=%lld p50=%lld p90=%lld p99=%lld p999=%lld max=%lld\n",
		 timer, count, early, errors[0], errors[(count - 1) / 2],
		 errors[(u64)(count - 1) * 90 / 100],
		 errors[(u64)(count - 1) * 99 / 100],
		 errors[(u64)(count - 1) * 999 / 1000], errors[count - 1]);
	err = 0;
out:
	vfree(errors);
	return err;
}

static void __exit latency_exit(void)
{
}

module_init(latency_init);
module_exit(latency_exit);

MODULE_DESCRIPTION("Latency of one-shot custom timers and hrtimers");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
