/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The form that /proc/customtimer and the module's debugfs files share: lines
 * of "key: value", a header line that begins with "cpu", then a line for each
 * row. Everything is found by its name, so that a module that is older or newer
 * than this program does no harm. Pure.
 */
#ifndef CUSTOMTIMER_PROC_H
#define CUSTOMTIMER_PROC_H

#include <stdbool.h>
#include <stddef.h>

struct proc {
	char *text;	/* what all the others point into */
	size_t n_keys;
	char **keys;
	char **values;
	size_t n_columns;
	char **columns;
	size_t n_rows;
	char **cells;	/* row by row; NULL: the line was too short */
};

/*
 * Takes @text over. False if it has no header line, or a line before that
 * which is no "key: value"; proc_free() is right in any case.
 */
bool proc_parse(struct proc *p, char *text);
void proc_free(struct proc *p);

/* NULL if there is none of that name. */
const char *proc_value(const struct proc *p, const char *key);
const char *proc_cell(const struct proc *p, size_t row, const char *column);

/* -1 if there is none, or it is no number. */
long long proc_number(const struct proc *p, size_t row, const char *column);

#endif /* CUSTOMTIMER_PROC_H */
