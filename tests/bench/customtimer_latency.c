// SPDX-License-Identifier: GPL-2.0
/*
 * Measures how late callbacks start. Loading the module runs one measurement on
 * one CPU; quantiles are then in its read-only parameter "result", and every
 * error, in ascending order, in /proc/customtimer_latency.
 *
 * One-shot: sleeps until the callback has run, then starts the next, so that the
 * CPU may idle. Periodic: the callback forwards its own timer.
 */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include <asm/msr.h>

#include "customtimer.h"
#include "customtimer_disturb.h"

static char *timer = "custom";
module_param(timer, charp, 0444);
MODULE_PARM_DESC(timer, "custom (default) or hrtimer");

static unsigned int cpu;
module_param(cpu, uint, 0444);
MODULE_PARM_DESC(cpu, "the CPU to measure on (default 0)");

static unsigned int count = 1000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "how many callbacks (default 1000)");

static unsigned int warmup = 200;
module_param(warmup, uint, 0444);
MODULE_PARM_DESC(warmup, "how many more before, which do not count (default 200)");

static unsigned int delay_ns = 300000;
module_param(delay_ns, uint, 0444);
MODULE_PARM_DESC(delay_ns, "one-shot: how far ahead each deadline is (default 300000)");

static unsigned int period_ns;
module_param(period_ns, uint, 0444);
MODULE_PARM_DESC(period_ns, "not 0: periodic, with this period");

static unsigned int window_ns;
module_param(window_ns, uint, 0444);
MODULE_PARM_DESC(window_ns, "how much later callbacks may be (default 0: exact)");

static char result[224];
module_param_string(result, result, sizeof(result), 0444);

static DECLARE_COMPLETION(done);
static struct custom_timer custom;
static struct hrtimer hrtimer;

/* What the callback notes, in the order of the expiries. */
struct sample {
	ktime_t deadline;
	ktime_t now;	/* read in the callback */
	u64 before;	/* the TSC before and after that */
	u64 after;
};

static struct sample *samples;
static s64 *errors;
static unsigned int taken;
static u64 missed;

/* Returns false after the last. */
static bool take_sample(ktime_t deadline, u64 before)
{
	struct sample *s = &samples[taken];

	/* A no-op by which tests/bench/where.c knows that the callback has begun. */
	asm volatile(".byte 0x0f, 0x1f, 0x80, 0xfe, 0x5a, 0x00, 0x00");
	if (warmup) {
		warmup--;
		missed = 0;
		return true;
	}
	s->before = before;
	s->now = ktime_get();
	s->after = rdtsc_ordered();
	s->deadline = deadline;
	return ++taken < count;
}

static enum custom_timer_restart custom_fn(struct custom_timer *t)
{
	bool more = take_sample(custom_timer_expires(t), rdtsc_ordered());

	if (!period_ns || !more) {
		complete(&done);
		return CUSTOM_TIMER_NORESTART;
	}
	missed += custom_timer_forward(t, ktime_get(), period_ns) - 1;
	return CUSTOM_TIMER_RESTART;
}

static enum hrtimer_restart hrtimer_fn(struct hrtimer *t)
{
	bool more = take_sample(hrtimer_get_softexpires(t), rdtsc_ordered());

	if (!period_ns || !more) {
		complete(&done);
		return HRTIMER_NORESTART;
	}
	missed += hrtimer_forward(t, ktime_get(), ns_to_ktime(period_ns)) - 1;
	return HRTIMER_RESTART;
}

static void start(bool use_custom, ktime_t deadline)
{
	if (use_custom)
		custom_timer_start(&custom, deadline, window_ns);
	else
		hrtimer_start_range_ns(&hrtimer, deadline, window_ns,
				       HRTIMER_MODE_ABS_PINNED_HARD);
}

/* Returns whether all has come that was asked for. */
static bool wait_until_done(void)
{
	unsigned int before;

	do {
		before = READ_ONCE(taken);
		if (wait_for_completion_timeout(&done, 60 * HZ))
			return true;
	} while (READ_ONCE(taken) != before);
	return false;
}

