// SPDX-License-Identifier: GPL-2.0
/*
 * pace [PERIOD_US [COUNT]]: something to do every 250 us, 4000 times, and how late
 * it began.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include <libcustomtimer.h>

int main(int argc, char **argv)
{
	uint64_t period = (argc > 1 ? strtoull(argv[1], NULL, 0) : 250) * 1000;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 4000;
	uint64_t start, due, late, n, done = 0, missed = 0, worst = 0;
	int fd = customtimer_open(0);

	if (fd < 0)
		err(1, "/dev/customtimer");
	start = customtimer_now() + period;
	if (customtimer_arm_periodic(fd, start, period))
		err(1, "customtimer_arm_periodic");

	while (done < count) {
		if (customtimer_wait(fd, &n))
			err(1, "customtimer_wait");
		done += n;
		missed += n - 1;
		due = start + (done - 1) * period;
		late = customtimer_now() - due;
		if (late > worst)
			worst = late;
	}
	printf("%llu periods of %llu us, %llu missed, at most %llu ns late\n",
	       (unsigned long long)done, (unsigned long long)period / 1000,
	       (unsigned long long)missed, (unsigned long long)worst);
	return 0;
}
