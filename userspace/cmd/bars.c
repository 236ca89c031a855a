// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "bars.h"
#include "values.h"

#define EDGES_WIDTH 19	/* "  128 ns .. 256 ns " */
#define COUNT_WIDTH 9
#define MAX_BAR 40

static bool empty(const struct bars *series, size_t n_series, size_t range)
{
	size_t i;

	for (i = 0; i < n_series; i++)
		if (series[i].counts[range])
			return false;
	return true;
}

static uint64_t largest(const struct bars *b, size_t first, size_t end)
{
	uint64_t most = 0;

	for (; first < end; first++)
		if (b->counts[first] > most)
			most = b->counts[first];
	return most;
}

/* The bars of a series share a scale; whatever is not 0 has at least a dot. */
static void print_bar(FILE *file, uint64_t count, uint64_t most, int width,
		      bool last)
{
	int length = most ? (int)((double)count / most * width) : 0;
	int i;

	fprintf(file, " %*" PRIu64, COUNT_WIDTH - 1, count);
	if (last && (!count || !width))
		return;
	fputc(' ', file);
	for (i = 0; i < length; i++)
		fputc('#', file);
	if (count && !length && width) {
		fputc('.', file);
		i++;
	}
	for (; !last && i < width; i++)
		fputc(' ', file);
}

void bars_print(FILE *file, const uint64_t *edges, size_t n_ranges,
		const struct bars *series, size_t n_series,
		unsigned int width)
{
	size_t first = 0, i, range;
	char from[TIME_TEXT], to[TIME_TEXT];
	int bar = MAX_BAR;

	while (n_ranges && empty(series, n_series, n_ranges - 1))
		n_ranges--;
	while (first < n_ranges && empty(series, n_series, first))
		first++;
	if (first == n_ranges || !n_series)
		return;

	if (width) {
		bar = ((int)width - EDGES_WIDTH - 1) / (int)n_series -
		      COUNT_WIDTH - 1;
		bar = bar > MAX_BAR ? MAX_BAR : bar < 0 ? 0 : bar;
	} else if (n_series > 1) {
		bar = MAX_BAR / 2;
	}

	fprintf(file, "%*s", EDGES_WIDTH, "");
	for (i = 0; i < n_series; i++)
		fprintf(file, " %-*.*s", i + 1 < n_series ? COUNT_WIDTH + bar : 0,
			COUNT_WIDTH + bar, series[i].title);
	fputc('\n', file);
	for (range = first; range < n_ranges; range++) {
		fprintf(file, "%8s .. %-7s", format_time(from, edges[range]),
			edges[range + 1] == UINT64_MAX ? "" :
			format_time(to, edges[range + 1]));
		for (i = 0; i < n_series; i++)
			print_bar(file, series[i].counts[range],
				  largest(&series[i], first, n_ranges), bar,
				  i + 1 == n_series);
		fputc('\n', file);
	}
}
