// SPDX-License-Identifier: GPL-2.0
/*
 * While this is loaded, the hypervisor seems to refuse every setting of the timer.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

/* In the function's place. */
static int refused(void)
{
	return -EPERM;
}

static int refuse(struct kprobe *p, struct pt_regs *regs)
{
	regs->ip = (unsigned long)refused;
	return 1;
}

/* Never called, but it keeps the probe from being a jump, which could not do this. */
static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "ct_xen_arm",
	.pre_handler = refuse,
	.post_handler = after,
};

static int __init refusal_init(void)
{
	return register_kprobe(&probe);
}

static void __exit refusal_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(refusal_init);
module_exit(refusal_exit);

MODULE_DESCRIPTION("A hypervisor that refuses to set the timer");
MODULE_LICENSE("GPL");
