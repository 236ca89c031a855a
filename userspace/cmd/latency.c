// SPDX-License-Identifier: GPL-2.0
/*
 * customtimer latency: sleeps until deadlines in several ways, one after the
 * other, and shows side by side how late each woke.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "libcustomtimer.h"
#include "bars.h"
#include "cmd.h"
#include "files.h"
#include "measure.h"
#include "plot.h"
#include "values.h"

#define MAX_THREADS 1024
#define LINEAR_RANGES 20

static struct {
	uint64_t chosen;	/* bits, by index in methods; 0: all there are */
	struct cpu_list cpus;
	bool cpus_given;
	long long threads;
	uint64_t histogram;	/* its end, 0: powers of two, on a terminal */
	uint64_t threshold;
	bool quiet;
	bool json;
	const char *file;
	const char *picture;
} options;

static struct plan plan;

/* The CPUs of the threads, in turn those that were chosen. */
static int place_threads(void)
{
	size_t size = CPU_ALLOC_SIZE(MAX_CPUS);
	cpu_set_t *set = need_memory(CPU_ALLOC(MAX_CPUS));
	unsigned int n = 0, i, *cpus;
	int cpu;

	CPU_ZERO_S(size, set);
	sched_getaffinity(0, size, set);
	cpus = need_memory(calloc(MAX_CPUS + MAX_THREADS, sizeof(*cpus)));
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (options.cpus_given ? cpu_listed(&options.cpus, cpu) :
		    CPU_ISSET_S(cpu, size, set))
			cpus[n++] = cpu;
	}
	CPU_FREE(set);
	plan.cpus = cpus;
	plan.n_threads = options.threads ? options.threads : n;
	for (i = n; i < plan.n_threads; i++)
		cpus[i] = cpus[i % n];
	return n ? 0 : -1;
}

static bool choose_methods(const char *list)
{
	char *copy = need_memory(strdup(list)), *name, *rest;
	unsigned int i;

	options.chosen = 0;
	for (name = strtok_r(copy, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest)) {
		for (i = 0; i < n_methods; i++)
			if (!strcmp(name, methods[i].name))
				break;
		if (i == n_methods)
			break;
		options.chosen |= 1ULL << i;
	}
	free(copy);
	return options.chosen && !name;
}

/* Methods that can be used; -1 if one that was asked for cannot. */
static int select_methods(struct result *results)
{
	const char *why;
	unsigned int i;
	int n = 0;

	for (i = 0; i < n_methods; i++) {
		if (options.chosen && !(options.chosen >> i & 1))
			continue;
		why = methods[i].missing();
		if (!why) {
			results[n++].method = &methods[i];
			continue;
		}
		if (options.chosen) {
			complain("latency: %s: %s", methods[i].name, why);
			return -1;
		}
		/* The kernel's are for those who have them. */
		if (strncmp(methods[i].name, "kernel", 6))
			complain("latency: left out: %s: %s", methods[i].name, why);
	}
	return n;
}

static void describe(char *text, size_t size)
{
	char interval[TIME_TEXT], priority[32] = "SCHED_OTHER";

	if (plan.priority)
		snprintf(priority, sizeof(priority), "SCHED_FIFO %d", plan.priority);
	if (plan.n_threads == 1)
		snprintf(text, size, "one sleep each %s, CPU %u, %s",
			 format_time(interval, plan.interval), plan.cpus[0],
			 priority);
	else
		snprintf(text, size, "one sleep each %s, %u threads, %s",
			 format_time(interval, plan.interval), plan.n_threads,
			 priority);
}

static void print_row(FILE *file, const char *name, const struct samples *s)
{
	uint64_t times[] = {
		s->min, samples_mean(s), samples_quantile(s, 500),
		samples_quantile(s, 990), samples_quantile(s, 999), s->max,
	};
	char text[TIME_TEXT];
	unsigned int i;

	fprintf(file, "%-14s %8" PRIu64, name, s->count);
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		fprintf(file, " %7s", s->count ? format_time(text, times[i]) : "-");
	fprintf(file, " %6" PRIu64 "\n", s->missed);
}

