// SPDX-License-Identifier: GPL-2.0
/*
 * The guard: other events wait while an exact deadline is near.
 *
 * An event handler that has begun runs to its end, and a timer that becomes due
 * meanwhile waits for it. So the CPU waits for the deadline before it looks for
 * events at all, and then finds ours first. All that is held back is pending
 * still when the original function runs, as it always does: a function that
 * returned in its place would be called again at once on PV, and never again
 * with per-vCPU vectors, whose upcall comes only once for a pending flag.
 */
#include <linux/mutex.h>

#include <xen/xen.h>

#include "guard.h"
#include "hold.h"
#include "params.h"

static unsigned int guard_ns;

/* Serialises changes of the parameter, and these with init and exit. */
static DEFINE_MUTEX(ct_guard_lock);

/* Between init and exit: a new value takes effect at once. */
static bool ct_guard_live;

/* The length of the guard; 0: off. Any context. */
unsigned int ct_guard_ns(void)
{
	return READ_ONCE(guard_ns);
}

/*
 * What has to run before the tick although its deadline is later, or NULL. Behind
 * the tick are the callbacks of all hrtimers, which the guard holds back like any
 * event: once in a pass for each timer, and only while the tick is no later than the
 * longest guard, so that a crowd of timers cannot starve it. Base locked.
 */
struct custom_timer *
ct_guard_before_tick(const struct custom_timer_base *base, ktime_t now)
{
	struct custom_timer *t = ct_queue_first(&base->exact);
	s64 ahead;

	if (t == base->tick)
		t = ct_queue_after(t);
	if (!t || t->pass == base->turn.pass || !ct_guard_ns() ||
	    ktime_sub(now, base->tick->expires) > CT_MAX_GUARD_NS)
		return NULL;
	ahead = max_t(s64, ktime_sub(t->expires, now), 0);
	if (ahead > ct_guard_ns() ||
	    !ct_precise_affords(&base->precise, now, ahead))
		return NULL;
	return t;
}

/* Takes the guard from @was to @ns; @ct_guard_lock held. */
static int ct_guard_change(unsigned int was, unsigned int ns)
{
	int err = 0;

	if (ns && !xen_domain()) {
		pr_err("guard_ns holds back Xen's events, and this is not a Xen guest: leave it 0\n");
		return -ENODEV;
	}
	if (ns && !was)
		err = ct_hold_attach(&guard_ns);
	if (err == -EBUSY) {
		pr_err("guard_ns needs ftrace, which is switched off: set kernel.ftrace_enabled to 1 (sysctl), or leave guard_ns 0\n");
		return err;
	}
	if (err) {
		pr_err("guard_ns needs a kernel with CONFIG_DYNAMIC_FTRACE, whose ftrace can follow xen_evtchn_do_upcall (%d): leave it 0\n",
		       err);
		return err;
	}
	if (!ns && was)
		ct_hold_detach();
	return 0;
}

/* Process context. Takes ct_guard_lock. */
static int ct_guard_set(const char *val, const struct kernel_param *kp)
{
	unsigned int ns;
	int err;

	err = ct_param_parse(val, kp, CT_MAX_GUARD_NS, &ns);
	if (err)
		return err;

	mutex_lock(&ct_guard_lock);
	if (ct_guard_live)
		err = ct_guard_change(guard_ns, ns);
	if (!err)
		WRITE_ONCE(guard_ns, ns);
	mutex_unlock(&ct_guard_lock);
	return err;
}

static const struct kernel_param_ops ct_guard_param_ops = {
	.set = ct_guard_set,
	.get = param_get_uint,
};

module_param_cb(guard_ns, &ct_guard_param_ops, &guard_ns, 0644);
MODULE_PARM_DESC(guard_ns, "how long before an exact deadline no other event's handler is started, nor an hrtimer's if clockevent is on, in ns; 0: no guard (default 0)");

/* Process context, before exit. */
int ct_guard_init(void)
{
	int err;

	mutex_lock(&ct_guard_lock);
	err = ct_guard_change(0, guard_ns);
	ct_guard_live = !err;
	if (err)
		ct_hold_release();
	mutex_unlock(&ct_guard_lock);
	return err;
}

/* Process context. The parameter can be written still, but changes nothing. */
void ct_guard_exit(void)
{
	mutex_lock(&ct_guard_lock);
	ct_guard_live = false;
	if (guard_ns)
		ct_hold_detach();
	ct_hold_release();
	mutex_unlock(&ct_guard_lock);
}
