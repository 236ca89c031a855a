// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "libcustomtimer.h"
#include "cmd.h"
#include "files.h"
#include "measure.h"
#include "values.h"

#define STACK_SIZE (256 * 1024)

/* A way to sleep in a program: returns 0 or an error number. */
struct sleeper {
	int (*open)(void);	/* a file descriptor, or -1 and errno */
	int (*until)(int fd, uint64_t deadline);
};

struct thread {
	pthread_t id;
	const struct plan *plan;
	const struct sleeper *sleeper;
	struct samples *samples;
	unsigned int cpu;
	uint64_t early;
	uint64_t throttled;
	const char *failed;	/* what has, NULL: nothing */
	int err;
	/* For the live line. */
	atomic_ullong count, max;
};

static pthread_t main_thread;
static atomic_uint running;
static atomic_bool stop;

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ ns / NS_PER_SECOND, ns % NS_PER_SECOND };
}

static int no_file(void)
{
	return 0;
}

static int until_nanosleep(int fd, uint64_t deadline)
{
	struct timespec ts = timespec_of(deadline);

	(void)fd;
	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static int open_timerfd(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int until_timerfd(int fd, uint64_t deadline)
{
	struct itimerspec setting = { .it_value = timespec_of(deadline) };
	uint64_t expirations;

	if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, NULL) ||
	    read(fd, &expirations, sizeof(expirations)) < 0)
		return errno;
	return 0;
}

static int open_custom(void)
{
	return customtimer_open(0);
}

static int until_custom(int fd, uint64_t deadline)
{
	struct timespec ts = timespec_of(deadline);

	return customtimer_nanosleep(fd, TIMER_ABSTIME, &ts, NULL);
}

static const char *custom_missing(void)
{
	static char why[160];
	struct customtimer_info info;
	int fd = customtimer_open(0), err;

	if (fd >= 0) {
		err = customtimer_info(fd, &info);
		close(fd);
		if (err)
			return DEVICE_FILE " does not answer: see customtimer doctor";
		return info.features & CUSTOMTIMER_EXACT ? NULL :
		       "no permission for exact timers: join the group customtimer";
	}
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
		snprintf(why, sizeof(why), "no " DEVICE_FILE ": %s",
			 access(PROC_FILE, F_OK) ? how_to_load() :
			 "install a module that has it, or see customtimer doctor");
		return why;
	}
	if (errno == EACCES || errno == EPERM)
		return "no permission for " DEVICE_FILE ": join the group customtimer";
	return strerror(errno);
}

/* Returns the error number of a sleep that failed, 0 at the end. */
static int sleep_again_and_again(struct thread *t, int fd)
{
	const struct plan *plan = t->plan;
	uint64_t warmup = plan->warmup, n = 0, now, next, end;
	int err;

	now = customtimer_now();
	next = now + plan->interval;
	end = plan->duration && !warmup ? now + plan->duration : UINT64_MAX;
	while (!stop && now < end && (!plan->loops || n < plan->loops)) {
		err = t->sleeper->until(fd, next);
		now = customtimer_now();
		if (err == EINTR)
			continue;
		if (err)
			return err;
		if (warmup) {
			if (!--warmup && plan->duration)
				end = now + plan->duration;
		} else {
			n++;
			t->early += now < next;
			samples_add(t->samples, now < next ? 0 : now - next);
			t->count = n;
			t->max = t->samples->max;
		}
		next += plan->interval;
		if (next <= now) {
			err = (now - next) / plan->interval + 1;
			next += err * plan->interval;
			if (!warmup)
				t->samples->missed += err;
		}
	}
	return 0;
}

/* Sets up the thread. Returns false after an error, which is in @t. */
static bool settle(struct thread *t)
{
	struct sched_param param = { .sched_priority = t->plan->priority };
	cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
	size_t size = CPU_ALLOC_SIZE(MAX_CPUS);

	/* What the kernel may add to a sleep of an ordinary thread. */
	prctl(PR_SET_TIMERSLACK, 1);
	CPU_ZERO_S(size, need_memory(set));
	CPU_SET_S(t->cpu, size, set);
	t->failed = "cannot run on the CPU";
	t->err = pthread_setaffinity_np(pthread_self(), size, set);
	CPU_FREE(set);
	if (!t->err && param.sched_priority) {
		t->failed = "no permission for the priority, run as root or raise ulimit -r";
		t->err = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
	}
	return !t->err;
}

static void *run_thread(void *data)
{
	struct customtimer_stats stats;
	struct thread *t = data;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	if (settle(t)) {
		t->failed = "cannot open a timer";
		fd = t->sleeper->open();
		if (fd < 0) {
			t->err = errno;
		} else {
			t->failed = "cannot sleep";
			t->err = sleep_again_and_again(t, fd);
			if (t->sleeper->open == open_custom &&
			    !customtimer_stats(fd, &stats))
				t->throttled = stats.throttled;
			if (t->sleeper->open != no_file)
				close(fd);
		}
	}
	if (t->err)
		stop = true;
	running--;
	pthread_kill(main_thread, SIGUSR1);
	return NULL;
}

