/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether CLOCK_MONOTONIC moves by itself.
 */
#ifndef CUSTOMTIMER_CLOCK_H
#define CUSTOMTIMER_CLOCK_H

#include <linux/types.h>

/* It moves only with the tick. Read locklessly. */
extern bool ct_clock_in_steps;

void ct_clock_init(void (*stepping)(void));
void ct_clock_exit(void);

#endif /* CUSTOMTIMER_CLOCK_H */
