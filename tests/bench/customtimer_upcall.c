// SPDX-License-Identifier: GPL-2.0
/*
 * Where the time goes between a deadline and its callback, on one CPU: up to the
 * upcall, that is, when the guest is told of the event, and from there on.
 * Loading the module measures; the medians are then in its read-only parameters
 * "to_upcall" and "to_callback". For virtual time, where a tick of the TSC is 1 ns.
 */
#include <linux/completion.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/sort.h>

#include <asm/msr.h>
#include <xen/events.h>

#include "customtimer.h"

#define COUNT 500

static long to_upcall;
module_param(to_upcall, long, 0444);

static long to_callback;
module_param(to_callback, long, 0444);

static long before[COUNT], after[COUNT];
static unsigned int taken;
static u64 upcall;

static DECLARE_COMPLETION(done);
static struct custom_timer timer;

/* Hard interrupt context, interrupts off. */
static void note_upcall(unsigned long ip, unsigned long parent_ip,
			struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	upcall = rdtsc();
}

static struct ftrace_ops ops = {
	.func = note_upcall,
};

/* Hard interrupt context. */
static enum custom_timer_restart expired(struct custom_timer *t)
{
	u64 tsc = rdtsc();

	after[taken] = tsc - upcall;
	before[taken] = ktime_sub(ktime_get(), custom_timer_expires(t)) -
			(rdtsc() - upcall);
	taken++;
	complete(&done);
	return CUSTOM_TIMER_NORESTART;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static long median(long *values)
{
	sort(values, COUNT, sizeof(*values), compare, NULL);
	return values[COUNT / 2];
}

static int __init upcall_init(void)
{
	int err;

	if (num_online_cpus() != 1) {
		pr_err("wants one CPU\n");
		return -EINVAL;
	}
	err = ftrace_set_filter_ip(&ops, (unsigned long)xen_evtchn_do_upcall,
				   0, 1);
	if (err)
		return err;
	err = register_ftrace_function(&ops);
	if (err)
		goto out;

	custom_timer_setup(&timer, expired);
	while (!err && taken < COUNT) {
		reinit_completion(&done);
		schedule_custom_timer(&timer, 300 * NSEC_PER_USEC);
		if (!wait_for_completion_timeout(&done, 60 * HZ))
			err = -ETIMEDOUT;
	}
	custom_timer_cancel(&timer);
	unregister_ftrace_function(&ops);
	to_upcall = median(before);
	to_callback = median(after);
out:
	ftrace_free_filter(&ops);
	return err;
}

static void __exit upcall_exit(void)
{
}

module_init(upcall_init);
module_exit(upcall_exit);

MODULE_DESCRIPTION("From the deadline to the upcall, and on to the callback");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
