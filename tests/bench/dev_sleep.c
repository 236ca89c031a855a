// SPDX-License-Identifier: GPL-2.0
/*
 * dev_sleep METHOD DELAY_NS COUNT: how late a program wakes up that sleeps so often
 * and so long, with SCHED_FIFO. METHOD is custom, timerfd or nanosleep. Prints
 * figures in ns, as tests/bench/collect takes them.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "libcustomtimer.h"

#define WARMUP 500

static int fd;

static void die(const char *what)
{
	fprintf(stderr, "dev_sleep: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct timespec timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000,
				  .tv_nsec = ns % 1000000000 };
}

static void custom(uint64_t expires)
{
	struct timespec t = timespec(expires);

	if (customtimer_nanosleep(fd, TIMER_ABSTIME, &t, NULL))
		die("customtimer_nanosleep");
}

static void with_timerfd(uint64_t expires)
{
	struct itimerspec t = { .it_value = timespec(expires) };
	uint64_t n;

	if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL) ||
	    read(fd, &n, sizeof(n)) != sizeof(n))
		die("timerfd");
}

static void nanosleep_until(uint64_t expires)
{
	struct timespec t = timespec(expires);

	if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		die("clock_nanosleep");
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct sched_param fifo = { .sched_priority = 80 };
	void (*sleep_until)(uint64_t expires);
	struct customtimer_stats stats;
	uint64_t delay, expires, sum = 0, *late;
	int count, i;

	if (argc != 4)
		return 2;
	delay = strtoull(argv[2], NULL, 0);
	count = atoi(argv[3]);
	if (!strcmp(argv[1], "custom")) {
		fd = customtimer_open(0);
		sleep_until = custom;
	} else if (!strcmp(argv[1], "timerfd")) {
		fd = timerfd_create(CLOCK_MONOTONIC, 0);
		sleep_until = with_timerfd;
	} else if (!strcmp(argv[1], "nanosleep")) {
		sleep_until = nanosleep_until;
	} else {
		return 2;
	}
	if (fd < 0)
		die(argv[1]);
	late = calloc(count, sizeof(*late));
	if (!late || mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &fifo))
		die("SCHED_FIFO");

	for (i = -WARMUP; i < count; i++) {
		expires = customtimer_now() + delay;
		sleep_until(expires);
		if (i < 0)
			continue;
		late[i] = customtimer_now() - expires;
		sum += late[i];
	}
	qsort(late, count, sizeof(*late), compare);
	if ((int64_t)late[count - 1] < 0) {
		fprintf(stderr, "dev_sleep: %s woke up early\n", argv[1]);
		return 1;
	}
	if (!strcmp(argv[1], "custom") && !customtimer_stats(fd, &stats))
		fprintf(stderr, "# interrupts: %llu ns late in the mean, %llu at most\n",
			(unsigned long long)(stats.total_late_ns / stats.interrupts),
			(unsigned long long)stats.worst_late_ns);
	printf("min=%llu mean=%llu p50=%llu p99=%llu p999=%llu max=%llu\n",
	       (unsigned long long)late[0], (unsigned long long)sum / count,
	       (unsigned long long)late[count / 2],
	       (unsigned long long)late[count - count / 100 - 1],
	       (unsigned long long)late[count - count / 1000 - 1],
	       (unsigned long long)late[count - 1]);
	return 0;
}
