// SPDX-License-Identifier: GPL-2.0
/*
 * customtimer: looks at the custom timer and measures it. Finds the sub-command
 * and hands over to it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcustomtimer.h"
#include "cmd.h"
#include "files.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *purpose;
} commands[] = {
	{ "status", cmd_status, "what the timer does on each CPU" },
	{ "latency", cmd_latency, "measure how late programs and callbacks wake" },
	{ "hist", cmd_hist, "how late callbacks have started, as a histogram" },
	{ "trace", cmd_trace, "timers as they expire" },
	{ "doctor", cmd_doctor, "what is wrong here, and how to fix it" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

volatile sig_atomic_t interrupted;

static void note_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

void catch_interrupts(void)
{
	/* Without SA_RESTART: what blocks comes back. */
	struct sigaction action = { .sa_handler = note_interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

void complain(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("customtimer: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int wrong_usage(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "customtimer: %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": see customtimer %s --help\n", command);
	return EXIT_USAGE;
}

int wrong_option(const char *command, char **argv)
{
	if (optopt)
		return wrong_usage(command, "-%c is unknown, or lacks its argument", optopt);
	return wrong_usage(command, "%s is unknown", argv[optind - 1]);
}

int no_operands(const char *command, int argc, char **argv)
{
	if (optind == argc)
		return 0;
	return wrong_usage(command, "'%s' is too much", argv[optind]);
}

void *need_memory(void *memory)
{
	if (memory)
		return memory;
	complain("out of memory");
	exit(EXIT_FAILURE);
}

static void help(void)
{
	size_t i;

	puts("usage: customtimer [--sysroot=FOLDER] COMMAND [OPTION]...\n\n"
	     "Commands:");
	for (i = 0; i < N_COMMANDS; i++)
		printf("  %-9s %s\n", commands[i].name, commands[i].purpose);
	puts("\n"
	     "  --sysroot=FOLDER  read /proc, /sys and the like below FOLDER\n"
	     "  --help            show this; customtimer COMMAND --help: its options\n"
	     "  --version         show the version\n"
	     "\n"
	     "See customtimer(1).");
}

/* What was printed has to have arrived. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		/* A reader that has seen enough is none of our business. */
		if (errno != EPIPE)
			complain("standard output: %s",
				 strerror(errno ? errno : EIO));
		return status ? status : EXIT_FAILURE;
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *name;
	size_t i;

	while (argc > 1 && !strncmp(argv[1], "--sysroot", 9)) {
		if (argv[1][9] == '=') {
			files_below(argv[1] + 10);
		} else if (!argv[1][9] && argc > 2) {
			files_below(argv[2]);
			argv++, argc--;
		} else {
			break;
		}
		argv++, argc--;
	}
	opterr = 0;
	if (argc < 2) {
		complain("no command: see customtimer --help");
		return EXIT_USAGE;
	}

	name = argv[1];
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		help();
		return finish(EXIT_SUCCESS);
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("customtimer " LIBCUSTOMTIMER_VERSION);
		return finish(EXIT_SUCCESS);
	}
	for (i = 0; i < N_COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return finish(commands[i].run(argc - 1, argv + 1));
	complain("%s: no such command: see customtimer --help", name);
	return EXIT_USAGE;
}
