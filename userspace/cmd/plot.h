/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A picture of latency's results, by gnuplot.
 */
#ifndef CUSTOMTIMER_PLOT_H
#define CUSTOMTIMER_PLOT_H

#include "files.h"
#include "measure.h"

/*
 * Whether @path can be plotted to: its name ends in svg or png, and there is a
 * gnuplot. Complains if not. To be asked before anything is measured.
 */
bool plot_possible(const char *path);

/*
 * @out: opened for @path, and closed in any case. Returns 0, or -1 after a line
 * that says why.
 */
int plot(const char *path, struct output *out, const char *title,
	 const struct result *results, unsigned int n);

#endif /* CUSTOMTIMER_PLOT_H */
