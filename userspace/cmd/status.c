// SPDX-License-Identifier: GPL-2.0
/*
 * customtimer status: /proc/customtimer for people, as JSON, and for Prometheus.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "files.h"
#include "proc.h"
#include "values.h"

enum kind {
	LABEL,
	COUNT,		/* grows */
	GAUGE,
	TIME,		/* a gauge, in ns */
	TOTAL_TIME,	/* grows, in ns */
};

/*
 * What is known of the columns, those first that are shown where there is no
 * room for all. A metric's name gets the unit and "_total" behind it.
 */
static const struct column {
	const char *name;
	const char *title;
	enum kind kind;
	const char *metric;
	const char *label;	/* more labels of the metric */
	const char *help;
} columns[] = {
	{ "cpu", "CPU", LABEL, NULL, NULL, NULL },
	{ "queued", "QUEUED", GAUGE, "queued_timers", "", "Timers that wait." },
	{ "expired", "EXPIRED", COUNT, "expired", "", "Timers that have run." },
	{ "interrupts", "INTERRUPTS", COUNT, "interrupts", "", "Interrupts of the custom timer." },
	{ "lead_ns", "LEAD", TIME, "lead", "", "How much earlier than the deadline the interrupt is set for." },
	{ "p50_ns", "P50", TIME, "error", ",rank=\"p50\"", "Start of the callback less deadline, exact timers." },
	{ "p99_ns", "P99", TIME, "error", ",rank=\"p99\"", NULL },
	{ "p99.9_ns", "P99.9", TIME, "error", ",rank=\"p99.9\"", NULL },
	{ "worst_ns", "WORST", TIME, "error", ",rank=\"worst\"", NULL },
	{ "started", "STARTED", COUNT, "started", "", "Timers started." },
	{ "cancelled", "CANCELLED", COUNT, "cancelled", "", "Timers taken back while they were queued." },
	{ "armed", "ARMED", COUNT, "armed", "", "Settings of the interrupt source." },
	{ "stopped", "STOPPED", COUNT, "stopped", "", "Settings taken back because no timer was left." },
	{ "coalesced", "COALESCED", COUNT, "coalesced", "", "Expiries that shared an interrupt with another." },
	{ "spurious", "SPURIOUS", COUNT, "spurious", "", "Interrupts that found nothing due." },
	{ "waited_ns", "WAITED", TOTAL_TIME, "waited", "", "Time spent waiting for deadlines." },
	{ "degraded", "DEGRADED", COUNT, "degraded", "", "Interrupts set without a lead because max_wait_percent was spent." },
	{ "retries", "RETRIES", COUNT, "retries", "", "Settings that were repeated." },
	{ "raised", "RAISED", COUNT, "raised", "", "Interrupts that the CPU sent to itself." },
	{ "limited", "LIMITED", COUNT, "limited", "", "Passes that ended early, because timers had kept the CPU from everything else for a millisecond." },
	{ "held", "HELD", COUNT, "held", "", "Times the guard held events back." },
	{ "moved", "MOVED", COUNT, "moved", "", "Timers taken over from a CPU that went offline." },
	{ "refused", "REFUSED", COUNT, "refused", "", "Settings that the hypervisor refused." },
	{ "irq", "IRQ", LABEL, NULL, NULL, NULL },
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *const info[] = { "version", "backend", "guest", "events" };

#define N_INFO (sizeof(info) / sizeof(info[0]))

enum format { TABLE, JSON, PROMETHEUS };

static struct {
	enum format format;
	bool all_cpus;
	struct cpu_list cpus;
	const char *file;
	bool watch;
	uint64_t pause;
} options;

static bool row_wanted(const struct proc *p, size_t row)
{
	long long cpu = proc_number(p, row, "cpu");

	return options.all_cpus || (cpu >= 0 && cpu_listed(&options.cpus, cpu));
}

/* Complains of the first CPU that was asked for and is not there. */
static bool cpus_there(const struct proc *p)
{
	int cpu = options.all_cpus ? -1 : next_cpu(&options.cpus, 0);
	size_t row;

	for (; cpu >= 0; cpu = next_cpu(&options.cpus, cpu + 1)) {
		for (row = 0; row < p->n_rows; row++)
			if (proc_number(p, row, "cpu") == cpu)
				break;
		if (row == p->n_rows) {
			complain("status: CPU %d is not online: leave it out of --cpu", cpu);
			return false;
		}
	}
	return true;
}

/* A cell as the table shows it. */
static const char *cell_text(char text[TIME_TEXT], const struct proc *p,
			     size_t row, const struct column *column)
{
	const char *cell = proc_cell(p, row, column->name);
	long long number;

	if (!cell)
		return "-";
	if ((column->kind != TIME && column->kind != TOTAL_TIME) ||
	    !parse_number(cell, &number) || number < 0)
		return cell;
	return format_time(text, number);
}

static size_t column_width(const struct proc *p, const struct column *column)
{
	size_t width = strlen(column->title), row, length;
	char text[TIME_TEXT];

	for (row = 0; row < p->n_rows; row++) {
		length = strlen(cell_text(text, p, row, column));
		if (row_wanted(p, row) && length > width)
			width = length;
	}
	return width;
}

static void print_keys(FILE *file, const struct proc *p)
{
	static const char *const names[] = {
		"max_lead_ns", "max_wait_percent", "guard_ns", "device_timers",
	};
	const char *value[N_INFO];
	size_t i;

	for (i = 0; i < N_INFO; i++) {
		value[i] = proc_value(p, info[i]);
		if (!value[i])
			value[i] = "-";
	}
	fprintf(file, "customtimer %s, backend %s, guest %s, events %s\n",
		value[0], value[1], value[2], value[3]);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value[0] = proc_value(p, names[i]);
		fprintf(file, "%s%s %s", i ? ", " : "", names[i],
			value[0] ? value[0] : "-");
	}
	fputs("\n\n", file);
}

