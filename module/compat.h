/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernel versions. The build force-includes this file, and
 * nothing else looks at LINUX_VERSION_CODE but the sample, which builds alone as well.
 */
#ifndef CUSTOMTIMER_COMPAT_H
#define CUSTOMTIMER_COMPAT_H

/* Here because the headers below would bring the default. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "customtimer needs Linux 6.1 or newer"
#endif

/* The newest series that the tests have been run on. main.c tells whoever builds for another. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 4, 0)
#define CT_UNTESTED "warning: customtimer has been tested up to Linux 7.3, and this one is newer"
#endif

#include <linux/hrtimer.h>
#include <linux/timekeeping.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *),
	      clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

/* One of Linux's clocks, CLOCK_MONOTONIC_RAW and the clocksource's counter, of one moment. */
struct ct_times {
	ktime_t sys;
	ktime_t raw;
	u64 cycles;
	unsigned int clock_was_set_seq;
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
/* Any context. @clock is CLOCK_REALTIME. Returns whether there is such a clock. */
static inline bool ct_read_times(clockid_t clock, struct ct_times *times)
{
	struct system_time_snapshot snap;

	ktime_get_snapshot(&snap);
	times->sys = snap.real;
	times->raw = snap.raw;
	times->cycles = snap.cycles;
	times->clock_was_set_seq = snap.clock_was_set_seq;
	return clock == CLOCK_REALTIME;
}

/* The clock that a cross timestamp shall tell the time of. */
static inline clockid_t
ct_cross_clock(const struct system_device_crosststamp *cross)
{
	return CLOCK_REALTIME;
}

static inline void ct_cross_set(struct system_device_crosststamp *cross,
				ktime_t device, ktime_t sys, ktime_t raw)
{
	cross->device = device;
	cross->sys_realtime = sys;
	cross->sys_monoraw = raw;
}
#else
static inline bool ct_read_times(clockid_t clock, struct ct_times *times)
{
	struct system_time_snapshot snap;

	ktime_get_snapshot_id(clock, &snap);
	times->sys = snap.systime;
	times->raw = snap.monoraw;
	times->cycles = snap.cycles;
	times->clock_was_set_seq = snap.clock_was_set_seq;
	return snap.valid;
}

static inline clockid_t
ct_cross_clock(const struct system_device_crosststamp *cross)
{
	return cross->clock_id;
}

static inline void ct_cross_set(struct system_device_crosststamp *cross,
				ktime_t device, ktime_t sys, ktime_t raw)
{
	cross->device = device;
	cross->sys_systime = sys;
	cross->sys_monoraw = raw;
}
#endif

#endif /* CUSTOMTIMER_COMPAT_H */
