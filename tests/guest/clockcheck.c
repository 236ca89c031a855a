// SPDX-License-Identifier: GPL-2.0
/*
 * clockcheck: watches the clock from a thread per CPU until it gets SIGTERM. Each
 * thread reads CLOCK_MONOTONIC in bursts of a millisecond, against the latest
 * reading of all threads, and sleeps 200 us in between. In the end it prints
 *
 *	threads=N reads=N backward=N sleeps=N early=N stuck=N worst_us=N
 *
 * backward: readings earlier than another that was over before; early: sleeps that
 * ended too soon; stuck: sleeps that took longer than the first argument, in ms.
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

static _Atomic int64_t latest;
static _Atomic int64_t worst;
static _Atomic uint64_t reads, backward, sleeps, early, stuck;
static volatile sig_atomic_t done;
static int64_t limit_ns;

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

static void rest(void)
{
	struct timespec ts = { .tv_nsec = SLEEP_NS };
	int64_t begin = now_ns(), took, was;

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	took = now_ns() - begin;
	atomic_fetch_add(&sleeps, 1);
	if (took < SLEEP_NS)
		atomic_fetch_add(&early, 1);
	if (took > limit_ns)
		atomic_fetch_add(&stuck, 1);
	was = atomic_load(&worst);
	while (took > was && !atomic_compare_exchange_weak(&worst, &was, took))
		;
}

static void *check(void *arg)
{
	cpu_set_t set;
	int64_t begin;

	CPU_ZERO(&set);
	CPU_SET((long)arg, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (!done) {
		begin = watch();
		while (watch() < begin + BURST_NS)
			;
		rest();
	}
	return NULL;
}

static void stop(int sig)
{
	(void)sig;
	done = 1;
}

int main(int argc, char **argv)
{
	long i, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t *threads = calloc(cpus, sizeof(*threads));

	if (argc != 2 || !threads) {
		fprintf(stderr, "usage: clockcheck LIMIT_MS\n");
		return 2;
	}
	limit_ns = atoll(argv[1]) * 1000000;
	/* Not SA_RESTART: nor is a thread's sleep cut short, only main's pause. */
	signal(SIGTERM, stop);
	for (i = 0; i < cpus; i++)
		if (pthread_create(&threads[i], NULL, check, (void *)i))
			return 1;
	for (i = 0; i < cpus; i++)
		pthread_join(threads[i], NULL);
	printf("threads=%ld reads=%llu backward=%llu sleeps=%llu early=%llu stuck=%llu worst_us=%lld\n",
	       cpus, (unsigned long long)reads, (unsigned long long)backward,
	       (unsigned long long)sleeps, (unsigned long long)early,
	       (unsigned long long)stuck, (long long)worst / 1000);
	return 0;
}
