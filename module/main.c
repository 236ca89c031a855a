// SPDX-License-Identifier: GPL-2.0
/*
 * Loading, unloading, CPU hotplug.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "procfs.h"
#include "timer.h"

static char *backend = "xen";
module_param(backend, charp, 0444);
MODULE_PARM_DESC(backend, "where interrupts come from: xen (default) or hrtimer (any Linux)");

static const struct ct_backend *const ct_backends[] = {
	&ct_xen_backend,
	&ct_hrtimer_backend,
};

static enum cpuhp_state ct_hotplug_state;

static int ct_cpu_online(unsigned int cpu)
{
	return ct_timer_cpu_up(cpu);
}

static int ct_cpu_offline(unsigned int cpu)
{
	ct_timer_cpu_down(cpu);
	return 0;
}

static int ct_module_event(struct notifier_block *nb, unsigned long event,
			   void *data)
{
	if (event == MODULE_STATE_GOING)
		ct_timer_drop_module(data);
	return NOTIFY_OK;
}

static struct notifier_block ct_module_notifier = {
	.notifier_call = ct_module_event,
};

static int __init ct_choose_backend(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ct_backends); i++) {
		if (!strcmp(backend, ct_backends[i]->name)) {
			ct_backend = ct_backends[i];
			return ct_backend->probe();
		}
	}
	pr_err("backend=%s is unknown: it is xen or hrtimer\n", backend);
	return -EINVAL;
}

static int __init ct_init(void)
{
	int err;

	err = ct_choose_backend();
	if (err)
		return err;

	ct_timer_init();

	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "customtimer:online",
				ct_cpu_online, ct_cpu_offline);
	if (err < 0)
		return err;
	ct_hotplug_state = err;

	err = register_module_notifier(&ct_module_notifier);
	if (err)
		goto err_hotplug;

	err = ct_procfs_init();
	if (err)
		goto err_notifier;

	pr_info("version %s, backend %s\n", CUSTOM_TIMER_VERSION,
		ct_backend->name);
	return 0;

err_notifier:
	unregister_module_notifier(&ct_module_notifier);
err_hotplug:
	cpuhp_remove_state(ct_hotplug_state);
	ct_timer_exit();
	return err;
}

static void __exit ct_exit(void)
{
	ct_procfs_exit();
	unregister_module_notifier(&ct_module_notifier);
	cpuhp_remove_state(ct_hotplug_state);
	ct_timer_exit();
}

module_init(ct_init);
module_exit(ct_exit);

MODULE_DESCRIPTION("Precise timers for drivers in Xen guests");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(CUSTOM_TIMER_VERSION);