/* Waits for all that was asked for; the samples then belong to us. */
static int measure(bool use_custom)
{
	unsigned int rounds = period_ns ? 1 : warmup + count, i;
	int err = 0;

	for (i = 0; i < rounds; i++) {
		reinit_completion(&done);
		start(use_custom, ktime_add_ns(ktime_get(),
					       period_ns ?: delay_ns));
		if (!wait_until_done()) {
			pr_err("after %u of %u callbacks none came for a minute\n",
			       taken, count);
			err = -ETIMEDOUT;
			break;
		}
	}
	/* A callback may still be on its last instructions. */
	custom_timer_cancel(&custom);
	hrtimer_cancel(&hrtimer);
	return err;
}

static int compare_s64(const void *a, const void *b)
{
	s64 x = *(const s64 *)a, y = *(const s64 *)b;

	return x < y ? -1 : x > y;
}

/*
 * The callback began when the TSC was first read. The clock was read half-way
 * between the two TSC readings, give or take that half. One half counts for
 * all, that of the fastest: a slower one was interrupted.
 */
static void evaluate(void)
{
	const struct sample *first = &samples[0], *last = &samples[taken - 1];
	u64 ns = max_t(s64, ktime_sub(last->now, first->now), 1);
	u64 cycles = last->before - first->before;
	u64 reading = U64_MAX;
	unsigned int i, early = 0;

	for (i = 0; i < taken; i++)
		reading = min(reading, samples[i].after - samples[i].before);
	reading = mul_u64_u64_div_u64(reading, ns, max_t(u64, cycles, 1));
	for (i = 0; i < taken; i++) {
		errors[i] = ktime_sub(samples[i].now, samples[i].deadline);
		early += errors[i] < 0;
		errors[i] -= reading / 2;
	}
	sort(errors, taken, sizeof(*errors), compare_s64, NULL);
	snprintf(result, sizeof(result),
		 "timer=%s n=%u early=%u missed=%llu min=%lld p50=%lld p90=%lld p99=%lld p999=%lld max=%lld reading=%llu\n",
		 timer, taken, early, missed, errors[0],
		 errors[(taken - 1) / 2], errors[(taken - 1) * 90ULL / 100],
		 errors[(taken - 1) * 99ULL / 100],
		 errors[(taken - 1) * 999ULL / 1000], errors[taken - 1],
		 reading);
}

static int errors_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < taken; i++)
		seq_printf(m, "%lld\n", errors[i]);
	return 0;
}

static int __init latency_init(void)
{
	bool use_custom = !strcmp(timer, "custom");
	typeof(&customtimer_disturb) disturb;
	int err;

	if (!count || (!use_custom && strcmp(timer, "hrtimer"))) {
		pr_err("timer is custom or hrtimer, count at least 1\n");
		return -EINVAL;
	}
	if (cpu >= nr_cpu_ids || !cpu_online(cpu)) {
		pr_err("CPU %u is not online\n", cpu);
		return -EINVAL;
	}
	err = set_cpus_allowed_ptr(current, cpumask_of(cpu));
	if (err)
		return err;

	samples = vcalloc(count, sizeof(*samples));
	errors = vcalloc(count, sizeof(*errors));
	err = -ENOMEM;
	if (!samples || !errors)
		goto out;

	custom_timer_setup(&custom, custom_fn);
	hrtimer_setup(&hrtimer, hrtimer_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_HARD);
	disturb = symbol_get(customtimer_disturb);
	if (disturb)
		disturb(true);
	err = measure(use_custom);
	if (disturb) {
		disturb(false);
		symbol_put(customtimer_disturb);
	}
	if (err)
		goto out;

	evaluate();
	err = -ENOMEM;
	if (proc_create_single("customtimer_latency", 0444, NULL, errors_show))
		err = 0;
out:
	vfree(samples);
	if (err)
		vfree(errors);
	return err;
}

static void __exit latency_exit(void)
{
	remove_proc_entry("customtimer_latency", NULL);
	vfree(errors);
}

module_init(latency_init);
module_exit(latency_exit);

MODULE_DESCRIPTION("Latency of custom timers and hrtimers");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
