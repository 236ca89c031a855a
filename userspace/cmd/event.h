/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of tracefs. Pure.
 */
#ifndef CUSTOMTIMER_EVENT_H
#define CUSTOMTIMER_EVENT_H

#include <stdbool.h>

struct event {
	unsigned int cpu;
	const char *time;	/* seconds, as text */
	const char *name;	/* without "customtimer_" */
	const char *fields;	/* "name=value name=value" */
};

/* Takes @line to pieces; false if it is no event of the timer. */
bool event_parse(struct event *event, char *line);

/* Copies the value of field @name, "-" if there is none. Returns @value. */
const char *event_field(const struct event *event, const char *name,
			char *value, unsigned int size);

/* The number of events that @line says were lost. */
unsigned long long event_lost(const char *line);

#endif /* CUSTOMTIMER_EVENT_H */
