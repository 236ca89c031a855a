// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks that go wrong.
 *
 * /proc/customtimer_slew	how fast CLOCK_REALTIME runs against
 *				CLOCK_MONOTONIC_RAW in ppm, then timers meanwhile:
 *				"ppm=N late_us=N over_ns=N early=N lost=N". Of each
 *				distance the least counts, which the host does not
 *				spoil; of those above 2 ms, which are tried twice, of
 *				more tries while that exceeds the parameters late_ns
 *				and over_ns. late_us: the worst of the exact
 *				ones. over_ns: by how much one is later than an hrtimer
 *				of the same distance, or its window and that
 * /proc/customtimer_offset	timers, each started with a clock offset that is
 *				wrong in another way; TAP
 *
 * The offset is disturbed by a probe on the function that uses it. Everything
 * else is as always, and the hypervisor is the real one.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "state.h"

static DEFINE_MUTEX(one_at_a_time);

static DECLARE_COMPLETION(called);
static struct custom_timer timer;
static s64 error;

static enum custom_timer_restart called_fn(struct custom_timer *t)
{
	error = ktime_sub(ktime_get(), custom_timer_expires(t));
	complete(&called);
	return CUSTOM_TIMER_NORESTART;
}

/* One timer; its error is in @error. False if it never came. May sleep. */
static bool run_one(u64 delay_ns, u64 window_ns)
{
	bool came;

	reinit_completion(&called);
	schedule_custom_timer_range(&timer, delay_ns, window_ns);
	came = wait_for_completion_timeout(&called, 20 * HZ);
	custom_timer_cancel(&timer);
	return came;
}

static struct hrtimer hrtimer;

static enum hrtimer_restart hrtimer_called_fn(struct hrtimer *t)
{
	error = ktime_sub(ktime_get(), hrtimer_get_expires(t));
	complete(&called);
	return HRTIMER_NORESTART;
}

/* The same for an hrtimer. May sleep. */
static bool run_hrtimer(u64 delay_ns)
{
	bool came;

	reinit_completion(&called);
	hrtimer_start(&hrtimer, delay_ns, HRTIMER_MODE_REL_HARD);
	came = wait_for_completion_timeout(&called, 20 * HZ);
	hrtimer_cancel(&hrtimer);
	return came;
}

static unsigned int late_ns = NSEC_PER_MSEC;
module_param(late_ns, uint, 0444);
MODULE_PARM_DESC(late_ns, "this late an exact timer may be");

static unsigned int over_ns = UINT_MAX;
module_param(over_ns, uint, 0444);
MODULE_PARM_DESC(over_ns, "as much later than an hrtimer a timer may be");

/* What came of the timers of one distance. */
struct outcome {
	s64 exact;	/* the least late */
	s64 range;
	s64 hrtimer;
	unsigned int early;
	unsigned int lost;
};

/* By how much timers are later than hrtimers. */
static s64 over_hrtimer(const struct outcome *o)
{
	return max(o->exact, o->range) - o->hrtimer;
}

#define MAX_ROUNDS 8

/* Timers of one distance, by turns. May sleep. */
static struct outcome run_distance(u64 delay)
{
	struct outcome o = {
		.exact = S64_MAX, .range = S64_MAX, .hrtimer = S64_MAX,
	};
	unsigned int rounds = 0;
	u64 window = delay / 4;

	do {
		o.lost += !run_one(delay, 0);
		o.early += error < 0;
		o.exact = min(o.exact, error);
		o.lost += !run_hrtimer(delay);
		o.hrtimer = min(o.hrtimer, error);
		o.lost += !run_one(delay, window);
		o.early += error < 0;
		o.range = min_t(s64, o.range, error - window);
		o.lost += !run_hrtimer(delay);
		o.hrtimer = min(o.hrtimer, error);
	} while (!o.lost && (++rounds < (delay > 2 * NSEC_PER_MSEC ? 2 : 50) ||
			     (rounds < MAX_ROUNDS &&
			      (o.exact > late_ns || over_hrtimer(&o) > over_ns))));
	return o;
}

