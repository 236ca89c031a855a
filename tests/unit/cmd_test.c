// SPDX-License-Identifier: GPL-2.0
/*
 * What the customtimer command reads and computes.
 */
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "cmd.h"
#include "event.h"
#include "proc.h"
#include "samples.h"
#include "tap.h"
#include "values.h"

void *need_memory(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void test_times(void)
{
	static const struct {
		const char *text;
		uint64_t unit, ns;
	} good[] = {
		{ "0", 1, 0 }, { "300", NS_PER_US, 300000 },
		{ "300ns", NS_PER_US, 300 }, { "1.5us", 1, 1500 },
		{ "2ms", 1, 2000000 }, { "3s", 1, 3 * NS_PER_SECOND },
		{ "2m", 1, 120 * NS_PER_SECOND }, { "1h", 1, 3600 * NS_PER_SECOND },
		{ "1d", 1, 86400 * NS_PER_SECOND }, { "0.5", NS_PER_SECOND, 500000000 },
	};
	static const char *const bad[] = {
		"", "us", "-1", "+1", " 1", "1 ", "1x", "1us2", "1e3", "0x10",
		"inf", "nan", ".5", "1.2.3", "99999999999999999999", "1,5",
	};
	uint64_t ns;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(parse_time(good[i].text, good[i].unit, &ns) && ns == good[i].ns,
		   "time %s", good[i].text);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!parse_time(bad[i], 1, &ns), "no time: '%s'", bad[i]);
}

static void test_counts(void)
{
	long long number;
	uint64_t n;

	ok(parse_count("10000", &n) && n == 10000, "count 10000");
	ok(parse_count("10k", &n) && n == 10000, "count 10k");
	ok(parse_count("1.5M", &n) && n == 1500000, "count 1.5M");
	ok(!parse_count("1s", &n), "no count: 1s");
	ok(!parse_count("", &n), "no count: nothing");
	ok(parse_number("-12", &number) && number == -12, "number -12");
	ok(parse_number("9223372036854775807", &number), "the largest number");
	ok(!parse_number("9223372036854775808", &number), "one more is none");
	ok(!parse_number("1-2", &number) && !parse_number("-", &number) &&
	   !parse_number(NULL, &number) && !parse_number("1.5", &number),
	   "no numbers: 1-2, -, nothing, 1.5");
}

static void test_cpus(void)
{
	static const char *const bad[] = {
		"", ",", "1,", ",1", "1-", "-1", "3-2", "a", "1;2", "1-2-3",
		"4096", "999999999999",
	};
	struct cpu_list list;
	size_t i;

	ok(parse_cpus("0-2,5,4095", &list), "a list of CPUs");
	ok(cpu_listed(&list, 0) && cpu_listed(&list, 2) && !cpu_listed(&list, 3) &&
	   cpu_listed(&list, 5) && cpu_listed(&list, 4095) && !cpu_listed(&list, 4096),
	   "those that are in it");
	ok(next_cpu(&list, 3) == 5 && next_cpu(&list, 6) == 4095 &&
	   next_cpu(&list, 4096) == -1, "one after the other");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!parse_cpus(bad[i], &list), "no list of CPUs: '%s'", bad[i]);
}

static void test_format(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" }, { 999, "999 ns" }, { 1000, "1.00 us" },
		{ 1234, "1.23 us" }, { 9994, "9.99 us" }, { 9996, "10.0 us" },
		{ 99960, "100 us" }, { 999499, "999 us" }, { 999500, "1.00 ms" },
		{ 12345678, "12.3 ms" }, { 999999999, "1.00 s" },
		{ 86400 * NS_PER_SECOND, "86400 s" },
	};
	char text[TIME_TEXT];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(!strcmp(format_time(text, cases[i].ns), cases[i].text),
		   "%s: %s", cases[i].text, text);
	format_time(text, UINT64_MAX);
	ok(strlen(text) < TIME_TEXT, "the longest fits: %s", text);
}

static bool parse(struct proc *p, const char *text)
{
	return proc_parse(p, need_memory(strdup(text)));
}

static void test_proc(void)
{
	struct proc p;

	ok(parse(&p, "version: 0.1.0\nkey:\nnew: a b: c\n"
		     "cpu irq new_column p99.9_ns\n0 -1 x 7\n2 5\n\n3 1 y 9 10\n"),
	   "keys, columns and rows");
	ok(!strcmp(proc_value(&p, "version"), "0.1.0"), "a key");
	ok(!strcmp(proc_value(&p, "key"), ""), "a key without a value");
	ok(!strcmp(proc_value(&p, "new"), "a b: c"), "a value with blanks");
	ok(!proc_value(&p, "vers"), "no part of a key is one");
	ok(p.n_rows == 3 && p.n_columns == 4, "3 rows of 4");
	ok(proc_number(&p, 0, "irq") == -1 && proc_number(&p, 0, "p99.9_ns") == 7,
	   "numbers");
	ok(!strcmp(proc_cell(&p, 1, "irq"), "5") && !proc_cell(&p, 1, "p99.9_ns"),
	   "what a short line lacks is not there");
	ok(!strcmp(proc_cell(&p, 2, "p99.9_ns"), "9"), "a long line has no more");
	ok(!proc_cell(&p, 0, "lead_ns") && proc_number(&p, 0, "lead_ns") == -1,
	   "an unknown column");
	proc_free(&p);

	ok(!parse(&p, ""), "nothing is not understood");
	proc_free(&p);
	ok(!parse(&p, "version: 0.1.0\n"), "nor a text without a table");
	proc_free(&p);
	ok(!parse(&p, "<html>\ncpu a\n1 2\n"), "nor a line without a colon");
	proc_free(&p);
	ok(parse(&p, "cpu p99_ns p99.9_ns\n0 1 2\n") &&
	   proc_number(&p, 0, "p99_ns") == 1 && proc_number(&p, 0, "p99.9_ns") == 2 &&
	   !proc_cell(&p, 0, "p9") && !proc_cell(&p, 0, "p99_ns_x"),
	   "columns by their whole name");
	proc_free(&p);
	ok(parse(&p, "cpu least_ns most_ns count\n") && !p.n_rows,
	   "a table without rows");
	proc_free(&p);
}

