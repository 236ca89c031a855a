// SPDX-License-Identifier: GPL-2.0
/*
 * Callbacks in the kernel, measured by the module customtimer_latency: loading
 * it runs the measurement, and it shows the errors in /proc.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "files.h"
#include "measure.h"

#define MODULE "customtimer_latency"

const char *kernel_missing(void)
{
	struct utsname system;
	char path[256], *text;
	bool there;

	uname(&system);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", system.release);
	text = file_text(path);
	there = text && strstr(text, "/" MODULE ".ko");
	free(text);
	if (!there)
		return "the module " MODULE " is not installed: make install";
	if (geteuid())
		return "only root may load the module " MODULE;
	if (!access("/sys/module/" MODULE, F_OK))
		return "the module " MODULE " is loaded: rmmod it";
	return NULL;
}

/* The module's parameters, as far as they are numbers. */
static int load(const char *timer, unsigned int cpu, const struct plan *plan,
		uint64_t loops)
{
	char timer_is[32], cpu_is[32], count[32], warmup[32], period[32];
	char *const argv[] = { "modprobe", MODULE, timer_is, cpu_is, count,
			       warmup, period, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err;

	snprintf(timer_is, sizeof(timer_is), "timer=%s", timer);
	snprintf(cpu_is, sizeof(cpu_is), "cpu=%u", cpu);
	snprintf(count, sizeof(count), "count=%" PRIu64, loops);
	snprintf(warmup, sizeof(warmup), "warmup=%" PRIu64, plan->warmup);
	snprintf(period, sizeof(period), "period_ns=%" PRIu64, plan->interval);

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return err;
	/* Whether it has worked is seen by what it leaves. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return access("/proc/" MODULE, R_OK) ? EIO : 0;
}

static int read_errors(struct samples *s, uint64_t *early)
{
	FILE *file = fopen("/proc/" MODULE, "re");
	long long error;

	if (!file)
		return errno;
	while (fscanf(file, "%lld", &error) == 1) {
		/* The module subtracts what reading the clock takes, roughly. */
		samples_add(s, error < 0 ? 0 : error);
		*early += error < -1000;
	}
	fclose(file);
	return 0;
}

static int measure_on(const char *timer, unsigned int cpu,
		      const struct plan *plan, uint64_t loops,
		      struct samples *s, uint64_t *early)
{
	char *text, *missed;
	int err = load(timer, cpu, plan, loops);

	if (err)
		return err;
	err = read_errors(s, early);
	text = file_line("/sys/module/" MODULE "/parameters/result");
	missed = strstr(text, "missed=");
	if (missed)
		s->missed = strtoull(missed + 7, NULL, 10);
	free(text);
	syscall(SYS_delete_module, MODULE, O_NONBLOCK);
	return err;
}

static void complain_load(const char *method, unsigned int cpu, int err)
{
	if (lockdown())
		complain("latency: %s: CPU %u: the module " MODULE " does not load: under kernel lockdown it has to be signed: see dmesg; "
			 HOW_TO_SIGN, method, cpu);
	else
		complain("latency: %s: CPU %u: the module " MODULE " does not load (%s): see dmesg",
			 method, cpu, strerror(err));
}

static int measure_all(const char *timer, const struct plan *plan,
		       struct result *result)
{
	uint64_t loops = plan->loops;
	unsigned int i;
	int err;

	if (plan->duration && (!loops || loops > plan->duration / plan->interval))
		loops = plan->duration / plan->interval;
	if (!loops || loops > UINT32_MAX || plan->interval > UINT32_MAX) {
		complain("latency: %s: needs a number of loops, and an interval below 4 s",
			 result->method->name);
		return -1;
	}
	/* Only one at a time can be loaded. */
	for (i = 0; i < plan->n_threads && !interrupted; i++) {
		if (plan->live)
			fprintf(stderr, "\r%s: CPU %u\033[K",
				result->method->name, plan->cpus[i]);
		err = measure_on(timer, plan->cpus[i], plan, loops,
				 &result->thread[i], &result->early);
		if (plan->live)
			fputs("\r\033[K", stderr);
		if (err) {
			complain_load(result->method->name, plan->cpus[i], err);
			return -1;
		}
		samples_merge(&result->all, &result->thread[i]);
	}
	return 0;
}

int kernel_measure(const struct plan *plan, struct result *result)
{
	return measure_all("custom", plan, result);
}

int kernel_measure_hrtimer(const struct plan *plan, struct result *result)
{
	return measure_all("hrtimer", plan, result);
}