/* As many columns as fit into @width, 0: all. */
static void print_table(FILE *file, const struct proc *p, unsigned int width)
{
	size_t widths[N_COLUMNS], used = 0, n, i, row;
	char text[TIME_TEXT];

	for (n = 0; n < N_COLUMNS; n++) {
		widths[n] = column_width(p, &columns[n]) + (n ? 2 : 0);
		used += widths[n];
		if (width && n && used > width)
			break;
	}
	print_keys(file, p);
	for (i = 0; i < n; i++)
		fprintf(file, "%*s", (int)widths[i], columns[i].title);
	fputc('\n', file);
	for (row = 0; row < p->n_rows; row++) {
		if (!row_wanted(p, row))
			continue;
		for (i = 0; i < n; i++)
			fprintf(file, "%*s", (int)widths[i],
				cell_text(text, p, row, &columns[i]));
		fputc('\n', file);
	}
	if (n < N_COLUMNS)
		fprintf(file, "\n%zu more columns: widen the terminal, or use --json\n",
			N_COLUMNS - n);
}

static json_t *json_value(const char *text)
{
	long long number;

	if (!text)
		return json_null();
	if (parse_number(text, &number))
		return json_integer(number);
	return json_string(text);
}

/* All keys and columns, known or not. */
static void print_json(FILE *file, const struct proc *p)
{
	json_t *root = json_object(), *cpus = json_array(), *cpu;
	size_t i, row;

	for (i = 0; i < p->n_keys; i++)
		json_object_set_new(root, p->keys[i], json_value(p->values[i]));
	for (row = 0; row < p->n_rows; row++) {
		if (!row_wanted(p, row))
			continue;
		cpu = json_object();
		for (i = 0; i < p->n_columns; i++)
			json_object_set_new(cpu, p->columns[i],
					    json_value(p->cells[row * p->n_columns + i]));
		json_array_append_new(cpus, cpu);
	}
	json_object_set_new(root, "cpus", cpus);
	json_dumpf(root, file, options.watch ? JSON_COMPACT : JSON_INDENT(2));
	fputc('\n', file);
	json_decref(root);
}

/* Of what a module could say of itself, nothing needs more than this. */
static void print_label(FILE *file, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		fputc(*text, file);
	}
}

static void print_metric(FILE *file, const struct proc *p,
			 const struct column *column)
{
	bool grows = column->kind == COUNT || column->kind == TOTAL_TIME;
	bool time = column->kind == TIME || column->kind == TOTAL_TIME;
	const char *help = column->help;
	long long number;
	size_t row;
	char name[64];

	snprintf(name, sizeof(name), "customtimer_%s%s%s", column->metric,
		 time ? "_seconds" : "", grows ? "_total" : "");
	for (row = 0; row < p->n_rows; row++) {
		if (!row_wanted(p, row) ||
		    !parse_number(proc_cell(p, row, column->name), &number))
			continue;
		if (help)
			fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name,
				help, name, grows ? "counter" : "gauge");
		help = NULL;
		fprintf(file, "%s{cpu=\"%s\"%s} ", name,
			proc_cell(p, row, "cpu"), column->label);
		if (time)
			fprintf(file, "%lld.%09lld\n",
				number / (long long)NS_PER_SECOND,
				number % (long long)NS_PER_SECOND);
		else
			fprintf(file, "%lld\n", number);
	}
}