static void print_table(FILE *file, const struct result *results, int n)
{
	char text[160];
	unsigned int t;
	int i;

	describe(text, sizeof(text));
	fprintf(file, "%s\n\n", text);
	fprintf(file, "%-14s %8s %7s %7s %7s %7s %7s %7s %6s\n", "LATE BY",
		"SLEEPS", "MIN", "MEAN", "P50", "P99", "P99.9", "MAX", "MISSED");
	for (i = 0; i < n; i++) {
		print_row(file, results[i].method->name, &results[i].all);
		for (t = 0; plan.n_threads > 1 && t < plan.n_threads; t++) {
			snprintf(text, sizeof(text), "  CPU %u", plan.cpus[t]);
			print_row(file, text, &results[i].thread[t]);
		}
	}
}

/* Equal ranges up to --histogram, or powers of two. */
static void print_histogram(FILE *file, const struct result *results, int n,
			    unsigned int width)
{
	struct bars series[n_methods];
	uint64_t edges[66];
	size_t ranges, i;
	uint64_t *counts;
	int m;

	if (options.histogram) {
		ranges = LINEAR_RANGES + 1;
		for (i = 0; i < ranges; i++)
			edges[i] = options.histogram * i / LINEAR_RANGES;
	} else {
		ranges = 64;
		edges[0] = 0;
		for (i = 1; i < ranges; i++)
			edges[i] = 1ULL << i;
	}
	edges[ranges] = UINT64_MAX;

	counts = need_memory(calloc(ranges * n, sizeof(*counts)));
	for (m = 0; m < n; m++) {
		series[m].title = results[m].method->name;
		series[m].counts = &counts[m * ranges];
		for (i = 0; i < ranges; i++)
			counts[m * ranges + i] =
				samples_between(&results[m].all, edges[i],
						edges[i + 1]);
	}
	fputc('\n', file);
	bars_print(file, edges, ranges, series, n, width);
	free(counts);
}

static json_t *json_samples(const struct samples *s)
{
	json_t *object = json_object();

	json_object_set_new(object, "count", json_integer(s->count));
	json_object_set_new(object, "missed", json_integer(s->missed));
	if (!s->count)
		return object;
	json_object_set_new(object, "min_ns", json_integer(s->min));
	json_object_set_new(object, "mean_ns", json_integer(samples_mean(s)));
	json_object_set_new(object, "p50_ns", json_integer(samples_quantile(s, 500)));
	json_object_set_new(object, "p99_ns", json_integer(samples_quantile(s, 990)));
	json_object_set_new(object, "p99.9_ns", json_integer(samples_quantile(s, 999)));
	json_object_set_new(object, "max_ns", json_integer(s->max));
	return object;
}

static json_t *json_result(const struct result *r)
{
	json_t *object = json_samples(&r->all), *list, *item;
	unsigned int i;

	json_object_set_new(object, "method", json_string(r->method->name));
	json_object_set_new(object, "early", json_integer(r->early));
	json_object_set_new(object, "throttled", json_integer(r->throttled));
	list = json_array();
	for (i = 0; i < plan.n_threads; i++) {
		item = json_samples(&r->thread[i]);
		json_object_set_new(item, "cpu", json_integer(plan.cpus[i]));
		json_array_append_new(list, item);
	}
	json_object_set_new(object, "threads", list);
	list = json_array();
	for (i = 0; i < BUCKETS; i++)
		if (r->all.bucket[i])
			json_array_append_new(list, json_pack("[I, I]",
				(json_int_t)bucket_begin(i),
				(json_int_t)r->all.bucket[i]));
	json_object_set_new(object, "histogram", list);
	return object;
}

static void print_json(FILE *file, const struct result *results, int n)
{
	json_t *root, *list = json_array();
	struct utsname system;
	int i;

	uname(&system);
	for (i = 0; i < n; i++)
		json_array_append_new(list, json_result(&results[i]));
	root = json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:b, s:o}",
			 "version", LIBCUSTOMTIMER_VERSION,
			 "kernel", system.release,
			 "interval_ns", (json_int_t)plan.interval,
			 "loops", (json_int_t)plan.loops,
			 "duration_ns", (json_int_t)plan.duration,
			 "priority", plan.priority,
			 "partial", interrupted,
			 "methods", list);
	json_dumpf(root, file, JSON_INDENT(1));
	fputc('\n', file);
	json_decref(root);
}

