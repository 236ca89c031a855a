// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit times[] = {
	{ "ns", 1 }, { "us", NS_PER_US }, { "ms", 1000 * NS_PER_US },
	{ "s", NS_PER_SECOND }, { "m", 60 * NS_PER_SECOND },
	{ "h", 3600 * NS_PER_SECOND }, { "d", 86400 * NS_PER_SECOND }, { 0 }
};

static const struct unit counts[] = {
	{ "k", 1000 }, { "K", 1000 }, { "M", 1000000 }, { 0 }
};

/* Digits, perhaps with a fraction, then perhaps a name of @units. */
static bool parse(const char *text, uint64_t factor, const struct unit *units,
		  uint64_t *result)
{
	size_t length = strspn(text, "0123456789.");
	const char *unit = text + length;
	char *end;
	double value;

	if (!length || *text == '.')
		return false;
	value = strtod(text, &end);
	if (end != unit)
		return false;
	if (*unit) {
		while (units->name && strcmp(unit, units->name))
			units++;
		if (!units->name)
			return false;
		factor = units->factor;
	}
	value = nearbyint(value * factor);
	if (value >= 9e18)
		return false;
	*result = value;
	return true;
}

bool parse_time(const char *text, uint64_t unit, uint64_t *ns)
{
	return parse(text, unit, times, ns);
}

bool parse_count(const char *text, uint64_t *count)
{
	return parse(text, 1, counts, count);
}

bool parse_number(const char *text, long long *number)
{
	char *end;

	if (!text || !*text || strspn(text, "-0123456789") != strlen(text))
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return !*end && !errno;
}

/* The number at *@text, and *@text past it. */
static bool parse_cpu(const char **text, unsigned long *cpu)
{
	size_t digits = strspn(*text, "0123456789");

	if (!digits || digits > 5)
		return false;
	*cpu = strtoul(*text, NULL, 10);
	*text += digits;
	return *cpu < MAX_CPUS;
}

bool parse_cpus(const char *text, struct cpu_list *list)
{
	unsigned long first, last;

	memset(list, 0, sizeof(*list));
	do {
		if (!parse_cpu(&text, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!parse_cpu(&text, &last) || last < first)
				return false;
		}
		for (; first <= last; first++)
			list->bits[first / 64] |= 1ULL << (first % 64);
	} while (*text++ == ',');
	return !text[-1];
}

bool cpu_listed(const struct cpu_list *list, unsigned int cpu)
{
	return cpu < MAX_CPUS && list->bits[cpu / 64] >> (cpu % 64) & 1;
}

int next_cpu(const struct cpu_list *list, unsigned int cpu)
{
	for (; cpu < MAX_CPUS; cpu++)
		if (cpu_listed(list, cpu))
			return cpu;
	return -1;
}

const char *format_time(char text[TIME_TEXT], uint64_t ns)
{
	static const char *const units[] = { "us", "ms", "s" };
	double value = ns / 1000.0;
	unsigned int i = 0;

	if (ns < 1000) {
		snprintf(text, TIME_TEXT, "%u ns", (unsigned int)ns);
		return text;
	}
	/* What would be rounded up to 1000 is 1.00 of the next unit. */
	while (i < 2 && value >= 999.5) {
		value /= 1000;
		i++;
	}
	snprintf(text, TIME_TEXT, "%.*f %s",
		 value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[i]);
	return text;
}