static int slew_show(struct seq_file *m, void *v)
{
	static const u64 delays[] = {
		20000, 300000, 900000, 1100000, 5000000, 30000000, 300000000,
		NSEC_PER_SEC,
	};
	s64 slewed, raw, late = 0, over = S64_MIN;
	struct ct_times before, after;
	unsigned int i, early = 0, lost = 0;
	struct outcome o;

	mutex_lock(&one_at_a_time);
	/* Of one moment, even if the host takes the CPU away. */
	ct_read_times(CLOCK_REALTIME, &before);
	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		o = run_distance(delays[i]);
		late = max(late, o.exact);
		over = max(over, over_hrtimer(&o));
		early += o.early;
		lost += o.lost;
	}
	ct_read_times(CLOCK_REALTIME, &after);
	slewed = ktime_sub(after.sys, before.sys);
	raw = ktime_sub(after.raw, before.raw);
	seq_printf(m, "ppm=%lld late_us=%lld over_ns=%lld early=%u lost=%u\n",
		   div64_s64((slewed - raw) * 1000000, raw),
		   div_s64(late, NSEC_PER_USEC), over, early, lost);
	mutex_unlock(&one_at_a_time);
	return 0;
}

/* What the next setting shall find the offset wrong by, 0: leave it. */
static s64 disturbance;

/* At each entry of ct_xen_arm(), whose first argument is the locked base. */
static int disturb(struct kprobe *probe, struct pt_regs *regs)
{
	struct custom_timer_base *base = (void *)regs_get_kernel_argument(regs, 0);

	base->clock.offset += disturbance;
	disturbance = 0;
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "customtimer:ct_xen_arm",
	.pre_handler = disturb,
};

#define MAX_LATE_NS (100 * NSEC_PER_MSEC)
#define MAX_TRIES 20

static int offset_show(struct seq_file *m, void *v)
{
	static const s64 wrong[] = {
		1000, 20000, 300000, 10000000, NSEC_PER_SEC,
		365 * 86400LL * NSEC_PER_SEC,
	};
	static const u64 delays[] = { 100000, 800000, 5000000 };
	unsigned int number = 0, i, j, sign, tries;

	mutex_lock(&one_at_a_time);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		for (sign = 0; sign < 2; sign++) {
			unsigned int early = 0, lost = 0, again = 0;
			s64 worst = 0;

			for (j = 0; j < ARRAY_SIZE(delays); j++) {
				/* Late may be the host's doing; not each time. */
				tries = MAX_TRIES;
				do {
					/* It is checked ten times a second. */
					msleep(110);
					WRITE_ONCE(disturbance,
						   sign ? -wrong[i] : wrong[i]);
					lost += !run_one(delays[j], 0) ||
						disturbance;
					early += error < 0;
				} while (error > MAX_LATE_NS && --tries);
				again += MAX_TRIES - max(tries, 1U);
				worst = max(worst, error);
			}
			if (again)
				seq_printf(m, "# too late %u times: tried again\n",
					   again);
			seq_printf(m, "%sok %u - clock offset wrong by %s%lld ns: %u early, %u lost, at most %lld ns late\n",
				   early || lost ||
				   worst > MAX_LATE_NS ? "not " : "",
				   ++number, sign ? "-" : "", wrong[i], early,
				   lost, worst);
		}
	}
	/*
	 * The last may have been corrected by an answer that was long under way, if the
	 * host took the CPU away meanwhile. Each further answer is a bound.
	 */
	for (i = 0; i < 20; i++) {
		msleep(110);
		run_one(delays[0], 0);
	}
	mutex_unlock(&one_at_a_time);
	return 0;
}

static int __init clocktest_init(void)
{
	int err = register_kprobe(&probe);

	if (err)
		return err;
	custom_timer_setup(&timer, called_fn);
	hrtimer_setup(&hrtimer, hrtimer_called_fn, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	if (!proc_create_single("customtimer_slew", 0400, NULL, slew_show) ||
	    !proc_create_single("customtimer_offset", 0400, NULL, offset_show))
		return -ENOMEM;
	return 0;
}

static void __exit clocktest_exit(void)
{
	remove_proc_entry("customtimer_slew", NULL);
	remove_proc_entry("customtimer_offset", NULL);
	custom_timer_cancel(&timer);
	unregister_kprobe(&probe);
}

module_init(clocktest_init);
module_exit(clocktest_exit);

MODULE_DESCRIPTION("Custom timers while clocks go wrong");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
