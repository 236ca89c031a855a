// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/customtimer/: the long form of what /proc/customtimer sums
 * up. For people; unlike there, the format may change.
 *
 * timers	every timer that is queued
 * histogram	errors of exact timers, every bucket that is not empty
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "debugfs.h"
#include "state.h"

/* How many timers are copied while a base is locked. */
#define CT_CHUNK 32

struct ct_copy {
	const struct custom_timer *timer;
	void *function;
	ktime_t expires;
	ktime_t end;
	u64 order;
};

/*
 * Copies the timers of @q that come after @last. Holds the lock of @base as long as that
 * takes. Returns the number of copies. Any context but NMI.
 */
static unsigned int ct_copy_timers(struct custom_timer_base *base,
				   const struct ct_queue *q,
				   const struct ct_copy *last,
				   struct ct_copy *copy)
{
	const struct custom_timer *t;
	unsigned int n = 0;
	unsigned long flags;

	ct_lock_irqsave(base, flags);
	for (t = ct_queue_beyond(q, last->expires, last->order);
	     t && n < CT_CHUNK; t = ct_queue_after(t)) {
		copy[n++] = (struct ct_copy){
			.timer = t,
			.function = t->function,
			.expires = t->expires,
			.end = t->end,
			.order = t->order,
		};
	}
	raw_spin_unlock_irqrestore(&base->lock, flags);
	return n;
}

/*
 * Timers come and go between two chunks, so the whole is no picture of one
 * moment; a timer that stays queued is shown once. Process context.
 */
static void ct_show_queue(struct seq_file *m, struct custom_timer_base *base,
			  const struct ct_queue *q, struct ct_copy *copy)
{
	struct ct_copy last = {};
	unsigned int i, n;

	do {
		n = ct_copy_timers(base, q, &last, copy);
		for (i = 0; i < n; i++) {
			last = copy[i];
			seq_printf(m, "%u %p %lld %lld %ps\n", base->cpu,
				   last.timer, last.expires,
				   ktime_sub(last.end, last.expires),
				   last.function);
		}
	} while (n == CT_CHUNK && !seq_has_overflowed(m));
}

/* Process context. */
static int ct_timers_show(struct seq_file *m, void *v)
{
	struct custom_timer_base *base;
	struct ct_copy *copy;
	unsigned int cpu;

	copy = kmalloc_array(CT_CHUNK, sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;

	seq_printf(m, "now_ns: %lld\n", ktime_get());
	seq_puts(m, "cpu timer expires_ns window_ns function\n");
	for_each_possible_cpu(cpu) {
		base = ct_base_of(cpu);
		ct_show_queue(m, base, &base->exact, copy);
		ct_show_queue(m, base, &base->range, copy);
	}
	kfree(copy);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ct_timers);

/* Process context. Locks one base after the other. */
static int ct_histogram_show(struct seq_file *m, void *v)
{
	struct custom_timer_base *base;
	struct ct_histogram *copy;
	unsigned long flags;
	unsigned int cpu, i;

	copy = kmalloc(sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;

	seq_puts(m, "cpu least_ns most_ns count\n");
	for_each_possible_cpu(cpu) {
		base = ct_base_of(cpu);
		ct_lock_irqsave(base, flags);
		*copy = *base->errors;
		raw_spin_unlock_irqrestore(&base->lock, flags);
		for (i = 0; i < CT_HIST_BUCKETS; i++)
			if (copy->bucket[i])
				seq_printf(m, "%u %llu %llu %llu\n", cpu,
					   i ? ct_hist_bucket_end(i - 1) + 1 : 0,
					   min(ct_hist_bucket_end(i), copy->max),
					   copy->bucket[i]);
	}
	kfree(copy);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ct_histogram);

static struct dentry *ct_debugfs;

/* Nothing depends on debugfs, so that failures are ignored. Process context. */
void ct_debugfs_init(void)
{
	ct_debugfs = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("timers", 0400, ct_debugfs, NULL, &ct_timers_fops);
	debugfs_create_file("histogram", 0400, ct_debugfs, NULL,
			    &ct_histogram_fops);
}

/* Process context. */
void ct_debugfs_exit(void)
{
	debugfs_remove_recursive(ct_debugfs);
}
