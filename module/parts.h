/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_PARTS_H
#define CUSTOMTIMER_PARTS_H

#include <linux/types.h>

/**
 * struct ct_part - a part of the PV clock driver, with a parameter that switches it
 * @name: of the parameter
 * @on: it runs or, before the module is initialised, it shall
 * @start: 0 or an error, after a line that says why; may sleep
 * @stop: 0 or an error, after which the part goes on; may sleep
 * @give_up: stops the part, which calls this where it cannot go on; may sleep. Set before
 *	the first @start.
 */
struct ct_part {
	const char *name;
	bool on;
	int (*start)(void);
	int (*stop)(void);
	void (*give_up)(struct ct_part *part);
};

extern struct ct_part ct_clockevent_part;
extern struct ct_part ct_clocksource_part;
extern struct ct_part ct_ptp_part;
extern struct ct_part ct_rtc_part;

void ct_parts_init(void);
void ct_parts_exit(void);

#endif /* CUSTOMTIMER_PARTS_H */
