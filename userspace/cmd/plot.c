// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "files.h"
#include "plot.h"

static const char *terminal_for(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".svg"))
		return "svg size 960,480 font 'sans,13' background 'white'";
	if (dot && !strcmp(dot, ".png"))
		return "pngcairo size 960,480 font 'sans,11'";
	return NULL;
}

static bool in_path(const char *name)
{
	char *path = need_memory(strdup(getenv("PATH") ?: "/usr/bin:/bin"));
	char *folder, *rest, *file;
	bool found = false;

	for (folder = strtok_r(path, ":", &rest); folder && !found;
	     folder = strtok_r(NULL, ":", &rest)) {
		if (asprintf(&file, "%s/%s", folder, name) < 0)
			need_memory(NULL);
		found = !access(file, X_OK);
		free(file);
	}
	free(path);
	return found;
}

bool plot_possible(const char *path)
{
	if (!terminal_for(path)) {
		complain("latency: --plot=%s: end the name in .svg or .png", path);
		return false;
	}
	if (!in_path("gnuplot")) {
		complain("latency: --plot needs gnuplot: install gnuplot-nox");
		return false;
	}
	return true;
}

/* How many per cent of the sleeps were no later, over the time. */
static void write_curve(FILE *script, const struct result *r, unsigned int i)
{
	uint64_t seen = 0, ns;
	unsigned int bucket;

	fprintf(script, "$data%u << EOD\n%" PRIu64 " 0\n", i,
		r->all.min ? r->all.min : 1);
	for (bucket = 0; bucket < BUCKETS; bucket++) {
		if (!r->all.bucket[bucket])
			continue;
		seen += r->all.bucket[bucket];
		ns = bucket_begin(bucket);
		if (ns < r->all.min)
			ns = r->all.min;
		fprintf(script, "%" PRIu64 " %.4f\n", ns ? ns : 1,
			100.0 * seen / r->all.count);
	}
	fprintf(script, "%" PRIu64 " 100\nEOD\n", r->all.max ? r->all.max : 1);
}

static void write_script(FILE *script, const char *terminal, const char *title,
			 const struct result *results, unsigned int n)
{
	const char *comma = "plot ";
	unsigned int i;

	fprintf(script, "set terminal %s\nset title '%s' noenhanced\n", terminal, title);
	fputs("set logscale x\nset yrange [0:101]\n"
	      "set xtics ('1 ns' 1, '10 ns' 10, '100 ns' 100, '1 us' 1e3, '10 us' 1e4, '100 us' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9)\n"
	      "set xlabel 'later than the deadline'\n"
	      "set ylabel '% of the sleeps'\n"
	      "set grid\nset key outside right center\n", script);
	for (i = 0; i < n; i++)
		if (results[i].all.count)
			write_curve(script, &results[i], i);
	for (i = 0; i < n; i++) {
		if (!results[i].all.count)
			continue;
		fprintf(script, "%s$data%u with steps lw 2 title '%s'", comma,
			i, results[i].method->name);
		comma = ", ";
	}
	fputc('\n', script);
}

/*
 * gnuplot's output comes through a pipe, because it does not notice when the
 * disk is full; its input is a file, so that neither waits for the other.
 */
static int run_gnuplot(int script, FILE *picture)
{
	char *const argv[] = { "gnuplot", NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], status, err;
	size_t total = 0;
	char data[4096];
	ssize_t n;
	pid_t pid;

	if (pipe(ends))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, script, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (err) {
		close(ends[0]);
		errno = err;
		return -1;
	}
	while ((n = read(ends[0], data, sizeof(data))) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0)
			total += fwrite(data, 1, n, picture);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	errno = 0;
	return status || !total ? -1 : 0;
}

int plot(const char *path, struct output *out, const char *title,
	 const struct result *results, unsigned int n)
{
	uint64_t sleeps = 0;
	FILE *script;
	unsigned int i;
	int fd;

	for (i = 0; i < n; i++)
		sleeps += results[i].all.count;
	if (!sleeps) {
		complain("latency: nothing to plot: %s was not written", path);
		output_drop(out);
		return 0;
	}
	fd = memfd_create("plot", MFD_CLOEXEC);
	script = fd < 0 ? NULL : fdopen(fd, "w");
	if (script) {
		write_script(script, terminal_for(path), title, results, n);
		fflush(script);
		lseek(fd, 0, SEEK_SET);
		if (!run_gnuplot(fd, out->file)) {
			fclose(script);
			return output_close(out);
		}
		fclose(script);
	}
	complain("latency: gnuplot has failed%s%s: %s was not written",
		 errno ? ": " : "", errno ? strerror(errno) : "", path);
	output_drop(out);
	return -1;
}
