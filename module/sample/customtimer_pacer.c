// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that uses the custom timer: a pacer. It wants to do something every
 * period_us, count times, and afterwards reports in the kernel log how far from
 * its moments it was called. With compare=1 an hrtimer does the same first.
 *
 *	modprobe customtimer_pacer period_us=300 count=1000 compare=1
 *	dmesg | grep pacer
 *
 * Three timers show three uses: one is periodic, one is started by the other's
 * callback and ends a pulse (pulse_us), one is in no hurry and looks whether there
 * is progress (watch_ms).
 */
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include <customtimer.h>

static unsigned int period_us = 300;
module_param(period_us, uint, 0444);
MODULE_PARM_DESC(period_us, "distance of two calls, 1 to 1000000 us (default 300)");

static unsigned int count = 1000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "number of calls, 1 to 1000000 (default 1000)");

static bool compare;
module_param(compare, bool, 0444);
MODULE_PARM_DESC(compare, "let an hrtimer do the same first (default off)");

static unsigned int pulse_us;
module_param(pulse_us, uint, 0444);
MODULE_PARM_DESC(pulse_us, "begin a pulse at each call and end it so much later, less than period_us; 0: do not (default)");

static unsigned int watch_ms;
module_param(watch_ms, uint, 0444);
MODULE_PARM_DESC(watch_ms, "how often to look for progress; 0: never (default)");

static struct custom_timer custom;
static struct custom_timer pulse;
static struct custom_timer watch;
static struct hrtimer hrtimer;
static struct work_struct work;

/* Of the timer that is at work: the errors so far, and periods it skipped. */
static s64 *errors;
static unsigned int done;
static u64 missed;
static bool early;

/* Any context. */
static u64 period_ns(void)
{
	return (u64)period_us * NSEC_PER_USEC;
}

/* Hard interrupt context. A real driver would do its work here. */
static void pace(ktime_t deadline)
{
	s64 error = ktime_sub(ktime_get(), deadline);

	early |= error < 0;
	errors[done++] = max_t(s64, error, 0);
	if (done == count)
		schedule_work(&work);
}

/* The pulses so far, and how much longer than pulse_us the longest was. */
static unsigned int pulses;
static s64 longest;

/* One-shot and exact: it is started anew for each pulse. Hard interrupt context. */
static enum custom_timer_restart pulse_fn(struct custom_timer *t)
{
	pulses++;
	longest = max_t(s64, longest,
			ktime_sub(ktime_get(), custom_timer_expires(t)));
	return CUSTOM_TIMER_NORESTART;
}

/*
 * Periodic with a window: it shares the interrupt of whatever else runs within
 * half a period. Hard interrupt context.
 */
static enum custom_timer_restart watch_fn(struct custom_timer *t)
{
	static unsigned int seen;

	if (done == seen && done < count)
		pr_warn("no call for %u ms\n", watch_ms);
	seen = done;
	custom_timer_forward(t, ktime_get(), (u64)watch_ms * NSEC_PER_MSEC);
	return CUSTOM_TIMER_RESTART;
}

/* Periodic and exact. Hard interrupt context. */
static enum custom_timer_restart custom_fn(struct custom_timer *t)
{
	ktime_t deadline = custom_timer_expires(t);

	pace(deadline);
	if (pulse_us)
		custom_timer_start(&pulse, ktime_add_us(deadline, pulse_us), 0);
	if (done == count)
		return CUSTOM_TIMER_NORESTART;
	missed += custom_timer_forward(t, ktime_get(), period_ns()) - 1;
	return CUSTOM_TIMER_RESTART;
}

/* Hard interrupt context. */
static enum hrtimer_restart hrtimer_fn(struct hrtimer *t)
{
	pace(hrtimer_get_expires(t));
	if (done == count)
		return HRTIMER_NORESTART;
	missed += hrtimer_forward_now(t, ns_to_ktime(period_ns())) - 1;
	return HRTIMER_RESTART;
}

/* Any context. */
static int compare_s64(const void *a, const void *b)
{
	s64 x = *(const s64 *)a, y = *(const s64 *)b;

	return x < y ? -1 : x > y;
}

/* The smallest error that @per_mille of all do not exceed. They are sorted. Any context. */
static s64 quantile(unsigned int per_mille)
{
	return errors[DIV_ROUND_UP_ULL((u64)done * per_mille, 1000) - 1];
}

/* Process context, when no timer runs any more. */
static void report(const char *name)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < done; i++)
		sum += errors[i];
	sort(errors, done, sizeof(*errors), compare_s64, NULL);
	pr_info("%s: %u calls every %u us, error in ns: min %lld mean %llu p50 %lld p99 %lld p99.9 %lld max %lld, %llu periods missed, %s\n",
		name, done, period_us, errors[0], div_u64(sum, done),
		quantile(500), quantile(990), quantile(999), errors[done - 1],
		missed, early ? "SOME EARLY" : "none early");
}

/* Not the hrtimer that it is compared with. */
static bool custom_runs;

/* Process context. */
static int start_custom(void)
{
	custom_runs = true;
	done = 0;
	missed = 0;
	early = false;
	return schedule_custom_timer(&custom, period_ns());
}

/* Process context. */
static void work_fn(struct work_struct *unused)
{
	if (!custom_runs) {
		report("hrtimer");
		start_custom();
	} else {
		report("custom timer");
		if (pulse_us)
			pr_info("%u pulses of %u us, at most %lld ns too long\n",
				pulses, pulse_us, longest);
	}
}

/* Process context. */
static int __init pacer_init(void)
{
	int err;

	if (!period_us || period_us > USEC_PER_SEC || !count ||
	    count > 1000000) {
		pr_err("period_us and count are 1 to 1000000\n");
		return -EINVAL;
	}
	if (pulse_us >= period_us || watch_ms > MSEC_PER_SEC) {
		pr_err("pulse_us is less than period_us, watch_ms 0 to 1000\n");
		return -EINVAL;
	}
	errors = vmalloc_array(count, sizeof(*errors));
	if (!errors)
		return -ENOMEM;

	INIT_WORK(&work, work_fn);
	custom_timer_setup(&custom, custom_fn);
	custom_timer_setup(&pulse, pulse_fn);
	custom_timer_setup(&watch, watch_fn);
	if (watch_ms)
		schedule_custom_timer_range(&watch,
					    (u64)watch_ms * NSEC_PER_MSEC,
					    (u64)watch_ms * NSEC_PER_MSEC / 2);
	hrtimer_setup(&hrtimer, hrtimer_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	if (!compare) {
		err = start_custom();
		if (err) {
			custom_timer_cancel(&watch);
			vfree(errors);
		}
		return err;
	}
	hrtimer_start(&hrtimer, ktime_add_ns(ktime_get(), period_ns()),
		      HRTIMER_MODE_ABS_HARD);
	return 0;
}

/*
 * The timers queue the work and the work starts the second timer, so that each
 * is stopped twice. A run that was cut short is reported as far as it went. Process
 * context.
 */
static void __exit pacer_exit(void)
{
	hrtimer_cancel(&hrtimer);
	cancel_work_sync(&work);
	custom_timer_cancel(&custom);
	cancel_work_sync(&work);
	/* Nobody starts it any more. */
	custom_timer_cancel(&pulse);
	custom_timer_cancel(&watch);
	if (done && done < count)
		report(custom_runs ? "custom timer" : "hrtimer");
	vfree(errors);
}

module_init(pacer_init);
module_exit(pacer_exit);

MODULE_DESCRIPTION("Sample user of the custom timer");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
