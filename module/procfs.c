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

/**
 * struct ct_snapshot - the values of one line; those it shows have 64 bits each
 * @cpu: the CPU
 * @irq: its interrupt
 * @queued: number of timers
 * @lead: the lead of the next exact timer
 * @quantile: the median of @errors, the 99th and the 99.9th percentile
 * @clock_offset: Xen's clock less sched_clock()
 * @precise: what was waited
 * @stats: counters
 * @errors: of exact timers
 */
struct ct_snapshot {
	s64 cpu;
	s64 irq;
	u64 queued;
	u64 lead;
	u64 quantile[3];
	s64 clock_offset;
	struct ct_precise precise;
	struct ct_stats stats;
	struct ct_histogram errors;
};

/* A column: its name in the header, and where a snapshot has its value. */
struct ct_column {
	const char *name;
	size_t offset;
};

#define CT_COLUMN(name, member) {					\
	name,								\
	offsetof(struct ct_snapshot, member) +				\
	BUILD_BUG_ON_ZERO(sizeof_field(struct ct_snapshot, member) !=	\
			  sizeof(s64))					\
}

static const struct ct_column ct_columns[] = {
	CT_COLUMN("cpu", cpu),
	CT_COLUMN("irq", irq),
	CT_COLUMN("queued", queued),
	CT_COLUMN("started", stats.started),
	CT_COLUMN("cancelled", stats.cancelled),
	CT_COLUMN("expired", stats.expired),
	CT_COLUMN("armed", stats.armed),
	CT_COLUMN("retries", stats.retries),
	CT_COLUMN("interrupts", stats.interrupts),
	CT_COLUMN("coalesced", stats.coalesced),
	CT_COLUMN("spurious", stats.spurious),
	CT_COLUMN("lead_ns", lead),
	CT_COLUMN("worst_ns", errors.max),
	CT_COLUMN("p50_ns", quantile[0]),
	CT_COLUMN("p99_ns", quantile[1]),
	CT_COLUMN("p99.9_ns", quantile[2]),
	CT_COLUMN("waited_ns", precise.waited),
	CT_COLUMN("degraded", precise.degraded),
	CT_COLUMN("raised", stats.raised),
	CT_COLUMN("limited", stats.limited),
	CT_COLUMN("moved", stats.moved),
	CT_COLUMN("refused", stats.refused),
	CT_COLUMN("stopped", stats.stopped),
	CT_COLUMN("held", stats.held),
};

/* Copies, so that the base's lock is held briefly. Any context but NMI. */
static void ct_take_snapshot(unsigned int cpu, struct ct_snapshot *snap)
{
	struct custom_timer_base *base = ct_base_of(cpu);
	unsigned long flags;

	snap->cpu = cpu;
	ct_lock_irqsave(base, flags);
	snap->irq = base->irq;
	snap->queued = base->exact.count + base->range.count;
	snap->clock_offset = base->clock.offset;
	snap->lead = ct_precise_lead(&base->precise);
	snap->precise = base->precise;
	snap->stats = base->stats;
	snap->errors = *base->errors;
	raw_spin_unlock_irqrestore(&base->lock, flags);

	snap->quantile[0] = ct_hist_quantile(&snap->errors, 500);
	snap->quantile[1] = ct_hist_quantile(&snap->errors, 990);
	snap->quantile[2] = ct_hist_quantile(&snap->errors, 999);
}

/* A line of the table, the header if @snap is NULL. Process context. */
static void ct_show_line(struct seq_file *m, const struct ct_snapshot *snap)
{
	const struct ct_column *column;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ct_columns); i++) {
		column = &ct_columns[i];
		if (i)
			seq_putc(m, ' ');
		if (snap)
			seq_printf(m, "%lld",
				   *(const s64 *)((const void *)snap +
						  column->offset));
		else
			seq_puts(m, column->name);
	}
	seq_putc(m, '\n');
}

/* Process context. */
static int ct_proc_show(struct seq_file *m, void *v)
{
	struct ct_snapshot *snap;
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

	ct_show_line(m, NULL);
	for_each_online_cpu(cpu) {
		ct_take_snapshot(cpu, snap);
		ct_show_line(m, snap);
	}
	cpus_read_unlock();
	kfree(snap);
	return 0;
}

/* Process context. */
int ct_procfs_init(void)
{
	return proc_create_single("customtimer", 0444, NULL, ct_proc_show) ?
	       0 : -ENOMEM;
}

/* Process context. */
void ct_procfs_exit(void)
{
	remove_proc_entry("customtimer", NULL);
}
