/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A histogram on the terminal: a line for each range of times, a column of bars
 * for each of several series. Pure.
 */
#ifndef CUSTOMTIMER_BARS_H
#define CUSTOMTIMER_BARS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bars {
	const char *title;
	const uint64_t *counts;	/* one for each range */
};

/*
 * @edges: @n_ranges + 1 times; range i is [edges[i], edges[i + 1]). Leading and
 * trailing ranges that are empty in all series are left out. @width: of the
 * terminal, 0: as wide as it likes.
 */
void bars_print(FILE *file, const uint64_t *edges, size_t n_ranges,
		const struct bars *series, size_t n_series,
		unsigned int width);

#endif /* CUSTOMTIMER_BARS_H */
