// SPDX-License-Identifier: GPL-2.0
/*
 * customtimer trace: the timer's events as they come, from a tracefs instance of
 * our own, so that nobody else's tracing is disturbed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "event.h"
#include "files.h"
#include "values.h"

static const char *const places[] = {
	"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
};

static char instance[128];	/* its folder, "" if there is none */

static bool all_events;

static int write_file(const char *name, const char *text)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

static void remove_instance(void)
{
	if (!*instance)
		return;
	write_file("events/customtimer/enable", "0");
	rmdir(instance);
	*instance = '\0';
}

/* Returns -1 after a line that says what is missing. */
static int make_instance(void)
{
	const char *place = NULL;
	char path[128];
	size_t i;

	for (i = 0; i < 2 && !place; i++) {
		snprintf(path, sizeof(path), "%s/instances", places[i]);
		if (!access(path, F_OK))
			place = places[i];
		else if (errno == EACCES)
			break;
	}
	if (!place) {
		if (errno == EACCES)
			complain("trace: no permission for %s: run as root", places[i < 2 ? i : 0]);
		else
			complain("trace: no tracefs: mount -t tracefs tracefs %s", places[0]);
		return -1;
	}
	/* What Linux says to the attempts that follow may be anything. */
	snprintf(path, sizeof(path), "%s/tracing_on", place);
	if (reading_is_locked(path)) {
		complain("trace: kernel lockdown forbids tracing: boot without lockdown=confidentiality");
		return -1;
	}
	snprintf(path, sizeof(path), "%s/events/customtimer", place);
	if (access(path, F_OK)) {
		complain("trace: %s: the module is not loaded: %s", path, how_to_load());
		return -1;
	}
	snprintf(instance, sizeof(instance), "%s/instances/customtimer-%d",
		 place, getpid());
	if (mkdir(instance, 0700)) {
		complain("trace: %s: %s: run as root", instance, strerror(errno));
		*instance = '\0';
		return -1;
	}
	/* The kernel switches events on one after the other: nothing before the last is. */
	if (write_file("tracing_on", "0") ||
	    write_file(all_events ? "events/customtimer/enable" :
		       "events/customtimer/customtimer_expire_entry/enable", "1") ||
	    write_file("tracing_on", "1")) {
		complain("trace: cannot switch the events on: %s", strerror(errno));
		remove_instance();
		return -1;
	}
	return 0;
}

static void print_event(const struct event *e)
{
	char function[64], window[32], error[32], text[TIME_TEXT];
	long long number;

	if (all_events) {
		printf("%14s %4u  %-12s %s", e->time, e->cpu, e->name, e->fields);
		return;
	}
	event_field(e, "function", function, sizeof(function));
	event_field(e, "window", window, sizeof(window));
	event_field(e, "error", error, sizeof(error));
	printf("%14s %4u ", e->time, e->cpu);
	printf(" %10s", parse_number(error, &number) && number >= 0 ?
	       format_time(text, number) : error);
	printf(" %10s", parse_number(window, &number) && number >= 0 ?
	       format_time(text, number) : window);
	printf("  %s\n", function);
}

/* In ms; what is left until @end, -1: no end. */
static int time_left(uint64_t end)
{
	struct timespec ts;
	uint64_t now;

	if (!end)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
	return now < end ? (int)((end - now) / 1000000 + 1) : 0;
}

/* Returns the exit status. */
static int follow(uint64_t wanted, uint64_t seconds_ns)
{
	uint64_t seen = 0, end = 0;
	struct timespec ts;
	unsigned long long lost = 0;
	char path[160], *line = NULL;
	size_t size = 0;
	struct event event;
	FILE *pipe;
	struct pollfd wait;

	snprintf(path, sizeof(path), "%s/trace_pipe", instance);
	wait.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	wait.events = POLLIN;
	pipe = wait.fd < 0 ? NULL : fdopen(wait.fd, "r");
	if (!pipe) {
		complain("trace: %s: %s", path, strerror(errno));
		return EXIT_FAILURE;
	}
	if (seconds_ns) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		end = ts.tv_sec * NS_PER_SECOND + ts.tv_nsec + seconds_ns;
	}
	if (!all_events)
		printf("%14s %4s  %10s %10s  %s\n", "SECONDS", "CPU", "ERROR",
		       "WINDOW", "CALLBACK");
	while (!interrupted && !ferror(stdout) && seen < wanted) {
		/* Lines come whole: trace_pipe gives no parts of them. */
		if (getline(&line, &size, pipe) > 0) {
			lost += event_lost(line);
			if (event_parse(&event, line)) {
				print_event(&event);
				seen++;
			}
			continue;
		}
		if (ferror(pipe) && errno != EAGAIN && errno != EINTR)
			break;
		clearerr(pipe);
		if (fflush(stdout) || !time_left(end))
			break;
		poll(&wait, 1, time_left(end));
	}
	free(line);
	fclose(pipe);
	if (lost)
		complain("trace: %llu events came too fast and are missing", lost);
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (!seen && seconds_ns)
		complain("trace: no timer has expired meanwhile");
	return EXIT_SUCCESS;
}

static const char help[] =
"usage: customtimer trace [OPTION]...\n"
"\n"
"Shows timers as they expire, and how late each callback starts. Needs root and\n"
"tracefs.\n"
"\n"
"  -n, --events=N      end after N events (20)\n"
"  -s, --seconds=TIME  end after this time\n"
"  -a, --all           all events, with all their fields\n"
"      --help          show this\n";

int cmd_trace(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "events", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 's' },
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'H' },
		{ 0 }
	};
	uint64_t events = 20, seconds_ns = 0;
	int option, status;

	while ((option = getopt_long(argc, argv, "n:s:a", longs, NULL)) != -1) {
		switch (option) {
		case 'n':
			if (!parse_count(optarg, &events) || !events)
				return wrong_usage("trace", "--events=%s is no number from 1", optarg);
			break;
		case 's':
			if (!parse_time(optarg, NS_PER_SECOND, &seconds_ns) ||
			    !seconds_ns || seconds_ns > 1000000 * NS_PER_SECOND)
				return wrong_usage("trace", "--seconds=%s is no time", optarg);
			break;
		case 'a':
			all_events = true;
			break;
		case 'H':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			return wrong_option("trace", argv);
		}
	}
	if (no_operands("trace", argc, argv))
		return EXIT_USAGE;
	if (files_elsewhere())
		return wrong_usage("trace", "--sysroot is for files only");

	/* The instance has to be removed also when nobody reads any more. */
	signal(SIGPIPE, SIG_IGN);
	catch_interrupts();
	if (make_instance())
		return EXIT_FAILURE;
	status = follow(events, seconds_ns);
	remove_instance();
	return status;
}
