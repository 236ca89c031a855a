// SPDX-License-Identifier: GPL-2.0
/*
 * libcustomtimer on a machine without the device: arguments and errors. Built by
 * tests/unit/library against the installed shared library.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libcustomtimer.h>

#include "tap.h"

int main(void)
{
	struct timespec t = { .tv_nsec = 1000 }, left = { 7, 7 };
	int null = open("/dev/null", O_RDWR), event = eventfd(5, EFD_NONBLOCK);
	struct customtimer_stats stats;
	struct customtimer_state state;
	struct customtimer_info info;
	uint64_t n = 0, now;
	int fd;

	ok(!strcmp(customtimer_version(), LIBCUSTOMTIMER_VERSION), "version");
	now = customtimer_now();
	ok(now && customtimer_now() >= now, "now");

	errno = 0;
	ok(customtimer_open(1 << 30) == -1 && errno == EINVAL, "open: flags");
	fd = customtimer_open(0);
	ok(fd >= 0 || errno == ENOENT || errno == EACCES, "open: no device");
	if (fd >= 0)
		close(fd);

	ok(customtimer_info(null, &info) == -1 && errno == ENOTTY, "info");
	ok(customtimer_arm_at(null, 0) == -1 && errno == ENOTTY, "arm_at");
	ok(customtimer_arm_periodic(null, 0, 1) == -1 && errno == ENOTTY,
	   "arm_periodic");
	ok(customtimer_disarm(null) == -1 && errno == ENOTTY, "disarm");
	ok(customtimer_get(null, &state) == -1 && errno == ENOTTY, "get");
	ok(customtimer_stats(null, &stats) == -1 && errno == ENOTTY, "stats");
	ok(customtimer_stats(-1, &stats) == -1 && errno == EBADF, "no file");

	ok(customtimer_wait(null, &n) == -1 && errno == EINVAL && !n,
	   "wait: a file that is at its end");
	ok(!customtimer_wait(event, &n) && n == 5, "wait: eight bytes");
	ok(customtimer_wait(event, &n) == -1 && errno == EAGAIN,
	   "wait: non-blocking");
	eventfd_write(event, 1);
	ok(!customtimer_wait(event, NULL), "wait: nobody asks how many");

	ok(customtimer_nanosleep(null, 0, &t, &left) == ENOTTY &&
	   left.tv_sec == 7, "nanosleep: not a timer");
	t.tv_nsec = -1;
	ok(customtimer_nanosleep(null, 0, &t, NULL) == EINVAL,
	   "nanosleep: negative");
	t.tv_nsec = 1000000000;
	ok(customtimer_nanosleep(null, TIMER_ABSTIME, &t, NULL) == EINVAL,
	   "nanosleep: too many ns");
	t = (struct timespec){ .tv_sec = -1 };
	ok(customtimer_nanosleep(null, 0, &t, NULL) == EINVAL,
	   "nanosleep: negative s");
	ok(customtimer_nanosleep(null, ~TIMER_ABSTIME, &left, NULL) == EINVAL,
	   "nanosleep: flags");
	return done_testing();
}
