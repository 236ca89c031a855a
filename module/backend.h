/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sets an interrupt for the timers of a CPU.
 */
#ifndef CUSTOMTIMER_BACKEND_H
#define CUSTOMTIMER_BACKEND_H

#include <linux/ktime.h>
#include <linux/types.h>

struct custom_timer_base;

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
 * @raise_is_last: whether an interrupt that a CPU sends to itself comes after all that
 *	are pending by then. NULL: no. Any context.
 */
struct ct_backend {
	const char *name;
	int (*probe)(void);
	int (*cpu_up)(struct custom_timer_base *base);
	void (*cpu_down)(struct custom_timer_base *base);
	int (*arm)(struct custom_timer_base *base, ktime_t now, ktime_t expires,
		   u64 window_ns);
	void (*stop)(struct custom_timer_base *base);
	bool (*raise_is_last)(void);
};

/* What serves at present. Changes only while no base is online. */
extern const struct ct_backend *ct_backend;
extern const struct ct_backend ct_xen_backend;
extern const struct ct_backend ct_hrtimer_backend;

#endif /* CUSTOMTIMER_BACKEND_H */
