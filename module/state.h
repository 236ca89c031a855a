/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of the timers of one CPU. Every CPU has a base: two queues, exact and
 * range timers, and one setting of the interrupt source. That setting is only ever
 * changed on the base's own CPU, because the hypervisor takes it from no other; whoever
 * needs it changed from elsewhere sends that CPU an IPI.
 */
#ifndef CUSTOMTIMER_STATE_H
#define CUSTOMTIMER_STATE_H

#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "customtimer.h"
#include "histogram.h"
#include "precise.h"
#include "queue.h"
#include "turn.h"
#include "xenclock.h"

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
	u64 limited;	/* passes that ended early: timers had kept the CPU too long */
	u64 moved;	/* timers taken over from a CPU that went offline */
	u64 refused;	/* settings the hypervisor refused */
	u64 stopped;	/* settings taken back, nothing else being queued */
	u64 held;	/* upcalls that the guard held back */
};

/**
 * enum ct_life - what a base can do for timers
 * @CT_OFFLINE: nothing, its CPU is gone: they go to another
 * @CT_PAUSED: keep them until the system, which is suspended, saved or hibernated, is
 *	resumed, whether its CPU is there meanwhile or not
 * @CT_ONLINE: run them
 */
enum ct_life {
	CT_OFFLINE,
	CT_PAUSED,
	CT_ONLINE,
};

/**
 * struct ct_armed - what the interrupt source of a CPU is set to
 * @at: the CLOCK_MONOTONIC moment, KTIME_MAX: none. Means nothing while an interrupt
 *	that the CPU sends to itself is on its way.
 * @set: when that was set
 * @end: the latest moment that the setting allows
 * @exact: it is for an exact timer
 * @slack: how much earlier its interrupt may come
 * @far_until: jiffies until which it is far ahead
 */
struct ct_armed {
	ktime_t at;
	ktime_t set;
	ktime_t end;
	bool exact;
	u32 slack;
	unsigned long far_until;
};

/**
 * struct ct_guarded - when the guard last held back events
 * @from: when it began to
 * @until: when it let them go
 */
struct ct_guarded {
	ktime_t from;
	ktime_t until;
};

/**
 * struct ct_running - the timer that was taken out of its queue to be run
 * @timer: it. Its callback may have freed it. NULL: none.
 * @function: that callback
 * @awaited: bit 0: the callback has not begun, as the deadline is being waited for. Who
 *	clears it, decides: the expiry loop to call it, whoever has locked the base to
 *	take it back.
 */
struct ct_running {
	struct custom_timer *timer;
	enum custom_timer_restart (*function)(struct custom_timer *t);
	unsigned long awaited;
};

/**
 * struct ct_raise - an interrupt that a CPU sends to itself at once
 * @pending: it is on its way
 * @again: it is to be sent a second time; on the CPU alone, interrupts off
 * @at: when it was sent
 * @work: sends it
 */
struct ct_raise {
	bool pending;
	bool again;
	ktime_t at;
	struct irq_work work;
};

/**
 * struct custom_timer_base - the timers of one CPU
 * @lock: protects every member but @name and @running.awaited; taken in hard interrupts
 * @cpu: the CPU
 * @life: whether it runs timers, keeps them, or neither
 * @in_expiry: the expiry loop is at work and will arm when it is done
 * @kicked: an IPI that arms is on its way
 * @running: the timer that is being run
 * @exact: timers without a window
 * @range: timers with one
 * @armed: the setting of the interrupt source
 * @guard: what the guard did
 * @turn: who had the CPU
 * @precise: lead and wait
 * @raise: the interrupt that comes at once
 * @kick: makes this CPU look at its queues
 * @expire: the expiry loop. Backends call it when an interrupt has come: with true if
 *	the source has to be set again before it interrupts again. Hard interrupt
 *	context, on the CPU, base not locked.
 * @tick: the CPU's own tick if it is among the timers, else NULL
 * @tick_refused: called when the hypervisor refuses to serve @tick; interrupts off,
 *	base locked
 * @hrtimer: the hrtimer backend's interrupt source
 * @fallback: the hrtimer stands in for a hypervisor that refused, or because the clock
 *	moves only with the tick
 * @irq: the Xen backend's interrupt, negative: none
 * @clock: what the Xen backend knows of Xen's clock
 * @name: the interrupt's name
 * @stats: counters
 * @errors: of exact timers, in ns. In memory of its own, because modules share a few KiB of
 *	per-CPU variables.
 */
struct custom_timer_base {
	raw_spinlock_t lock;
	unsigned int cpu;
	enum ct_life life;
	bool in_expiry;
	bool kicked;
	struct ct_running running;
	struct ct_queue exact;
	struct ct_queue range;
	struct ct_armed armed;
	struct ct_guarded guard;
	struct ct_turn turn;
	struct ct_precise precise;
	struct ct_raise raise;
	call_single_data_t kick;
	void (*expire)(struct custom_timer_base *base, bool used_up);
	struct custom_timer *tick;
	void (*tick_refused)(void);
	struct hrtimer hrtimer;
	bool fallback;
	int irq;
	struct ct_xen_clock clock;
	char name[20];
	struct ct_stats stats;
	struct ct_histogram *errors;
};

DECLARE_PER_CPU(struct custom_timer_base, ct_bases);

/* Any context. */
static inline struct custom_timer_base *ct_base_of(unsigned int cpu)
{
	return per_cpu_ptr(&ct_bases, cpu);
}

/*
 * A base that carries the tick is locked within hrtimers' locks, one that an hrtimer
 * may serve outside them: two classes for lockdep, which nobody holds at once.
 */
#define ct_lock(base) raw_spin_lock_nested(&(base)->lock, !!(base)->tick)
#define ct_lock_irqsave(base, flags) \
	raw_spin_lock_irqsave_nested(&(base)->lock, flags, !!(base)->tick)

#endif /* CUSTOMTIMER_STATE_H */