/* On the terminal's last line, over what was there before. */
static void show_progress(const struct result *result, const struct thread *t,
			  unsigned int n)
{
	unsigned int width = terminal_width(stderr), i;
	unsigned long long count = 0, max = 0;
	char line[128], worst[TIME_TEXT];

	for (i = 0; i < n; i++) {
		count += t[i].count;
		if (t[i].max > max)
			max = t[i].max;
	}
	snprintf(line, sizeof(line), "%s: %llu sleeps, at most %s late",
		 result->method->name, count, format_time(worst, max));
	/* The last place stays empty: some terminals would go on to the next line. */
	fprintf(stderr, "\r%.*s\033[K", width ? width - 1 : 0, line);
}

/*
 * Waits for @n threads. @set: SIGINT and SIGTERM, which stop them, and SIGUSR1,
 * by which they say that they have ended, all of them blocked. A thread that is
 * just going to sleep does not notice when it is told to stop, so it is told
 * more than once.
 */
static void wait_for_threads(const struct plan *plan,
			     const struct result *result, struct thread *t,
			     unsigned int n, const sigset_t *set)
{
	struct timespec pause;
	unsigned int i;
	int signal;

	while (running) {
		pause = timespec_of(NS_PER_SECOND / (stop ? 50 : 10));
		/* Nobody looks: do not disturb. */
		if (plan->live || stop)
			signal = sigtimedwait(set, NULL, &pause);
		else
			signal = sigwaitinfo(set, NULL);
		if (signal == SIGINT || signal == SIGTERM) {
			interrupted = 1;
			stop = true;
		}
		if (stop)
			for (i = 0; i < n; i++)
				pthread_kill(t[i].id, SIGUSR1);
		else if (plan->live)
			show_progress(result, t, n);
	}
	if (plan->live)
		fputs("\r\033[K", stderr);
}

static void wake(int signal)
{
	(void)signal;
}

static int start_threads(struct thread *t, unsigned int n, unsigned int *started)
{
	pthread_attr_t attr;
	int err = 0;

	main_thread = pthread_self();
	running = n;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (*started = 0; *started < n && !err; *started += !err)
		err = pthread_create(&t[*started].id, &attr, run_thread,
				     &t[*started]);
	pthread_attr_destroy(&attr);
	running -= n - *started;
	return err;
}

static int measure_sleeper(const struct plan *plan, struct result *result,
			   const struct sleeper *sleeper)
{
	struct sigaction action = { .sa_handler = wake };
	struct thread *t = need_memory(calloc(plan->n_threads, sizeof(*t)));
	unsigned int i, started;
	sigset_t set, old;
	int err;

	for (i = 0; i < plan->n_threads; i++) {
		t[i].plan = plan;
		t[i].sleeper = sleeper;
		t[i].samples = &result->thread[i];
		t[i].cpu = plan->cpus[i];
	}
	stop = false;
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	if (!geteuid())
		mlockall(MCL_CURRENT | MCL_FUTURE);

	err = start_threads(t, plan->n_threads, &started);
	if (err) {
		stop = true;
		complain("latency: cannot start %u threads: %s: choose fewer",
			 plan->n_threads, strerror(err));
	}
	wait_for_threads(plan, result, t, started, &set);
	for (i = 0; i < started; i++) {
		pthread_join(t[i].id, NULL);
		if (t[i].err && !err) {
			err = t[i].err;
			complain("latency: %s: CPU %u: %s: %s",
				 result->method->name, t[i].cpu, t[i].failed,
				 strerror(err));
		}
		samples_merge(&result->all, t[i].samples);
		result->early += t[i].early;
		result->throttled += t[i].throttled;
	}
	munlockall();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	free(t);
	return err ? -1 : 0;
}

static int measure_nanosleep(const struct plan *plan, struct result *result)
{
	static const struct sleeper sleeper = { no_file, until_nanosleep };

	return measure_sleeper(plan, result, &sleeper);
}

static int measure_timerfd(const struct plan *plan, struct result *result)
{
	static const struct sleeper sleeper = { open_timerfd, until_timerfd };

	return measure_sleeper(plan, result, &sleeper);
}

static int measure_custom(const struct plan *plan, struct result *result)
{
	static const struct sleeper sleeper = { open_custom, until_custom };

	return measure_sleeper(plan, result, &sleeper);
}

static const char *never_missing(void)
{
	return NULL;
}

const struct method methods[] = {
	{ "nanosleep", never_missing, measure_nanosleep },
	{ "timerfd", never_missing, measure_timerfd },
	{ "custom", custom_missing, measure_custom },
	{ "kernel-hrtimer", kernel_missing, kernel_measure_hrtimer },
	{ "kernel-custom", kernel_missing, kernel_measure },
};

const unsigned int n_methods = sizeof(methods) / sizeof(methods[0]);

int measure(const struct plan *plan, struct result *result)
{
	return result->method->measure(plan, result);
}
