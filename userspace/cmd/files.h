/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that are read in one piece, and files that are written whole or not at
 * all.
 */
#ifndef CUSTOMTIMER_FILES_H
#define CUSTOMTIMER_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* From now on, what is read is read below @folder. */
void files_below(const char *folder);

/* True if files_below() was called: this machine is not the one looked at. */
bool files_elsewhere(void);

/* The path of @format... below that folder; static, until the next call. */
const char *file_path(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * How far the kernel is locked down (kernel_lockdown(7)): "integrity" or
 * "confidentiality". NULL: it is not, or that cannot be seen. Keeps errno.
 */
const char *lockdown(void);

/* Whether lockdown refuses what root may do: the last error was EPERM. */
bool refused_by_lockdown(void);

/* Whether lockdown keeps root from reading @path. Keeps errno. */
bool reading_is_locked(const char *path);

/* What to do when the module is not loaded. */
const char *how_to_load(void);

/* What to do when lockdown is in the way of a module. */
#define HOW_TO_SIGN "sign it with a key that the kernel trusts (mokutil --import), or boot without lockdown= and Secure Boot"

/* The text of file_path(@path); NULL and errno on an error. To be freed. */
char *file_text(const char *path);

/* The same without the white space at its end, "" for what cannot be read. */
char *file_line(const char *path);

struct output {
	FILE *file;	/* to print to */
	char *data;	/* what was printed */
	size_t size;
	int fd;
	char *path;	/* NULL: standard output */
	char *temporary;	/* becomes @path; NULL: @path is no regular file */
};

/*
 * Begins to write to @path, NULL: standard output. What is printed arrives there
 * only when output_close() is called, all of it. Both complain and return -1 on
 * an error.
 */
int output_open(struct output *out, const char *path);
int output_close(struct output *out);

/* Instead of output_close(): leaves @path as it was. */
void output_drop(struct output *out);

/* The width of the terminal behind @file, 0 if it is none. */
unsigned int terminal_width(FILE *file);

#endif /* CUSTOMTIMER_FILES_H */
