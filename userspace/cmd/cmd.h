/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the sub-commands of customtimer share.
 */
#ifndef CUSTOMTIMER_CMD_H
#define CUSTOMTIMER_CMD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit statuses beside EXIT_SUCCESS and EXIT_FAILURE. */
enum {
	EXIT_THRESHOLD = 2,	/* latency: an error was above --threshold */
	EXIT_USAGE = 64,
	EXIT_INTERRUPTED = 130,	/* results are partial */
};

/* Each parses its own options and returns the exit status. */
int cmd_status(int argc, char **argv);
int cmd_latency(int argc, char **argv);
int cmd_hist(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#define PROC_FILE "/proc/customtimer"
#define DEVICE_FILE "/dev/customtimer"

/* One line on standard error, behind "customtimer: ". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Complains that the arguments are wrong. Returns EXIT_USAGE. */
int wrong_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for what getopt_long() has answered '?' to. */
int wrong_option(const char *command, char **argv);

/*
 * For a command without operands: 0, or EXIT_USAGE and a line if getopt_long()
 * has left something over.
 */
int no_operands(const char *command, int argc, char **argv);

/* Ends the program when there is no memory. */
void *need_memory(void *memory);

/* SIGINT and SIGTERM set this instead of ending the program. */
extern volatile sig_atomic_t interrupted;
void catch_interrupts(void);

#endif /* CUSTOMTIMER_CMD_H */
