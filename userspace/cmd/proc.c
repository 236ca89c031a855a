// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "proc.h"
#include "values.h"

static char **append(char **list, size_t *n, char *item)
{
	/* Grows at powers of two. */
	if (!(*n & (*n - 1)))
		list = need_memory(realloc(list, (*n ? 2 * *n : 1) *
					   sizeof(*list)));
	list[(*n)++] = item;
	return list;
}

/* "key: value" */
static bool parse_pair(struct proc *p, char *line)
{
	char *colon = strchr(line, ':');
	size_t n = p->n_keys;

	if (!colon || colon == line)
		return false;
	*colon = '\0';
	p->keys = append(p->keys, &p->n_keys, line);
	p->values = append(p->values, &n, colon + 1 + strspn(colon + 1, " \t"));
	return true;
}

static void parse_row(struct proc *p, char *line)
{
	size_t i, n = p->n_rows * p->n_columns;
	char *rest, *word = strtok_r(line, " \t", &rest);

	if (!word)
		return;
	for (i = 0; i < p->n_columns; i++) {
		p->cells = append(p->cells, &n, word);
		if (word)
			word = strtok_r(NULL, " \t", &rest);
	}
	p->n_rows++;
}

bool proc_parse(struct proc *p, char *text)
{
	char *line, *rest, *word, *words;

	*p = (struct proc){ .text = text };
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (p->n_columns) {
			parse_row(p, line);
		} else if (!strncmp(line, "cpu ", 4)) {
			for (word = strtok_r(line, " \t", &words); word;
			     word = strtok_r(NULL, " \t", &words))
				p->columns = append(p->columns, &p->n_columns,
						    word);
		} else if (!parse_pair(p, line)) {
			return false;
		}
	}
	return p->n_columns;
}

void proc_free(struct proc *p)
{
	free(p->keys);
	free(p->values);
	free(p->columns);
	free(p->cells);
	free(p->text);
	*p = (struct proc){ 0 };
}

const char *proc_value(const struct proc *p, const char *key)
{
	size_t i;

	for (i = 0; i < p->n_keys; i++)
		if (!strcmp(p->keys[i], key))
			return p->values[i];
	return NULL;
}

const char *proc_cell(const struct proc *p, size_t row, const char *column)
{
	size_t i;

	for (i = 0; i < p->n_columns; i++)
		if (!strcmp(p->columns[i], column))
			return p->cells[row * p->n_columns + i];
	return NULL;
}

long long proc_number(const struct proc *p, size_t row, const char *column)
{
	long long number;

	if (!parse_number(proc_cell(p, row, column), &number))
		return -1;
	return number;
}
