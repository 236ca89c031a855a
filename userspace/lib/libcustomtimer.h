/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libcustomtimer: precise timers for programs in Xen guests. See
 * libcustomtimer(3).
 *
 * A timer is a file descriptor. It may be polled, inherited and passed on, and
 * close() ends it. Unless said otherwise functions return 0, or -1 and set
 * errno. All are thread-safe.
 */
#ifndef LIBCUSTOMTIMER_H
#define LIBCUSTOMTIMER_H

#include <stdint.h>
#include <time.h>

#include <linux/customtimer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBCUSTOMTIMER_VERSION "0.1.0"

/* Flags of customtimer_open(). */
#define CUSTOMTIMER_NONBLOCK	1	/* customtimer_wait() fails with EAGAIN */
#define CUSTOMTIMER_INHERIT	2	/* stays open across exec */

/*
 * A new timer. Returns its file descriptor, or -1. Who may only read the device
 * gets a timer that cannot be exact.
 */
int customtimer_open(int flags);

/* What the module is, and what this timer may do. */
int customtimer_info(int fd, struct customtimer_info *info);

/* Arms the timer, whatever it was doing. Expirations not yet read are forgotten. */
int customtimer_arm(int fd, const struct customtimer_arm *arm);

/* The same for an exact one-shot at a moment of CLOCK_MONOTONIC. */
int customtimer_arm_at(int fd, uint64_t expires_ns);

/* The same every @interval_ns, first at @expires_ns. */
int customtimer_arm_periodic(int fd, uint64_t expires_ns, uint64_t interval_ns);

/* Ends it. Expirations not yet read are forgotten. */
int customtimer_disarm(int fd);

/*
 * Waits for the next expiration. @expirations, unless it is NULL, becomes how
 * many there were since the last wait. Fails with EINTR when a signal handler
 * ran that was installed without SA_RESTART.
 */
int customtimer_wait(int fd, uint64_t *expirations);

/* What the timer is going to do. */
int customtimer_get(int fd, struct customtimer_state *state);

/* What it has done. */
int customtimer_stats(int fd, struct customtimer_stats *stats);

/*
 * clock_nanosleep(CLOCK_MONOTONIC, @flags, @request, @remain) with the timer @fd,
 * exactly. Returns 0 or an error number.
 */
int customtimer_nanosleep(int fd, int flags, const struct timespec *request,
			  struct timespec *remain);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t customtimer_now(void);

/* LIBCUSTOMTIMER_VERSION of the library at run time. */
const char *customtimer_version(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBCUSTOMTIMER_H */
