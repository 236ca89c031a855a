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

const char *lockdown(void)
{
	static const char *const levels[] = { "integrity", "confidentiality" };
	int err = errno;
	char *state = file_line("/sys/kernel/security/lockdown");
	const char *at = strchr(state, '['), *level = NULL;
	size_t i;

	for (i = 0; at && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (!strncmp(at + 1, levels[i], strlen(levels[i])))
			level = levels[i];
	free(state);
	errno = err;
	return level;
}

bool refused_by_lockdown(void)
{
	return errno == EPERM && lockdown();
}

bool reading_is_locked(const char *path)
{
	int err = errno;
	char *text = file_text(path);
	bool locked = !text && refused_by_lockdown();

	free(text);
	errno = err;
	return locked;
}

const char *how_to_load(void)
{
	return lockdown() ?
	       "modprobe customtimer, which has to be signed because of kernel lockdown: see customtimer doctor" :
	       "modprobe customtimer, or see customtimer doctor";
}

/* A file that is going to be @out's. */
static int open_temporary(struct output *out)
{
	mode_t mask;
	int fd;

	if (asprintf(&out->temporary, "%s.XXXXXX", out->path) < 0)
		need_memory(NULL);
	fd = mkostemp(out->temporary, O_CLOEXEC);
	mask = umask(0);
	umask(mask);
	if (fd >= 0)
		fchmod(fd, 0666 & ~mask);
	return fd;
}

int output_open(struct output *out, const char *path)
{
	struct stat st;

	*out = (struct output){ .fd = STDOUT_FILENO };
	if (path) {
		/* A symbolic link stays, a device is not replaced. */
		out->path = realpath(path, NULL);
		if (!out->path)
			out->path = need_memory(strdup(path));
		if (!stat(out->path, &st) && !S_ISREG(st.st_mode))
			out->fd = open(out->path, O_WRONLY | O_CLOEXEC);
		else
			out->fd = open_temporary(out);
		if (out->fd < 0) {
			complain("%s: %s: choose another place", path,
				 strerror(errno));
			free(out->temporary);
			free(out->path);
			return -1;
		}
	}
	out->file = need_memory(open_memstream(&out->data, &out->size));
	return 0;
}

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			size -= n;
		}
	}
	return 0;
}

static void forget(struct output *out)
{
	if (out->temporary)
		unlink(out->temporary);
	free(out->temporary);
	free(out->path);
	free(out->data);
}

int output_close(struct output *out)
{
	bool bad = fclose(out->file);

	if (!out->path)
		fflush(stdout);
	bad = bad || write_all(out->fd, out->data, out->size) ||
	      (out->temporary && fsync(out->fd));
	if (out->path && close(out->fd))
		bad = true;
	bad = bad || (out->temporary && rename(out->temporary, out->path));
	if (bad) {
		complain("%s: %s%s", out->path ? out->path : "standard output",
			 strerror(errno),
			 out->temporary ? ": nothing was written" : "");
	} else {
		free(out->temporary);
		out->temporary = NULL;
	}
	forget(out);
	return bad ? -1 : 0;
}

void output_drop(struct output *out)
{
	fclose(out->file);
	if (out->path)
		close(out->fd);
	forget(out);
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
