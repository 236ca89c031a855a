/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The timers of one CPU, and what lies between them and a backend.
 */
#ifndef CUSTOMTIMER_TIMER_H
#define CUSTOMTIMER_TIMER_H

#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "customtimer.h"
#include "histogram.h"
#include "precise.h"
#include "queue.h"

struct module;

/* Counters of one CPU, under the lock of its base. */
struct ct_stats {
	u64 started;
	u64 cancelled;
	u64 expired;
	u64 armed;	/* settings of the interrupt source */
	u64 retries;	/* settings repeated because Xen's clock was ahead */
	u64 raised;	/* interrupts the CPU sent to itself */
	u64 interrupts;
	u64 coalesced;	/* expiries that shared another one's interrupt */
	u64 spurious;	/* interrupts that found nothing due */
	u64 limited;	/* passes cut short, for everything else to have its turn */
	u64 moved;	/* timers taken over from a CPU that went offline */
	u64 refused;	/* settings the hypervisor refused */
	u64 stopped;	/* settings taken back, nothing else being queued */
	u64 held;	/* upcalls that the guard held back */
	struct ct_histogram errors;	/* of exact timers, in ns */
};

/**
 * struct custom_timer_base - the timers of one CPU
 * @lock: protects every member but @name; taken in hard interrupts
 * @cpu: the CPU
 * @online: the CPU takes timers and has a backend
 * @in_expiry: the expiry loop is at work and will arm when it is done
 * @kicked: an IPI that arms is on its way
 * @raised: an interrupt that the CPU sends to itself is on its way
 * @raised_at: when it was sent
 * @left: when the expiry loop last ended
 * @starved: ns for which the CPU has been kept from all else that it has to do
 * @running: the timer whose callback runs
 * @exact: timers without a window
 * @range: timers with one
 * @armed: CLOCK_MONOTONIC moment the interrupt source is set to, KTIME_MAX: none.
 *	Means nothing while @raised.
 * @armed_end: the latest moment that setting allows
 * @armed_exact: the setting is for an exact timer
 * @far_until: jiffies until which that setting is far ahead
 * @armed_slack: how much earlier its interrupt may come
 * @precise: lead and wait
 * @held_from: when the guard last began to hold back events
 * @held_until: when it let them go
 * @pass: number of the current run of the expiry loop
 * @raise: interrupts this CPU at once
 * @kick: makes this CPU look at its queues
 * @hrtimer: the hrtimer backend's interrupt source
 * @fallback: the hrtimer stands in for a hypervisor that refused
 * @tick: the CPU's own tick if it is among the timers, else NULL
 * @irq: the Xen backend's interrupt, negative: none
 * @clock_offset: Xen system time minus sched_clock()
 * @clock_check: when to check that, in jiffies
 * @name: the interrupt's name
 * @stats: counters
 */
struct custom_timer_base {
	raw_spinlock_t lock;
	unsigned int cpu;
	bool online;
	bool in_expiry;
	bool kicked;
	bool raised;
	ktime_t raised_at;
	ktime_t left;
	s64 starved;
	struct custom_timer *running;
	struct ct_queue exact;
	struct ct_queue range;
	ktime_t armed;
	ktime_t armed_end;
	bool armed_exact;
	unsigned long far_until;
	u32 armed_slack;
	struct ct_precise precise;
	ktime_t held_from;
	ktime_t held_until;
	u64 pass;
	struct irq_work raise;
	call_single_data_t kick;
	struct hrtimer hrtimer;
	bool fallback;
	const struct custom_timer *tick;
	int irq;
	s64 clock_offset;
	unsigned long clock_check;
	char name[20];
	struct ct_stats stats;
};

/**
 * struct ct_backend - a source of interrupts
 * @name: its name
 * @probe: 0 if it can work here; else an error, after one line that says why
 * @cpu_up: prepares @base's CPU, which is online; may sleep
 * @cpu_down: undoes @cpu_up; may sleep
 * @arm: interrupts within [@expires, @expires + @window_ns], replacing what was
 *	set before; @now has just been read. May interrupt earlier, to look at a far deadline again.
 *	Runs on the CPU with the base locked. An error means that nothing will
 *	come: -ETIME because @expires has passed, or will have by then; others
 *	for good.
 * @stop: takes back what @arm set; same context
 */
struct ct_backend {
	const char *name;
	int (*probe)(void);
	int (*cpu_up)(struct custom_timer_base *base);
	void (*cpu_down)(struct custom_timer_base *base);
	int (*arm)(struct custom_timer_base *base, ktime_t now, ktime_t expires,
		   u64 window_ns);
	void (*stop)(struct custom_timer_base *base);
};

extern const struct ct_backend *ct_backend;
extern const struct ct_backend ct_xen_backend;
extern const struct ct_backend ct_hrtimer_backend;

/*
 * A base that carries the tick is locked within hrtimers' locks, one that an hrtimer
 * may serve outside them: two classes for lockdep, which nobody holds at once.
 */
#define ct_lock(base) raw_spin_lock_nested(&(base)->lock, !!(base)->tick)
#define ct_lock_irqsave(base, flags) \
	raw_spin_lock_irqsave_nested(&(base)->lock, flags, !!(base)->tick)

void ct_timer_init(void);
void ct_timer_exit(void);
int ct_timer_cpu_up(unsigned int cpu);
void ct_timer_cpu_pause(unsigned int cpu);
void ct_timer_cpu_down(unsigned int cpu);
void ct_timer_carry_tick(struct custom_timer_base *base,
			 const struct custom_timer *tick);
void ct_timer_drop_module(struct module *mod);
void ct_interrupt(struct custom_timer_base *base, bool used_up);
void ct_hold(struct custom_timer_base *base, u32 guard_ns);
struct custom_timer_base *ct_base_of(unsigned int cpu);

#endif /* CUSTOMTIMER_TIMER_H */
