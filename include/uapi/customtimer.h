/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/customtimer: every open file is one timer.
 *
 * read() returns the number of expirations since the last read as a __u64 and
 * waits for the first if there is none; poll(), fork(), dup(), exec() and close()
 * do what they do to a timerfd. All times are nanoseconds, and deadlines are
 * CLOCK_MONOTONIC.
 *
 * A request with an unknown number fails with ENOTTY. Unknown flags and reserved
 * fields that are not zero fail with EINVAL, so later versions can give them a
 * meaning.
 */
#ifndef _UAPI_CUSTOMTIMER_H
#define _UAPI_CUSTOMTIMER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows with each addition to this file. */
#define CUSTOMTIMER_ABI 1

/* The longest time that can be expressed. A deadline there never comes. */
#define CUSTOMTIMER_NEVER 0x7fffffffffffffffULL

/* In customtimer_info.features: this file may be armed with a window of 0. */
#define CUSTOMTIMER_EXACT (1U << 0)

struct customtimer_info {
	__u32 abi;		/* CUSTOMTIMER_ABI of the module */
	__u32 features;
	__u32 max_timers;	/* open files per user, 0: no limit */
	__u32 max_rate;		/* expirations per user and second, 0: no limit */
	char version[16];	/* of the module */
	char backend[16];	/* what serves at present: xen or hrtimer */
	__u64 reserved[4];
};

/* In customtimer_arm.flags: the deadline is counted from now. */
#define CUSTOMTIMER_RELATIVE (1U << 0)

/* In customtimer_arm.cpu: the one that arms or reads. */
#define CUSTOMTIMER_ANY_CPU (-1)

struct customtimer_arm {
	__u64 expires_ns;	/* the deadline; one that has passed is due at once */
	__u64 interval_ns;	/* from then on, another each interval; 0: none */
	__u64 window_ns;	/* how much later is soon enough; 0: exact */
	__s32 cpu;		/* whose interrupt wakes the reader */
	__u32 flags;
	__u64 reserved[4];
};

/* In customtimer_state.flags: there is another deadline to come. */
#define CUSTOMTIMER_ARMED (1U << 0)

struct customtimer_state {
	__u64 expires_ns;	/* the next deadline, 0 if there is none */
	__u64 remaining_ns;	/* until then, at least 1; 0 if there is none */
	__u64 interval_ns;	/* the rest is as it was armed */
	__u64 window_ns;
	__s32 cpu;
	__u32 flags;
	__u64 expirations;	/* that were not read yet */
	__u64 reserved[3];
};

/* Since the file was opened. */
struct customtimer_stats {
	__u64 armed;		/* times it was armed */
	__u64 interrupts;	/* times a deadline came and woke the reader */
	__u64 missed;		/* further intervals that were over before it read */
	__u64 throttled;	/* deadlines that were put off by max_rate */
	__u64 last_late_ns;	/* from deadline to interrupt: the last, */
	__u64 worst_late_ns;	/* the longest, */
	__u64 total_late_ns;	/* and the sum */
	__u64 reserved[5];
};

#define CUSTOMTIMER_INFO	_IOR(0xc7, 0, struct customtimer_info)
#define CUSTOMTIMER_ARM		_IOW(0xc7, 1, struct customtimer_arm)
#define CUSTOMTIMER_DISARM	_IO(0xc7, 2)
#define CUSTOMTIMER_GET		_IOR(0xc7, 3, struct customtimer_state)
#define CUSTOMTIMER_STATS	_IOR(0xc7, 4, struct customtimer_stats)

#endif /* _UAPI_CUSTOMTIMER_H */
