// SPDX-License-Identifier: GPL-2.0
/*
 * Does what no module may do, for the bed's self-test: the debug kernel has to
 * report each of these. `modprobe bed_defects what=NAME`.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *what = "none";
module_param(what, charp, 0);

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);
static void __rcu *pointer;
static volatile int amount = 40;

static void use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(*p, 1);
}

static void out_of_bounds(void)
{
	size_t size = 64;
	char *p = kmalloc(size, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(size);
	WRITE_ONCE(p[size], 1);
	kfree(p);
}

static void inversion(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);
	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void leak(void)
{
	char *p = kmalloc(777, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
}

static void list(void)
{
	LIST_HEAD(head);
	LIST_HEAD(entry);

	list_add(&entry, &head);
	entry.next = &entry;
	list_del(&entry);
}

static void sleep_in_atomic(void)
{
	spin_lock(&first);
	might_sleep();
	spin_unlock(&first);
}

static void rcu_unlocked(void)
{
	if (rcu_dereference(pointer))
		pr_info("never\n");
}

static void shift(void)
{
	pr_info("shifted: %d\n", 1 << amount);
}

struct timed {
	struct timer_list timer;
};

static void expired(struct timer_list *t)
{
}

static void free_armed(void)
{
	struct timed *t = kzalloc(sizeof(*t), GFP_KERNEL);

	timer_setup(&t->timer, expired, 0);
	mod_timer(&t->timer, jiffies + 1000 * HZ);
	kfree(t);
}

static const struct {
	const char *name;
	void (*act)(void);
} defects[] = {
	{ "use-after-free", use_after_free },
	{ "out-of-bounds", out_of_bounds },
	{ "inversion", inversion },
	{ "leak", leak },
	{ "list", list },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "rcu-unlocked", rcu_unlocked },
	{ "shift", shift },
	{ "free-armed", free_armed },
};

static int __init bed_defects_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(defects); i++)
		if (!strcmp(what, defects[i].name)) {
			defects[i].act();
			return 0;
		}
	return strcmp(what, "none") ? -EINVAL : 0;
}

static void __exit bed_defects_exit(void)
{
}

module_init(bed_defects_init);
module_exit(bed_defects_exit);
MODULE_DESCRIPTION("Mistakes for the self-test of the test bed");
MODULE_LICENSE("GPL");
