// SPDX-License-Identifier: GPL-2.0
/*
 * Xen's clock and the host's wall clock.
 *
 * Deadlines are CLOCK_MONOTONIC; the hypervisor takes Xen system time. Between them
 * stands sched_clock(), which in a Xen guest is Xen system time less a constant. A
 * hypercall that sets the timer can return Xen's own present, and so bound the constant
 * from both sides: now and then it does, and a constant that leaves the bounds is
 * corrected on the spot.
 */
#include <linux/jiffies.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>

#include <xen/events.h>
#include <xen/features.h>
#include <xen/interface/features.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/platform.h>
#include <xen/interface/xen.h>
#include <xen/xen.h>
#include <asm/x86_init.h>
#include <asm/xen/hypercall.h>

#include "xenclock.h"

/* A clock offset that may be too small by no more than this is good enough. */
#define CT_SURE_NS 1000

/*
 * How often Xen is asked for its present: that it writes into our memory is up to
 * a third of what setting the timer costs. The constant only changes while the
 * guest is suspended, and is read anew then.
 */
#define CT_CHECK_JIFFIES (HZ / 10)

/* No hypercall takes longer, unless the vCPU loses its CPU meanwhile. */
#define CT_OFFSET_NS NSEC_PER_MSEC

/* Xen's present, from guests of all types; Linux does not declare it. */
#define CT_HVMOP_GET_TIME 10

struct ct_hvm_get_time {
	u64 now;
};

/* Whether sched_clock() is Xen's clock. Any context. */
bool ct_xen_clock_is_ours(void)
{
	return xen_pv_domain() || (xen_have_vector_callback &&
				   xen_feature(XENFEAT_hvm_safe_pvclock));
}

/* Says what is missing if the clock cannot be offered as @part. Process context. */
bool ct_xen_has_clock(const char *part)
{
	if (!xen_domain())
		pr_err("%s: not a Xen guest, so there is no clock of Xen's\n",
		       part);
	else if (!ct_xen_clock_is_ours())
		pr_err("%s: this guest does not run by Xen's clock: it needs the vector callback and XENFEAT_hvm_safe_pvclock\n",
		       part);
	else
		return true;
	return false;
}

/* The host's wall clock. Any context. */
void ct_xen_wallclock(struct timespec64 *ts)
{
	x86_platform.get_wallclock(ts);
}

/* Whether this guest may set the host's wall clock. Any context. */
bool ct_xen_may_set_wallclock(void)
{
	return xen_initial_domain();
}

/* Sets the host's wall clock, which only dom0 may. Process context. */
int ct_xen_set_wallclock(const struct timespec64 *ts)
{
	struct xen_platform_op op = {
		.cmd = XENPF_settime64,
		.u.settime64 = {
			.secs = ts->tv_sec,
			.nsecs = ts->tv_nsec,
		},
	};
	struct ct_hvm_get_time get;
	int err;

	err = HYPERVISOR_hvm_op(CT_HVMOP_GET_TIME, &get);
	if (err)
		return err;
	op.u.settime64.system_time = get.now;
	return HYPERVISOR_platform_op(&op);
}

/*
 * The clock offset, of which a hypercall has told that it is no larger than @most
 * and, as hypercalls take time, smaller. Where Xen's clock is also the guest's
 * clocksource it can be read; where it is not, @most it is: interrupts that come
 * late are learnt, while those that come early have to be set twice.
 */
static s64 ct_xen_clock_offset(s64 most)
{
	struct ct_times linux_now;
	unsigned long flags;
	u64 before, after;
	s64 offset;
	bool valid;

	local_irq_save(flags);
	before = sched_clock();
	valid = ct_read_times(CLOCK_REALTIME, &linux_now);
	after = sched_clock();
	local_irq_restore(flags);
	if (!valid)
		return most;
	offset = linux_now.cycles - before - (after - before) / 2;
	return offset <= most && offset > most - CT_OFFSET_NS ? offset : most;
}

/*
 * Before the first setting, and after each resume. @most: as large as the offset can be.
 * On the CPU, process context.
 */
void ct_xen_clock_open(struct ct_xen_clock *clock, s64 most)
{
	clock->offset = ct_xen_clock_offset(most);
	clock->check = jiffies;
}

/*
 * Corrects the offset from Xen's present and sched_clock() before the hypercall that
 * told it, and after. Returns true if the offset was too large, which means that the
 * timer was set too late. Base locked, on its CPU.
 */
bool ct_xen_clock_correct(struct ct_xen_clock *clock, u64 xen_now, u64 before)
{
	s64 most = xen_now - before;
	s64 least;

	clock->check = jiffies + CT_CHECK_JIFFIES;
	if (clock->offset > most) {
		clock->offset = most;
		return true;
	}
	/* Reading the clock takes time: only where it makes a difference. */
	if (most - clock->offset > CT_SURE_NS) {
		least = xen_now - sched_clock();
		clock->offset = max(clock->offset, least);
	}
	return false;
}
