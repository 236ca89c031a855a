// SPDX-License-Identifier: GPL-2.0
/*
 * clockcheck: watches the clock from a thread per CPU until it gets SIGTERM. Each
 * thread reads CLOCK_MONOTONIC in bursts of a millisecond, against the latest
 * reading of all threads, and sleeps 200 us in between. In the end it prints
 *
 *	threads=N reads=N backward=N sleeps=N early=N stuck=N worst_us=N away_us=N
 *
 * backward: readings earlier than another that was over before; early: sleeps that
 * ended too soon; stuck: sleeps that took longer than the first argument, in ms, and
 * than FACTOR times away_us.
 *
 * away_us: the longest that a thread was kept from its next reading although it did not
 * sleep. It shows the host's mood: a CPU that the host takes away is so from a thread
 * that is awake, too, while a tick that is lost keeps only those who sleep. The second
 * argument is how often each thread is stopped for a while by the test itself: so
 * many of its longest absences do not count.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BURST_NS 1000000
#define SLEEP_NS 200000

/* A sleep needs more of the host than a reading: that a timer of its own ends, then a CPU. */
#define FACTOR 20

/* How many of its longest sleeps and absences each thread keeps. */
#define KEPT 64

/* The longest first. */
struct longest {
	int64_t ns[KEPT];
};

struct watcher {
	pthread_t thread;
	long cpu;
	struct longest sleeps;
	struct longest absences;
};

static _Atomic int64_t latest;
static _Atomic uint64_t reads, backward, sleeps, early;
static volatile sig_atomic_t done;

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* @before was the latest reading when this one began. */
static int64_t watch(void)
{
	int64_t before = atomic_load(&latest);
	int64_t now = now_ns();

	atomic_fetch_add(&reads, 1);
	if (now < before)
		atomic_fetch_add(&backward, 1);
	while (now > before &&
	       !atomic_compare_exchange_weak(&latest, &before, now))
		;
	return now;
}

static void keep(struct longest *l, int64_t ns)
{
	int i;

	if (ns <= l->ns[KEPT - 1])
		return;
	for (i = KEPT - 1; i > 0 && l->ns[i - 1] < ns; i--)
		l->ns[i] = l->ns[i - 1];
	l->ns[i] = ns;
}

static void burst(struct watcher *w)
{
	int64_t begin = watch(), now = begin, last;

	while (now < begin + BURST_NS) {
		last = now;
		now = watch();
		keep(&w->absences, now - last);
	}
}

static void rest(struct watcher *w)
{
	struct timespec ts = { .tv_nsec = SLEEP_NS };
	int64_t begin = now_ns(), took;

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	took = now_ns() - begin;
	atomic_fetch_add(&sleeps, 1);
	if (took < SLEEP_NS)
		atomic_fetch_add(&early, 1);
	keep(&w->sleeps, took);
}

static void *check(void *arg)
{
	struct watcher *w = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (!done) {
		burst(w);
		rest(w);
	}
	return NULL;
}

static void stop(int sig)
{
	(void)sig;
	done = 1;
}

/* What the threads have kept; see the top. */
static void report(const struct watcher *w, long cpus, int64_t limit, long stops)
{
	int64_t worst = 0, away = 0;
	unsigned int stuck = 0;
	long i, j;

	for (i = 0; i < cpus; i++) {
		if (away < w[i].absences.ns[stops])
			away = w[i].absences.ns[stops];
		if (worst < w[i].sleeps.ns[0])
			worst = w[i].sleeps.ns[0];
	}
	if (limit < FACTOR * away)
		limit = FACTOR * away;
	for (i = 0; i < cpus; i++)
		for (j = 0; j < KEPT; j++)
			stuck += w[i].sleeps.ns[j] > limit;
	printf("threads=%ld reads=%llu backward=%llu sleeps=%llu early=%llu stuck=%u worst_us=%lld away_us=%lld\n",
	       cpus, (unsigned long long)reads, (unsigned long long)backward,
	       (unsigned long long)sleeps, (unsigned long long)early, stuck,
	       (long long)worst / 1000, (long long)away / 1000);
}

int main(int argc, char **argv)
{
	long i, cpus = sysconf(_SC_NPROCESSORS_ONLN), stops;
	struct watcher *w = calloc(cpus, sizeof(*w));

	stops = argc == 3 ? atol(argv[2]) : -1;
	if (stops < 0 || stops >= KEPT || !w) {
		fprintf(stderr, "usage: clockcheck LIMIT_MS STOPS\n");
		return 2;
	}
	/* Not SA_RESTART: nor is a thread's sleep cut short, only main's pause. */
	signal(SIGTERM, stop);
	for (i = 0; i < cpus; i++) {
		w[i].cpu = i;
		if (pthread_create(&w[i].thread, NULL, check, &w[i]))
			return 1;
	}
	for (i = 0; i < cpus; i++)
		pthread_join(w[i].thread, NULL);
	report(w, cpus, atoll(argv[1]) * 1000000, stops);
	return 0;
}
