// SPDX-License-Identifier: GPL-2.0
/*
 * Loading, unloading, CPU hotplug, suspend and resume.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>

#include "backend.h"
#include "base.h"
#include "chardev.h"
#include "clock.h"
#include "clockevent.h"
#include "debugfs.h"
#include "guard.h"
#include "parts.h"
#include "procfs.h"

#ifdef CT_UNTESTED
#pragma message CT_UNTESTED
#endif

static char *backend = "xen";
module_param(backend, charp, 0444);
MODULE_PARM_DESC(backend, "where interrupts come from: xen (default) or hrtimer (any Linux)");

static const struct ct_backend *const ct_backends[] = {
	&ct_xen_backend,
	&ct_hrtimer_backend,
};

/* What the user asked for; ct_backend is what serves at present. */
static const struct ct_backend *ct_wanted;

static enum cpuhp_state ct_hotplug_state;

/*
 * The system is suspended, saved or hibernated, or on its way there or back. CPUs that go
 * and come meanwhile leave the bases as they are. Changes with CPU hotplug locked out.
 */
static bool ct_suspended;

/* On @cpu in process context. */
static int ct_cpu_online(unsigned int cpu)
{
	int err;

	if (ct_suspended)
		return 0;
	err = ct_base_up(cpu);
	if (!err)
		ct_clockevent_cpu_up(cpu);
	return err;
}

/* On @cpu in process context. */
static int ct_cpu_offline(unsigned int cpu)
{
	int err;

	if (ct_suspended)
		return 0;
	err = ct_clockevent_cpu_down(cpu);
	if (!err)
		ct_base_down(cpu);
	return err;
}

/* Process context. */
static int ct_module_event(struct notifier_block *nb, unsigned long event,
			   void *data)
{
	if (event == MODULE_STATE_GOING)
		ct_base_drop_module(data);
	return NOTIFY_OK;
}

static struct notifier_block ct_module_notifier = {
	.notifier_call = ct_module_event,
};

/*
 * Suspend, hibernation, save and migration. A guest that comes back may find another
 * hypervisor and another clock, and Xen's timers and event priorities are gone. An
 * interrupt that is still bound then and that the new hypervisor does not know would
 * be the guest's end, so nothing is left bound.
 *
 * Timers stay in their queues. Other devices may still start some, after this and before
 * the resume: as this is a late phase, few do, and what they start waits with the rest.
 * Process context, all CPUs online, user space frozen.
 */
static int ct_suspend(struct device *dev)
{
	unsigned int cpu;
	int err = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		err = ct_clockevent_cpu_down(cpu) ?: err;
	if (err) {
		for_each_online_cpu(cpu)
			ct_clockevent_cpu_up(cpu);
	} else {
		ct_suspended = true;
		for_each_online_cpu(cpu)
			ct_base_pause(cpu);
	}
	cpus_read_unlock();
	return err;
}

/*
 * Makes the base of @cpu usable again, if it can be. CPU hotplug locked out, process
 * context.
 */
static void ct_resume_cpu(unsigned int cpu)
{
	int err = ct_base_up(cpu);

	if (err)
		pr_err("CPU %u has no timer after the resume (%d): other CPUs get its timers\n",
		       cpu, err);
	else
		ct_clockevent_cpu_up(cpu);
}

/* Process context. CPUs that were there before may be missing. */
static int ct_resume(struct device *dev)
{
	unsigned int cpu;

	ct_backend = ct_wanted;
	if (ct_backend->probe()) {
		pr_warn("timers go on with hrtimers until the guest is resumed on a host that has the custom timer\n");
		ct_backend = &ct_hrtimer_backend;
	}

	cpus_read_lock();
	ct_suspended = false;
	for_each_online_cpu(cpu)
		ct_resume_cpu(cpu);
	for_each_possible_cpu(cpu)
		if (ct_base_is_paused(cpu))
			ct_base_abandon(cpu);
	cpus_read_unlock();
	return 0;
}

static const struct dev_pm_ops ct_pm_ops = {
	LATE_SYSTEM_SLEEP_PM_OPS(ct_suspend, ct_resume)
};

static struct platform_driver ct_platform_driver = {
	.driver = {
		.name = KBUILD_MODNAME,
		.pm = pm_sleep_ptr(&ct_pm_ops),
	},
};

/* There to be told of suspend and resume. */
static struct platform_device *ct_platform_device;

/* Process context. */
static int __init ct_platform_probe(struct platform_device *pdev)
{
	return 0;
}

/* Process context. */
static int __init ct_choose_backend(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ct_backends); i++) {
		if (!strcmp(backend, ct_backends[i]->name)) {
			ct_wanted = ct_backends[i];
			ct_backend = ct_wanted;
			return ct_backend->probe();
		}
	}
	pr_err("backend=%s is unknown: it is xen or hrtimer\n", backend);
	return -EINVAL;
}

/* Process context. */
static int __init ct_init(void)
{
	int err;

	err = ct_choose_backend();
	if (err)
		return err;

	err = ct_base_init();
	if (err)
		return err;
	ct_clock_init(ct_clockevent_clock_stepping);

	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "customtimer:online",
				ct_cpu_online, ct_cpu_offline);
	if (err < 0)
		goto err_base;
	ct_hotplug_state = err;

	err = register_module_notifier(&ct_module_notifier);
	if (err)
		goto err_hotplug;

	ct_platform_device = platform_create_bundle(&ct_platform_driver,
						    ct_platform_probe, NULL, 0,
						    NULL, 0);
	if (IS_ERR(ct_platform_device)) {
		err = PTR_ERR(ct_platform_device);
		goto err_notifier;
	}

	err = ct_guard_init();
	if (err)
		goto err_platform;

	err = ct_procfs_init();
	if (err)
		goto err_guard;

	err = ct_chardev_init();
	if (err)
		goto err_procfs;
	ct_debugfs_init();
	ct_parts_init();

	pr_info("version %s, backend %s\n", CUSTOM_TIMER_VERSION,
		ct_backend->name);
	return 0;

err_procfs:
	ct_procfs_exit();
err_guard:
	ct_guard_exit();
err_platform:
	platform_device_unregister(ct_platform_device);
	platform_driver_unregister(&ct_platform_driver);
err_notifier:
	unregister_module_notifier(&ct_module_notifier);
err_hotplug:
	cpuhp_remove_state(ct_hotplug_state);
err_base:
	ct_clock_exit();
	ct_base_exit();
	return err;
}

/* Process context. Nobody else uses the module, and no file is open. */
static void __exit ct_exit(void)
{
	ct_parts_exit();
	ct_clock_exit();
	ct_clockevent_exit();
	ct_debugfs_exit();
	ct_chardev_exit();
	ct_procfs_exit();
	ct_guard_exit();
	platform_device_unregister(ct_platform_device);
	platform_driver_unregister(&ct_platform_driver);
	unregister_module_notifier(&ct_module_notifier);
	cpuhp_remove_state(ct_hotplug_state);
	ct_base_exit();
}

module_init(ct_init);
module_exit(ct_exit);

MODULE_DESCRIPTION("Precise timers for drivers in Xen guests");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(CUSTOM_TIMER_VERSION);
