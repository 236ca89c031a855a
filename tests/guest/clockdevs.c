// SPDX-License-Identifier: GPL-2.0
/*
 * clockdevs: asks clock devices what no common program does.
 *
 *	clockdevs ptp DEVICE	how far the clock is from CLOCK_REALTIME, in ns: by
 *				cross timestamps, and by readings between two of it;
 *				the least uncertainty of the latter; all of 100 times
 *	clockdevs alarm DEVICE SECONDS	sets an RTC's alarm; how much later than it
 *				CLOCK_MONOTONIC says it came, in us
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <linux/rtc.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define TIMES 100

static int64_t ns(const struct ptp_clock_time *t)
{
	return t->sec * 1000000000LL + t->nsec;
}

static int ptp(int fd)
{
	int64_t differ, cross_min = INT64_MAX, cross_max = INT64_MIN;
	int64_t between_min = INT64_MAX, between_max = INT64_MIN;
	int64_t before, after, unsure = INT64_MAX;
	int i;

	for (i = 0; i < TIMES; i++) {
		struct ptp_sys_offset_precise cross = { 0 };
		struct ptp_sys_offset_extended between = { .n_samples = 1 };

		if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &cross) ||
		    ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &between)) {
			perror("clockdevs: timestamps");
			return 1;
		}
		differ = ns(&cross.device) - ns(&cross.sys_realtime);
		cross_min = differ < cross_min ? differ : cross_min;
		cross_max = differ > cross_max ? differ : cross_max;

		before = ns(&between.ts[0][0]);
		after = ns(&between.ts[0][2]);
		differ = ns(&between.ts[0][1]) - before - (after - before) / 2;
		between_min = differ < between_min ? differ : between_min;
		between_max = differ > between_max ? differ : between_max;
		if (after - before < unsure)
			unsure = after - before;
	}
	printf("cross_min=%lld cross_max=%lld between_min=%lld between_max=%lld unsure=%lld\n",
	       (long long)cross_min, (long long)cross_max,
	       (long long)between_min, (long long)between_max,
	       (long long)unsure);
	return 0;
}

/* The present of @clock in us. */
static int64_t now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static int alarm_in(int fd, int seconds)
{
	struct rtc_wkalrm alarm = { .enabled = 1 };
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int64_t begin, expected;
	time_t second;

	/* Right after the RTC's second has begun. */
	ioctl(fd, RTC_RD_TIME, &alarm.time);
	second = alarm.time.tm_sec;
	while (alarm.time.tm_sec == second)
		ioctl(fd, RTC_RD_TIME, &alarm.time);
	begin = now_us(CLOCK_MONOTONIC);

	second = timegm((struct tm *)&alarm.time) + seconds;
	gmtime_r(&second, (struct tm *)&alarm.time);
	if (ioctl(fd, RTC_WKALM_SET, &alarm)) {
		perror("clockdevs: alarm");
		return 1;
	}
	expected = begin + seconds * 1000000LL;
	if (poll(&ready, 1, (seconds + 5) * 1000) != 1) {
		fprintf(stderr, "clockdevs: no alarm came\n");
		return 1;
	}
	printf("late_us=%lld\n",
	       (long long)(now_us(CLOCK_MONOTONIC) - expected));
	return 0;
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[2], O_RDONLY) : -1;

	if (fd < 0) {
		fprintf(stderr, "clockdevs: no device: %s\n", strerror(errno));
		return 2;
	}
	if (!strcmp(argv[1], "ptp"))
		return ptp(fd);
	if (!strcmp(argv[1], "alarm") && argc == 4)
		return alarm_in(fd, atoi(argv[3]));
	return 2;
}
