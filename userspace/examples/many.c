// SPDX-License-Identifier: GPL-2.0
/*
 * many: a hundred timers with windows, one epoll loop. Timers whose windows overlap
 * share their interrupts.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include <libcustomtimer.h>

#define TIMERS 100
#define MS 1000000ULL

int main(void)
{
	struct epoll_event event = { .events = EPOLLIN }, events[TIMERS];
	struct customtimer_arm arm = {
		.window_ns = MS,
		.cpu = CUSTOMTIMER_ANY_CPU,
		.flags = CUSTOMTIMER_RELATIVE,
	};
	uint64_t n, end, total = 0, wakeups = 0;
	int epoll = epoll_create1(0), i, got;

	if (epoll < 0)
		err(1, "epoll_create1");
	for (i = 0; i < TIMERS; i++) {
		event.data.fd = customtimer_open(CUSTOMTIMER_NONBLOCK);
		if (event.data.fd < 0)
			err(1, "/dev/customtimer");
		arm.expires_ns = random() % (10 * MS);
		arm.interval_ns = 5 * MS + random() % (10 * MS);
		if (customtimer_arm(event.data.fd, &arm) ||
		    epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event))
			err(1, "customtimer_arm");
	}

	for (end = customtimer_now() + 1000 * MS; customtimer_now() < end;) {
		got = epoll_wait(epoll, events, TIMERS, 100);
		wakeups += got > 0;
		while (got-- > 0) {
			if (!customtimer_wait(events[got].data.fd, &n))
				total += n;
		}
	}
	printf("%llu expirations, %llu wakeups\n", (unsigned long long)total,
	       (unsigned long long)wakeups);
	return 0;
}
