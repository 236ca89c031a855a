// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "files.h"

static const char *root = "";

void files_below(const char *folder)
{
	root = folder;
}

bool files_elsewhere(void)
{
	return *root;
}

const char *file_path(const char *format, ...)
{
	static char path[PATH_MAX];
	size_t used = snprintf(path, sizeof(path), "%s", root);
	va_list args;

	if (used < sizeof(path)) {
		va_start(args, format);
		vsnprintf(path + used, sizeof(path) - used, format, args);
		va_end(args);
	}
	return path;
}

char *file_text(const char *path)
{
	size_t used = 0, size = 4096;
	char *text;
	FILE *file = fopen(file_path("%s", path), "re");
	int err;

	if (!file)
		return NULL;
	text = need_memory(malloc(size));
	for (;;) {
		used += fread(text + used, 1, size - 1 - used, file);
		if (used < size - 1)
			break;
		size *= 2;
		text = need_memory(realloc(text, size));
	}
	text[used] = '\0';
	if (ferror(file)) {
		err = errno;
		free(text);
		text = NULL;
		errno = err;
	}
	err = errno;
	fclose(file);
	errno = err;
	return text;
}

char *file_line(const char *path)
{
	char *text = file_text(path);
	size_t length;

	if (!text)
		return need_memory(strdup(""));
	length = strlen(text);
	while (length && strchr(" \t\n", text[length - 1]))
		text[--length] = '\0';
	return text;
}

int output_open(struct output *out, const char *path)
{
	struct stat st;
	mode_t mask;
	int fd;

	*out = (struct output){ .file = stdout };
	if (!path)
		return 0;

	/* A symbolic link stays, a device is not replaced. */
	out->path = realpath(path, NULL);
	if (!out->path)
		out->path = need_memory(strdup(path));
	if (!stat(out->path, &st) && !S_ISREG(st.st_mode)) {
		out->file = fopen(out->path, "we");
	} else {
		if (asprintf(&out->temporary, "%s.XXXXXX", out->path) < 0)
			need_memory(NULL);
		fd = mkostemp(out->temporary, O_CLOEXEC);
		out->file = fd < 0 ? NULL : fdopen(fd, "w");
		if (out->file) {
			mask = umask(0);
			umask(mask);
			fchmod(fd, 0666 & ~mask);
		}
	}
	if (out->file)
		return 0;
	complain("%s: %s: choose another place", path, strerror(errno));
	free(out->temporary);
	free(out->path);
	return -1;
}

int output_close(struct output *out)
{
	int bad = 0;

	/* main() looks after standard output. */
	if (!out->path)
		return 0;

	errno = 0;
	bad = ferror(out->file) | fflush(out->file);
	if (out->temporary && !bad)
		bad = fsync(fileno(out->file));
	if (fclose(out->file))
		bad = 1;
	if (out->temporary && !bad)
		bad = rename(out->temporary, out->path);
	if (bad) {
		complain("%s: %s: nothing was written", out->path,
			 strerror(errno ? errno : EIO));
		if (out->temporary)
			unlink(out->temporary);
	}
	free(out->temporary);
	free(out->path);
	return bad ? -1 : 0;
}

void output_drop(struct output *out)
{
	if (!out->path)
		return;
	fclose(out->file);
	if (out->temporary)
		unlink(out->temporary);
	free(out->temporary);
	free(out->path);
}

unsigned int terminal_width(FILE *file)
{
	struct winsize size;

	if (!isatty(fileno(file)))
		return 0;
	if (ioctl(fileno(file), TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}
