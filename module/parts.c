// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of the PV clock driver: each is off until its parameter is set, at
 * load or later, and does without the others.
 */
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "parts.h"

/* Serialises changes of the parameters, and these with init and exit. */
static DEFINE_MUTEX(ct_parts_lock);

/* Between init and exit: a new value takes effect at once. */
static bool ct_parts_live;

static struct ct_part *const ct_parts[] = {
	&ct_clocksource_part,
	&ct_ptp_part,
	&ct_rtc_part,
	&ct_clockevent_part,
};

/* Process context, @ct_parts_lock held. */
static int ct_part_switch(struct ct_part *part, bool on)
{
	int err = 0;

	if (ct_parts_live && on != part->on)
		err = on ? part->start() : part->stop();
	if (!err)
		part->on = on;
	return err;
}

/* Process context. Takes ct_parts_lock. */
static int ct_part_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err;

	if (kstrtobool(val, &on)) {
		pr_err("%s is 0 or 1\n", kp->name);
		return -EINVAL;
	}
	mutex_lock(&ct_parts_lock);
	err = ct_part_switch(kp->arg, on);
	mutex_unlock(&ct_parts_lock);
	return err;
}

/* Process context. */
static int ct_part_get(char *buffer, const struct kernel_param *kp)
{
	const struct ct_part *part = kp->arg;

	return sysfs_emit(buffer, "%d\n", part->on);
}

static const struct kernel_param_ops ct_part_ops = {
	.set = ct_part_set,
	.get = ct_part_get,
};

module_param_cb(clockevent, &ct_part_ops, &ct_clockevent_part, 0644);
MODULE_PARM_DESC(clockevent, "1: every CPU's tick, and so every hrtimer, uses the custom timer (default 0)");
module_param_cb(clocksource, &ct_part_ops, &ct_clocksource_part, 0644);
MODULE_PARM_DESC(clocksource, "1: Xen system time as a clocksource that can be chosen (default 0)");
module_param_cb(ptp, &ct_part_ops, &ct_ptp_part, 0644);
MODULE_PARM_DESC(ptp, "1: the host's wall clock as a PTP clock (default 0)");
module_param_cb(rtc, &ct_part_ops, &ct_rtc_part, 0644);
MODULE_PARM_DESC(rtc, "1: the host's wall clock as an RTC (default 0)");

/* A part has to stop by itself. Process context. */
static void ct_part_give_up(struct ct_part *part)
{
	mutex_lock(&ct_parts_lock);
	ct_part_switch(part, false);
	mutex_unlock(&ct_parts_lock);
}

/* Process context. A part that cannot start stays off, the others run. */
void ct_parts_init(void)
{
	struct ct_part *part;
	int i;

	mutex_lock(&ct_parts_lock);
	ct_parts_live = true;
	for (i = 0; i < ARRAY_SIZE(ct_parts); i++) {
		part = ct_parts[i];
		part->give_up = ct_part_give_up;
		if (!part->on)
			continue;
		part->on = false;
		if (ct_part_switch(part, true))
			pr_warn("goes on without %s\n", part->name);
	}
	mutex_unlock(&ct_parts_lock);
}

/*
 * Process context. The parameters can be written still, but change nothing. A
 * part that refuses to stop holds a reference to the module, so none is left.
 */
void ct_parts_exit(void)
{
	int i;

	mutex_lock(&ct_parts_lock);
	for (i = ARRAY_SIZE(ct_parts) - 1; i >= 0; i--)
		WARN_ON(ct_part_switch(ct_parts[i], false));
	ct_parts_live = false;
	mutex_unlock(&ct_parts_lock);
}
