// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"

#define PREFIX "customtimer_"

/*
 * "  name-PID  [CPU] flags  seconds: customtimer_event: fields", where a
 * program may call itself anything.
 */
bool event_parse(struct event *event, char *line)
{
	char *name = strstr(line, ": " PREFIX), *end, *time, *cpu, *open;

	if (!name)
		return false;
	*name = '\0';
	name += 2 + strlen(PREFIX);
	end = strstr(name, ": ");
	if (!end)
		return false;
	*end = '\0';

	time = strrchr(line, ' ');
	/* The last "[" before the time: flags have none. */
	open = strrchr(line, '[');
	if (!time || !open || open > time)
		return false;
	event->cpu = strtoul(open + 1, &cpu, 10);
	if (cpu == open + 1 || *cpu != ']')
		return false;
	event->time = time + 1;
	event->name = name;
	event->fields = end + 2;
	return true;
}

const char *event_field(const struct event *event, const char *name,
			char *value, unsigned int size)
{
	size_t length = strlen(name);
	const char *field = event->fields;

	snprintf(value, size, "-");
	while (field) {
		field += strspn(field, " ");
		if (!strncmp(field, name, length) && field[length] == '=') {
			field += length + 1;
			snprintf(value, size, "%.*s",
				 (int)strcspn(field, " \n"), field);
			break;
		}
		field = strchr(field, ' ');
	}
	return value;
}

unsigned long long event_lost(const char *line)
{
	const char *lost = strstr(line, " [LOST ");

	return !strncmp(line, "CPU:", 4) && lost ?
	       strtoull(lost + 7, NULL, 10) : 0;
}
