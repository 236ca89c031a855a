/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers as people write and read them. Pure.
 */
#ifndef CUSTOMTIMER_VALUES_H
#define CUSTOMTIMER_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US 1000ULL
#define NS_PER_SECOND 1000000000ULL

/* "250us", "1.5ms", "2h"; a number alone counts in @unit. In ns. */
bool parse_time(const char *text, uint64_t unit, uint64_t *ns);

/* "500", "10k", "2M". */
bool parse_count(const char *text, uint64_t *count);

/* A decimal number and nothing else. */
bool parse_number(const char *text, long long *number);

/* "0-3,5" as a set of CPUs. */
#define MAX_CPUS 4096

struct cpu_list {
	uint64_t bits[MAX_CPUS / 64];
};

bool parse_cpus(const char *text, struct cpu_list *list);
bool cpu_listed(const struct cpu_list *list, unsigned int cpu);

/* The first CPU of @list that is not below @cpu; -1: none. */
int next_cpu(const struct cpu_list *list, unsigned int cpu);

/* "12 ns", "3.45 us": three digits and more. At most 15 characters and a 0. */
#define TIME_TEXT 16
const char *format_time(char text[TIME_TEXT], uint64_t ns);

#endif /* CUSTOMTIMER_VALUES_H */
