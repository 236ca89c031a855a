// SPDX-License-Identifier: GPL-2.0
/*
 * customtimer hist: the errors of exact timers that the module has counted since
 * it was loaded.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "cmd.h"
#include "files.h"
#include "proc.h"
#include "values.h"

#define HISTOGRAM "/sys/kernel/debug/customtimer/histogram"

static struct cpu_list cpus;
static bool all_cpus = true;

/* A bucket that counts; -1 for the CPU if it does not. */
struct bucket {
	long long cpu, least, most, count;
};

static struct bucket get_bucket(const struct proc *p, size_t row)
{
	struct bucket b = {
		.cpu = proc_number(p, row, "cpu"),
		.least = proc_number(p, row, "least_ns"),
		.most = proc_number(p, row, "most_ns"),
		.count = proc_number(p, row, "count"),
	};

	if (b.least < 0 || b.most < b.least || b.count < 0 ||
	    (!all_cpus && (b.cpu < 0 || !cpu_listed(&cpus, b.cpu))))
		b.cpu = -1;
	return b;
}

/* The module's buckets never cross a power of two. */
static void print_bars(FILE *file, const struct proc *p, unsigned int width)
{
	uint64_t edges[65], counts[64] = { 0 }, total = 0;
	struct bars bars = { .title = "CALLBACKS", .counts = counts };
	size_t row, i;

	edges[0] = 0;
	for (i = 1; i < 64; i++)
		edges[i] = 1ULL << i;
	edges[64] = UINT64_MAX;
	for (row = 0; row < p->n_rows; row++) {
		struct bucket b = get_bucket(p, row);

		if (b.cpu < 0)
			continue;
		for (i = 0; i < 63 && (uint64_t)b.least >= edges[i + 1]; i++)
			;
		counts[i] += b.count;
		total += b.count;
	}
	if (!total)
		fputs("No exact timer has expired yet.\n", file);
	else
		bars_print(file, edges, 64, &bars, 1, width);
}

static void print_json(FILE *file, const struct proc *p)
{
	json_t *list = json_array(), *root;
	size_t row;

	for (row = 0; row < p->n_rows; row++) {
		struct bucket b = get_bucket(p, row);

		if (b.cpu < 0)
			continue;
		json_array_append_new(list, json_pack("{s:I, s:I, s:I, s:I}",
			"cpu", (json_int_t)b.cpu,
			"least_ns", (json_int_t)b.least,
			"most_ns", (json_int_t)b.most,
			"count", (json_int_t)b.count));
	}
	root = json_pack("{s:o}", "buckets", list);
	json_dumpf(root, file, JSON_INDENT(1));
	fputc('\n', file);
	json_decref(root);
}

static bool read_histogram(struct proc *p)
{
	char *text = file_text(HISTOGRAM), *module;

	if (text) {
		if (proc_parse(p, text))
			return true;
		complain("hist: " HISTOGRAM " is not understood: is the module much newer or older than this program? See customtimer doctor");
		proc_free(p);
		return false;
	}
	if (refused_by_lockdown()) {
		complain("hist: kernel lockdown forbids " HISTOGRAM ": boot without lockdown= and Secure Boot, or see customtimer status");
		return false;
	}
	if (errno == EACCES) {
		complain("hist: no permission for " HISTOGRAM ": run as root");
		return false;
	}
	module = file_text(PROC_FILE);
	if (!module)
		complain("hist: the module is not loaded: %s", how_to_load());
	else
		complain("hist: no " HISTOGRAM ": mount -t debugfs debugfs /sys/kernel/debug");
	free(module);
	return false;
}

static const char help[] =
"usage: customtimer hist [OPTION]...\n"
"\n"
"Shows how late the callbacks of exact timers have started since the module was\n"
"loaded. Needs root and debugfs.\n"
"\n"
"  -c, --cpu=LIST     only these CPUs: 0-3,5\n"
"  -j, --json         every bucket, as JSON\n"
"  -o, --output=FILE  into FILE, in one piece\n"
"      --help         show this\n";

int cmd_hist(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "cpu", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'H' },
		{ 0 }
	};
	const char *path = NULL;
	struct output out;
	bool json = false;
	struct proc p;
	int option, bad;

	while ((option = getopt_long(argc, argv, "c:jo:", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			all_cpus = false;
			if (!parse_cpus(optarg, &cpus))
				return wrong_usage("hist", "--cpu=%s is no list of CPUs", optarg);
			break;
		case 'j':
			json = true;
			break;
		case 'o':
			path = optarg;
			break;
		case 'H':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			return wrong_option("hist", argv);
		}
	}
	if (no_operands("hist", argc, argv))
		return EXIT_USAGE;
	if (!read_histogram(&p))
		return EXIT_FAILURE;
	bad = output_open(&out, path);
	if (!bad) {
		if (json)
			print_json(out.file, &p);
		else
			print_bars(out.file, &p, path ? 0 : terminal_width(stdout));
		bad = output_close(&out);
	}
	proc_free(&p);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