/* @p: NULL if the module is not loaded. */
static void print_prometheus(FILE *file, const struct proc *p)
{
	long long timers;
	size_t i;

	fprintf(file, "# HELP customtimer_up Whether the module is loaded.\n"
		"# TYPE customtimer_up gauge\n"
		"customtimer_up %d\n", !!p);
	if (!p)
		return;
	fputs("# HELP customtimer_info What runs.\n"
	      "# TYPE customtimer_info gauge\n"
	      "customtimer_info{", file);
	for (i = 0; i < N_INFO; i++) {
		fprintf(file, "%s%s=\"", i ? "," : "", info[i]);
		print_label(file, proc_value(p, info[i]));
		fputc('"', file);
	}
	fputs("} 1\n", file);
	if (parse_number(proc_value(p, "device_timers"), &timers))
		fprintf(file, "# HELP customtimer_device_timers Timers of programs.\n"
			"# TYPE customtimer_device_timers gauge\n"
			"customtimer_device_timers %lld\n", timers);
	for (i = 0; i < N_COLUMNS; i++)
		if (columns[i].metric)
			print_metric(file, p, &columns[i]);
}

/* That nothing can be shown was said, and is not repeated by --watch. */
static bool told;

/* The present state; false, with a line, if there is none. */
static bool read_status(struct proc *p)
{
	char *text = file_text(PROC_FILE);
	int err = errno;

	if (text && proc_parse(p, text)) {
		told = false;
		return true;
	}
	if (text)
		proc_free(p);
	if (told)
		return false;
	told = true;
	if (text)
		complain("status: " PROC_FILE " is not understood: is the module much newer or older than this program? See customtimer doctor");
	else if (err == ENOENT)
		complain("status: the module is not loaded: %s", how_to_load());
	else
		complain("status: " PROC_FILE ": %s", strerror(err));
	return false;
}

/* Sets @unwritable when standard output takes no more. */
static int show(unsigned int width, bool *unwritable)
{
	struct output out;
	struct proc p;
	bool there = read_status(&p);
	int status = EXIT_FAILURE;

	if (there && !cpus_there(&p)) {
		proc_free(&p);
		return EXIT_FAILURE;
	}
	/* That it is gone is news for Prometheus. */
	if ((there || options.format == PROMETHEUS) &&
	    !output_open(&out, options.file)) {
		if (options.format == PROMETHEUS)
			print_prometheus(out.file, there ? &p : NULL);
		else if (options.format == JSON)
			print_json(out.file, &p);
		else
			print_table(out.file, &p, width);
		if (output_close(&out))
			*unwritable = !options.file;
		else if (there)
			status = EXIT_SUCCESS;
	}
	if (there)
		proc_free(&p);
	return status;
}

/* Until a signal ends it, whether the module is there or not. */
static int watch(void)
{
	struct timespec pause = {
		.tv_sec = options.pause / NS_PER_SECOND,
		.tv_nsec = options.pause % NS_PER_SECOND,
	};
	bool unwritable = false;
	unsigned int width;

	catch_interrupts();
	while (!interrupted) {
		width = options.file ? 0 : terminal_width(stdout);
		/* Home, and clear what is below; what was said is gone then. */
		if (width && options.format == TABLE) {
			fputs("\033[H\033[J", stdout);
			told = false;
		}
		show(width, &unwritable);
		if (unwritable)
			return EXIT_FAILURE;
		if (!width && !options.file && options.format != JSON)
			putchar('\n');
		fflush(stdout);
		if (!interrupted)
			nanosleep(&pause, NULL);
	}
	return EXIT_SUCCESS;
}

static const char help[] =
"usage: customtimer status [OPTION]...\n"
"\n"
"Shows what the custom timer does on each CPU.\n"
"\n"
"  -c, --cpu=LIST         only these CPUs: 0-3,5\n"
"  -j, --json             as JSON\n"
"  -P, --prometheus       as metrics for Prometheus\n"
"  -o, --output=FILE      into FILE, in one piece\n"
"  -w, --watch[=SECONDS]  again and again, every second or every SECONDS\n"
"      --help             show this\n";

int cmd_status(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "cpu", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "prometheus", no_argument, NULL, 'P' },
		{ "output", required_argument, NULL, 'o' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'H' },
		{ 0 }
	};
	bool unwritable = false;
	int option;

	options.all_cpus = true;
	options.pause = NS_PER_SECOND;
	while ((option = getopt_long(argc, argv, "c:jPo:w::", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.all_cpus = false;
			if (!parse_cpus(optarg, &options.cpus))
				return wrong_usage("status", "--cpu=%s is no list of CPUs", optarg);
			break;
		case 'j':
			options.format = JSON;
			break;
		case 'P':
			options.format = PROMETHEUS;
			break;
		case 'o':
			options.file = optarg;
			break;
		case 'w':
			options.watch = true;
			if (optarg && (!parse_time(optarg, NS_PER_SECOND, &options.pause) ||
				       options.pause < NS_PER_SECOND / 100))
				return wrong_usage("status", "--watch=%s is no time of at least 10 ms", optarg);
			break;
		case 'H':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			return wrong_option("status", argv);
		}
	}
	if (no_operands("status", argc, argv))
		return EXIT_USAGE;
	if (options.watch)
		return watch();
	return show(options.file ? 0 : terminal_width(stdout), &unwritable);
}
