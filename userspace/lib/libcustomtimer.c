// SPDX-License-Identifier: GPL-2.0
/*
 * What libcustomtimer.h declares, over /dev/customtimer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libcustomtimer.h"

#define NSEC_PER_SEC 1000000000

static const char device[] = "/dev/customtimer";

int customtimer_open(int flags)
{
	int mode = O_CLOEXEC, fd;

	if (flags & ~(CUSTOMTIMER_NONBLOCK | CUSTOMTIMER_INHERIT)) {
		errno = EINVAL;
		return -1;
	}
	if (flags & CUSTOMTIMER_NONBLOCK)
		mode |= O_NONBLOCK;
	if (flags & CUSTOMTIMER_INHERIT)
		mode &= ~O_CLOEXEC;

	fd = open(device, O_RDWR | mode);
	if (fd < 0 && errno == EACCES)
		fd = open(device, O_RDONLY | mode);
	return fd;
}

int customtimer_info(int fd, struct customtimer_info *info)
{
	return ioctl(fd, CUSTOMTIMER_INFO, info);
}

int customtimer_arm(int fd, const struct customtimer_arm *arm)
{
	return ioctl(fd, CUSTOMTIMER_ARM, arm);
}

int customtimer_arm_at(int fd, uint64_t expires_ns)
{
	return customtimer_arm_periodic(fd, expires_ns, 0);
}

int customtimer_arm_periodic(int fd, uint64_t expires_ns, uint64_t interval_ns)
{
	struct customtimer_arm arm = {
		.expires_ns = expires_ns,
		.interval_ns = interval_ns,
		.cpu = CUSTOMTIMER_ANY_CPU,
	};

	return customtimer_arm(fd, &arm);
}

int customtimer_disarm(int fd)
{
	return ioctl(fd, CUSTOMTIMER_DISARM);
}

int customtimer_wait(int fd, uint64_t *expirations)
{
	uint64_t n;
	ssize_t got = read(fd, &n, sizeof(n));

	if (got < 0)
		return -1;
	if (got != sizeof(n)) {
		/* Some other file. */
		errno = EINVAL;
		return -1;
	}
	if (expirations)
		*expirations = n;
	return 0;
}

int customtimer_get(int fd, struct customtimer_state *state)
{
	return ioctl(fd, CUSTOMTIMER_GET, state);
}

int customtimer_stats(int fd, struct customtimer_stats *stats)
{
	return ioctl(fd, CUSTOMTIMER_STATS, stats);
}

/* customtimer_wait() that also waits if @fd is non-blocking. */
static int wait_blocking(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	while (customtimer_wait(fd, NULL)) {
		if (errno != EAGAIN || poll(&pollfd, 1, -1) < 0)
			return -1;
	}
	return 0;
}

/* @time in nanoseconds, at most CUSTOMTIMER_NEVER. */
static uint64_t timespec_ns(const struct timespec *time)
{
	if ((uint64_t)time->tv_sec >= CUSTOMTIMER_NEVER / NSEC_PER_SEC)
		return CUSTOMTIMER_NEVER;
	return (uint64_t)time->tv_sec * NSEC_PER_SEC + time->tv_nsec;
}

int customtimer_nanosleep(int fd, int flags, const struct timespec *request,
			  struct timespec *remain)
{
	uint64_t expires, now;
	int err;

	if (flags & ~TIMER_ABSTIME || request->tv_sec < 0 ||
	    request->tv_nsec < 0 || request->tv_nsec >= NSEC_PER_SEC)
		return EINVAL;

	expires = timespec_ns(request);
	if (!(flags & TIMER_ABSTIME)) {
		expires += customtimer_now();
		if (expires > CUSTOMTIMER_NEVER)
			expires = CUSTOMTIMER_NEVER;
	}
	if (customtimer_arm_at(fd, expires))
		return errno;
	if (!wait_blocking(fd))
		return 0;

	err = errno;
	customtimer_disarm(fd);
	if (err == EINTR && remain && !(flags & TIMER_ABSTIME)) {
		now = customtimer_now();
		expires = expires > now ? expires - now : 0;
		remain->tv_sec = expires / NSEC_PER_SEC;
		remain->tv_nsec = expires % NSEC_PER_SEC;
	}
	return err;
}

uint64_t customtimer_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

const char *customtimer_version(void)
{
	return LIBCUSTOMTIMER_VERSION;
}