static void test_samples(void)
{
	struct samples *s = need_memory(calloc(2, sizeof(*s)));
	uint64_t ns, middle;
	unsigned int i;
	bool good;

	ok(!samples_quantile(s, 500) && !samples_mean(s), "nothing in it");
	for (ns = 1; ns <= 1000; ns++)
		samples_add(s, ns);
	ok(s->min == 1 && s->max == 1000 && s->count == 1000, "least and most");
	ok(samples_mean(s) == 500, "mean");
	middle = samples_quantile(s, 500);
	ok(middle >= 500 && middle <= 504, "median: %llu", (unsigned long long)middle);
	ok(samples_quantile(s, 1000) == 1000, "all of them");
	samples_add(&s[1], 10);
	samples_add(&s[1], 20);
	samples_add(&s[1], 30);
	ok(samples_quantile(&s[1], 500) == 20, "the one in the middle");
	memset(&s[1], 0, sizeof(s[1]));
	ok(samples_between(s, 256, 512) == 256, "a power of two is exact");
	ok(samples_between(s, 0, UINT64_MAX) == 1000, "everything");

	samples_add(&s[1], 0);
	samples_add(&s[1], UINT64_MAX);
	ok(samples_quantile(&s[1], 1000) == UINT64_MAX &&
	   samples_quantile(&s[1], 500) == 0, "the ends of the range");
	s[1].missed = 3;
	samples_merge(s, &s[1]);
	ok(s->count == 1002 && s->min == 0 && s->max == UINT64_MAX && s->missed == 3,
	   "merged");
	memset(s, 0, sizeof(*s));
	samples_merge(s, &s[1]);
	ok(s->min == 0 && s->count == 2, "merged into nothing");

	for (i = 1, good = true; i < BUCKETS; i++)
		good &= bucket_begin(i) > bucket_begin(i - 1);
	ok(good, "buckets are in order");
	for (ns = 1, good = true; ns < 1ULL << 43; ns = ns * 5 / 4 + 1) {
		memset(s, 0, sizeof(*s));
		samples_add(s, ns);
		samples_add(s, 1ULL << 43);
		middle = samples_quantile(s, 500);
		good &= middle >= ns && middle - ns <= ns / 128;
	}
	ok(good, "quantiles are at most 1/128 too long");
	free(s);
}

static void test_event(void)
{
	char line[] = "  a [7] b: c-12      [003] d.h1.  7.621861: customtimer_expire_entry: timer=00000000fe8f8dd9 function=custom_fn [customtimer_pacer] expires=7597768273 window=0 error=24\n";
	char lost[] = "CPU:2 [LOST 17 EVENTS]\n";
	char other[] = "          <idle>-0       [000] d.h1.     7.6: sched_switch: prev_comm=x\n";
	struct event e;
	char value[32];

	ok(event_parse(&e, line), "an event");
	ok(e.cpu == 3 && !strcmp(e.time, "7.621861") && !strcmp(e.name, "expire_entry"),
	   "where, when and what");
	ok(!strcmp(event_field(&e, "error", value, sizeof(value)), "24"), "its last field");
	ok(!strcmp(event_field(&e, "function", value, sizeof(value)), "custom_fn"),
	   "a field in the middle");
	ok(!strcmp(event_field(&e, "err", value, sizeof(value)), "-"), "a field it does not have");
	ok(event_lost(lost) == 17 && !event_lost(other), "events that were lost");
	ok(!event_parse(&e, lost) && !event_parse(&e, other), "what is no event of ours");
}

/* What bars_print() prints. */
static char *bars(const uint64_t *edges, size_t n, const struct bars *series,
		  size_t n_series, unsigned int width)
{
	char *text;
	size_t size;
	FILE *file = need_memory(open_memstream(&text, &size));

	bars_print(file, edges, n, series, n_series, width);
	fclose(file);
	return text;
}

static void test_bars(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 4, 8, UINT64_MAX };
	static const uint64_t one[] = { 0, 1, 0, 1000, 0 };
	static const uint64_t two[] = { 0, 0, 0, 5, 0 };
	static const uint64_t none[] = { 0, 0, 0, 0, 0 };
	const struct bars series[] = { { "one", one }, { "a title that is too long", two } };
	const struct bars nothing = { "none", none };
	unsigned int width;
	size_t longest, length;
	char *text, *line, *rest;

	text = bars(edges, 5, series, 1, 40);
	ok(!strcmp(text, "                    one\n"
			 "    1 ns .. 2 ns           1 .\n"
			 "    2 ns .. 4 ns           0\n"
			 "    4 ns .. 8 ns        1000 ##########\n"),
	   "bars, without the empty ends");
	free(text);
	text = bars(edges, 5, &nothing, 1, 80);
	ok(!*text, "nothing to show");
	free(text);

	for (width = 40; width < 200; width++) {
		longest = 0;
		text = bars(edges, 5, series, 2, width);
		for (line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			length = strlen(line);
			longest = length > longest ? length : longest;
		}
		free(text);
		if (longest > width)
			break;
	}
	ok(width == 200, "no line is wider than the terminal: %zu in %u", longest, width);
}

int main(void)
{
	test_times();
	test_counts();
	test_cpus();
	test_format();
	test_proc();
	test_samples();
	test_event();
	test_bars();
	return done_testing();
}