static void print_results(FILE *file, const struct result *results, int n)
{
	unsigned int width = options.file ? 0 : terminal_width(stdout);

	if (options.json) {
		print_json(file, results, n);
		return;
	}
	print_table(file, results, n);
	if (width || options.histogram)
		print_histogram(file, results, n, width);
}

/* Lines on what is odd about the results. Returns the exit status. */
static int judge(const struct result *results, int n)
{
	char worst[TIME_TEXT], limit[TIME_TEXT];
	int i, status = interrupted ? EXIT_INTERRUPTED : EXIT_SUCCESS;

	if (interrupted)
		complain("latency: interrupted: results are partial");
	for (i = 0; i < n; i++) {
		if (results[i].early)
			complain("latency: %s: %" PRIu64 " woke before their deadlines",
				 results[i].method->name, results[i].early);
		if (results[i].throttled)
			complain("latency: %s: the module has put off %" PRIu64 " deadlines: choose a longer --interval",
				 results[i].method->name, results[i].throttled);
		if (options.threshold && results[i].all.max > options.threshold) {
			complain("latency: %s: %s late is above the threshold of %s",
				 results[i].method->name,
				 format_time(worst, results[i].all.max),
				 format_time(limit, options.threshold));
			status = EXIT_THRESHOLD;
		}
	}
	return status;
}

/* Measures by each method. Returns how many there are results of, or -1. */
static int measure_all(struct result *results, int n)
{
	int i;

	for (i = 0; i < n && !interrupted; i++) {
		results[i].thread = need_memory(calloc(plan.n_threads,
						       sizeof(struct samples)));
		if (measure(&plan, &results[i]))
			return -1;
	}
	return i;
}

static int run(struct result *results)
{
	struct output out, picture;
	char title[160];
	int n, status;

	n = select_methods(results);
	if (n < 0)
		return EXIT_FAILURE;
	/* Files first: it would be a pity to find out at the end. */
	catch_interrupts();
	if (output_open(&out, options.file))
		return EXIT_FAILURE;
	if (options.picture && output_open(&picture, options.picture)) {
		output_drop(&out);
		return EXIT_FAILURE;
	}

	n = measure_all(results, n);
	if (n < 0) {
		output_drop(&out);
		if (options.picture)
			output_drop(&picture);
		return EXIT_FAILURE;
	}
	print_results(out.file, results, n);
	status = output_close(&out) ? EXIT_FAILURE : EXIT_SUCCESS;
	describe(title, sizeof(title));
	if (options.picture && plot(options.picture, &picture, title, results, n))
		status = EXIT_FAILURE;
	return status ? status : judge(results, n);
}

static const char help[] =
"usage: customtimer latency [OPTION]...\n"
"\n"
"Measures how late a program wakes that sleeps until deadlines: by\n"
"clock_nanosleep(), by a timerfd and by the custom timer, one after the other.\n"
"As root also how late callbacks in the kernel start, by the module\n"
"customtimer_latency.\n"
"\n"
"  -i, --interval=TIME    from one deadline to the next (1ms)\n"
"  -l, --loops=N          number of deadlines of each thread (1000); 0: no end\n"
"  -D, --duration=TIME    measure this long instead; a number alone is in seconds\n"
"  -p, --priority=N       SCHED_FIFO with this priority; 0: none (0)\n"
"  -a, --affinity=LIST    on these CPUs: 0-3,5\n"
"  -t, --threads[=N]      number of threads (1); without N one for each CPU\n"
"  -m, --method=LIST      some of nanosleep,timerfd,custom,kernel-hrtimer,\n"
"                         kernel-custom\n"
"  -w, --warmup=N         deadlines before these, which do not count (100)\n"
"  -h, --histogram=TIME   a histogram up to TIME; otherwise one in powers of\n"
"                         two, on a terminal only\n"
"      --threshold=TIME   exit status 2 if any of the sleeps was later\n"
"  -q, --quiet            no line that shows the progress\n"
"  -j, --json             as JSON\n"
"  -o, --output=FILE      into FILE, in one piece\n"
"      --plot=FILE        also as a picture: FILE.svg or FILE.png\n"
"      --help             show this\n"
"\n"
"TIME: 300, 300us, 1.5ms, 2s; a number alone is of microseconds.\n"
"N: 1000, 10k, 2M.\n";

