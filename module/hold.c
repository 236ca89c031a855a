// SPDX-License-Identifier: GPL-2.0
/*
 * How the guard holds events back: an ftrace callback on Xen's upcall.
 */
#include <linux/ftrace.h>
#include <linux/smp.h>

#include <xen/events.h>

#include "hold.h"
#include "program.h"
#include "wait.h"

/*
 * Waits for an exact deadline that is no further ahead than @guard_ns.
 *
 * Runs no timer: that is left to the interrupt which is pending by then. Ends
 * early when the first timer is cancelled or time to wait is used up. Hard
 * interrupt context, interrupts off, on the base's CPU.
 */
static void ct_hold(struct custom_timer_base *base, u32 guard_ns)
{
	const struct custom_timer *t;
	ktime_t now, from;
	s64 ahead, last;

	if (!READ_ONCE(base->exact.root.rb_leftmost))
		return;

	ct_lock(base);
	from = ktime_get();
	last = CT_LAST_NS + ct_precise_dispatch(&base->precise);
	for (now = from; base->life == CT_ONLINE; now = ktime_get()) {
		t = ct_first_precise(base);
		/* It will be late: the CPU is for everything else until then. */
		if (!t || t->expires < base->turn.floor)
			break;
		ahead = ktime_sub(t->expires, now);
		if (ahead <= last || ahead > guard_ns ||
		    !ct_precise_affords(&base->precise, now, ahead) ||
		    !ct_wait(base, now, ktime_sub(t->expires, last)))
			break;
	}
	if (now != from) {
		base->stats.held++;
		base->guard.from = from;
		base->guard.until = now;
	}
	raw_spin_unlock(&base->lock);
}

/* The length of the guard. Read locklessly. */
static const unsigned int *ct_hold_ns;

/* Hard interrupt context, interrupts off. */
static void ct_hold_upcall(unsigned long ip, unsigned long parent_ip,
			   struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	ct_hold(ct_base_of(smp_processor_id()), READ_ONCE(*ct_hold_ns));
}

/*
 * Permanent: while it is in use kernel.ftrace_enabled cannot be set to 0, and it is
 * refused with -EBUSY where that is 0 already. Otherwise it would silently not be called.
 */
static struct ftrace_ops ct_hold_ops = {
	.func = ct_hold_upcall,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

/* From now on events are held back for *@guard_ns, which may change. Process context. */
int ct_hold_attach(const unsigned int *guard_ns)
{
	int err;

	ct_hold_ns = guard_ns;
	err = ftrace_set_filter_ip(&ct_hold_ops,
				   (unsigned long)xen_evtchn_do_upcall, 0, 1);
	return err ?: register_ftrace_function(&ct_hold_ops);
}

/* Process context. Returns when no CPU is in the callback. */
void ct_hold_detach(void)
{
	unregister_ftrace_function(&ct_hold_ops);
}

/* Process context. ftrace leaves the filter unusable: once, at the end. */
void ct_hold_release(void)
{
	ftrace_free_filter(&ct_hold_ops);
}
