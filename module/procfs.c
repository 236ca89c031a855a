// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/customtimer: "key: value" lines, a header line that begins with "cpu",
 * then a line for each online CPU. Programs read this: lines and columns are
 * only ever added at the end of their part.
 */
#include <linux/cpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "backend.h"
#include "chardev.h"
#include "guard.h"
#include "procfs.h"
#include "state.h"
#include "xen.h"

/* What one line needs, copied so that the base's lock is held briefly. */
struct ct_snapshot {
	int irq;
	unsigned int queued;
	s64 clock_offset;
	u32 lead;
	struct ct_precise precise;
	struct ct_stats stats;
	struct ct_histogram errors;
};

static void ct_take_snapshot(unsigned int cpu, struct ct_snapshot *snap)
{
	struct custom_timer_base *base = ct_base_of(cpu);
	unsigned long flags;

	ct_lock_irqsave(base, flags);
	snap->irq = base->irq;
	snap->queued = base->exact.count + base->range.count;
	snap->clock_offset = base->clock.offset;
	snap->lead = ct_precise_lead(&base->precise);
	snap->precise = base->precise;
	snap->stats = base->stats;
	snap->errors = *base->errors;
	raw_spin_unlock_irqrestore(&base->lock, flags);
}

static int ct_proc_show(struct seq_file *m, void *v)
{
	const struct ct_histogram *errors;
	struct ct_snapshot *snap;
	const struct ct_stats *s;
	unsigned int cpu;

	snap = kmalloc(sizeof(*snap), GFP_KERNEL);
	if (!snap)
		return -ENOMEM;

	cpus_read_lock();
	ct_take_snapshot(cpumask_first(cpu_online_mask), snap);
	seq_printf(m, "version: %s\n", CUSTOM_TIMER_VERSION);
	seq_printf(m, "backend: %s\n", ct_backend->name);
	seq_printf(m, "guest: %s\n", ct_xen_guest_type());
	seq_printf(m, "events: %s\n", ct_xen_events());
	seq_printf(m, "clock_offset_ns: %lld\n", snap->clock_offset);
	seq_printf(m, "max_lead_ns: %u\n", ct_precise_max_lead());
	seq_printf(m, "max_wait_percent: %u\n", ct_precise_max_wait());
	seq_printf(m, "guard_ns: %u\n", ct_guard_ns());
	seq_printf(m, "device_timers: %u\n", ct_chardev_timers());

	seq_puts(m, "cpu irq queued started cancelled expired armed retries interrupts coalesced spurious lead_ns worst_ns p50_ns p99_ns p99.9_ns waited_ns degraded raised limited moved refused stopped held\n");
	for_each_online_cpu(cpu) {
		ct_take_snapshot(cpu, snap);
		s = &snap->stats;
		errors = &snap->errors;
		seq_printf(m, "%u %d %u %llu %llu %llu %llu %llu %llu %llu %llu %u %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu\n",
			   cpu, snap->irq, snap->queued, s->started,
			   s->cancelled, s->expired, s->armed, s->retries,
			   s->interrupts, s->coalesced, s->spurious,
			   snap->lead, errors->max,
			   ct_hist_quantile(errors, 500),
			   ct_hist_quantile(errors, 990),
			   ct_hist_quantile(errors, 999),
			   snap->precise.waited, snap->precise.degraded,
			   s->raised, s->limited, s->moved, s->refused,
			   s->stopped, s->held);
	}
	cpus_read_unlock();
	kfree(snap);
	return 0;
}

int ct_procfs_init(void)
{
	return proc_create_single("customtimer", 0444, NULL, ct_proc_show) ?
	       0 : -ENOMEM;
}

void ct_procfs_exit(void)
{
	remove_proc_entry("customtimer", NULL);
}