/* An argument may follow an option that can do without, as with cyclictest. */
static const char *optional_argument_of(int argc, char **argv)
{
	if (!optarg && optind < argc && argv[optind][0] >= '0' &&
	    argv[optind][0] <= '9')
		return argv[optind++];
	return optarg;
}

/* Returns false after a wrong argument. */
static bool take_option(int option, const char *arg)
{
	long long number;

	switch (option) {
	case 'i':
		return parse_time(arg, NS_PER_US, &plan.interval) &&
		       plan.interval >= NS_PER_US;
	case 'l':
		return parse_count(arg, &plan.loops);
	case 'D':
		return parse_time(arg, NS_PER_SECOND, &plan.duration) &&
		       plan.duration;
	case 'p':
		if (!parse_number(arg, &number) || number < 0 || number > 99)
			return false;
		plan.priority = number;
		return true;
	case 'a':
		options.cpus_given = true;
		return parse_cpus(arg, &options.cpus);
	case 't':
		options.threads = 0;
		return !arg || (parse_number(arg, &options.threads) &&
				options.threads > 0 &&
				options.threads <= MAX_THREADS);
	case 'm':
		return choose_methods(arg);
	case 'w':
		return parse_count(arg, &plan.warmup);
	case 'h':
		return parse_time(arg, NS_PER_US, &options.histogram) &&
		       options.histogram >= LINEAR_RANGES;
	case 'T':
		return parse_time(arg, NS_PER_US, &options.threshold) &&
		       options.threshold;
	}
	return true;
}

int cmd_latency(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "loops", required_argument, NULL, 'l' },
		{ "duration", required_argument, NULL, 'D' },
		{ "priority", required_argument, NULL, 'p' },
		{ "affinity", required_argument, NULL, 'a' },
		{ "threads", optional_argument, NULL, 't' },
		{ "method", required_argument, NULL, 'm' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "histogram", required_argument, NULL, 'h' },
		{ "threshold", required_argument, NULL, 'T' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "plot", required_argument, NULL, 'F' },
		{ "help", no_argument, NULL, 'H' },
		{ 0 }
	};
	struct result *results;
	bool loops_given = false;
	const char *arg;
	int option, i, status;

	plan.interval = 1000 * NS_PER_US;
	plan.warmup = 100;
	options.threads = 1;
	while ((option = getopt_long(argc, argv, "i:l:D:p:a:t::m:w:h:qjo:",
				     longs, NULL)) != -1) {
		arg = option == 't' ? optional_argument_of(argc, argv) : optarg;
		if (!take_option(option, arg)) {
			for (i = 0; longs[i].val != option; i++)
				;
			return wrong_usage("latency", "--%s=%s is out of bounds or not understood",
					   longs[i].name, arg);
		}
		switch (option) {
		case 'l':
			loops_given = true;
			break;
		case 'q':
			options.quiet = true;
			break;
		case 'j':
			options.json = true;
			break;
		case 'o':
			options.file = optarg;
			break;
		case 'F':
			options.picture = optarg;
			break;
		case 'H':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		case '?':
			return wrong_option("latency", argv);
		}
	}
	if (no_operands("latency", argc, argv))
		return EXIT_USAGE;
	if (!loops_given && !plan.duration)
		plan.loops = 1000;
	if (!plan.loops && !plan.duration &&
	    (!options.chosen || options.chosen & (options.chosen - 1)))
		return wrong_usage("latency", "without an end the second method would never come: choose one by --method");
	if (files_elsewhere())
		return wrong_usage("latency", "--sysroot is for files only");
	plan.live = !options.quiet && terminal_width(stderr);
	if (options.picture && !plot_possible(options.picture))
		return EXIT_FAILURE;
	if (place_threads()) {
		complain("latency: no CPU to run on");
		return EXIT_FAILURE;
	}
	results = need_memory(calloc(n_methods, sizeof(*results)));
	status = run(results);
	for (i = 0; i < (int)n_methods; i++)
		free(results[i].thread);
	free(results);
	free((void *)plan.cpus);
	return status;
}
