/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_number, tap_failed;

#define ok(good, ...) do {						\
	bool tap_good = (good);						\
									\
	tap_failed += !tap_good;					\
	printf("%sok %d - ", tap_good ? "" : "not ", ++tap_number);	\
	printf(__VA_ARGS__);						\
	putchar('\n');							\
} while (0)

static inline int done_testing(void)
{
	printf("1..%d\n", tap_number);
	return tap_failed != 0;
}

#endif /* TAP_H */
