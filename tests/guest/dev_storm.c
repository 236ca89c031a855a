// SPDX-License-Identifier: GPL-2.0
/*
 * Many timers at once:
 *
 * dev_storm epoll TIMERS	one program waits for all of them
 * dev_storm kill SECONDS	8 processes with 100 timers each are killed and replaced
 * dev_storm offline TIMES	CPU 1 goes and comes back under a timer of its own
 * dev_storm fuzz SECONDS SEED	4 threads call whatever comes to mind
 *
 * Each prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcustomtimer.h"
#include "tap.h"

#define US 1000ULL
#define MS (1000 * US)
/* What has not come by then never will, however slow the host. */
#define PATIENCE (60 * 1000 * MS)

#define PROCESSES 8
#define TIMERS 100
#define ENOUGH (PROCESSES * TIMERS / 2)
#define THREADS 4
#define SLOTS 16

struct random {
	uint64_t state;
};

static uint32_t number(struct random *r, uint32_t below)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (r->state >> 16) % below;
}

static struct random random_from(uint64_t seed)
{
	return (struct random){ .state = (seed + 1) * 0x9e3779b97f4a7c15 };
}

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The number in the line of /proc/customtimer that begins with @key. */
static int proc_number(const char *key)
{
	char line[1024];
	FILE *f = fopen("/proc/customtimer", "r");
	int value = -1;

	if (!f)
		die("/proc/customtimer");
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, key, strlen(key)))
			value = atoi(line + strlen(key));
	}
	fclose(f);
	return value;
}

static int epoll_test(int timers)
{
	struct rlimit limit = { timers + 100, timers + 100 };
	int epoll = epoll_create1(0), i, got, early = 0, unread = 0, fd;
	int silent = timers;	/* that have not come even once */
	struct epoll_event *events = calloc(timers, sizeof(*events));
	uint64_t *deadlines = calloc(timers, sizeof(*deadlines));
	uint64_t *counts = calloc(timers, sizeof(*counts));
	uint64_t n, begin, end, now, total = 0, wrong = 0;
	struct epoll_event event = { .events = EPOLLIN };
	struct random r = random_from(1);
	struct customtimer_state state;

	if (!events || !deadlines || !counts || setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit");

	/* Every other one is periodic, half of all have a window. */
	begin = customtimer_now() + 20 * MS;
	for (i = 0; i < timers; i++) {
		struct customtimer_arm arm = {
			.expires_ns = begin + number(&r, 50 * MS),
			.interval_ns = i % 2 ? 20 * MS + number(&r, 50 * MS) : 0,
			.window_ns = i % 4 < 2 ? MS : 0,
			.cpu = CUSTOMTIMER_ANY_CPU,
		};

		fd = customtimer_open(CUSTOMTIMER_NONBLOCK);
		if (fd < 0 || customtimer_arm(fd, &arm))
			die("a timer");
		deadlines[i] = arm.expires_ns;
		event.data.u64 = (uint64_t)fd << 32 | i;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
			die("epoll_ctl");
	}
	ok(proc_number("device_timers: ") == timers, "%d timers open", timers);

	end = begin + 500 * MS;
	for (now = begin; now < end || (silent && now < begin + PATIENCE);) {
		got = epoll_wait(epoll, events, timers, 20);
		now = customtimer_now();
		while (got-- > 0) {
			i = (uint32_t)events[got].data.u64;
			unread += customtimer_wait(events[got].data.u64 >> 32, &n);
			early += now < deadlines[i];
			silent -= !counts[i] && n;
			counts[i] += n;
		}
	}
	ok(!early && !unread, "none early, and each that epoll named could be read");

	for (i = 0; i < timers; i++) {
		fd = i + epoll + 1;
		if (customtimer_get(fd, &state))
			die("customtimer_get");
		counts[i] += state.expirations;
		/* One that has stopped would be far behind. */
		if (i % 2)
			wrong += !counts[i] || state.expires_ns + 1000 * MS < now ||
				 state.expires_ns != deadlines[i] +
						     counts[i] * state.interval_ns;
		else
			wrong += counts[i] != 1 || state.flags;
		total += counts[i];
	}
	ok(!wrong, "%u expirations, as many as there had to be",
	   (unsigned int)total);
	for (i = 0; i < timers; i++)
		close(i + epoll + 1);
	ok(proc_number("device_timers: ") == 0, "all closed");
	return done_testing();
}

/* Arms @fd in some way. */
static int arm_somehow(struct random *r, int fd)
{
	struct customtimer_arm arm = {
		.expires_ns = number(r, 5 * MS),
		.interval_ns = number(r, 2) ? number(r, 5 * MS) : 0,
		.window_ns = number(r, 2) ? number(r, MS) : 0,
		.cpu = number(r, 2) ? CUSTOMTIMER_ANY_CPU : (int)number(r, 2),
		.flags = CUSTOMTIMER_RELATIVE,
	};

	return customtimer_arm(fd, &arm);
}

/* One of the processes: at work until it is killed. */
static void work(uint64_t seed)
{
	struct random r = random_from(seed);
	struct epoll_event event = { .events = EPOLLIN }, events[TIMERS];
	int epoll = epoll_create1(0), i, got;
	uint64_t n;

	for (i = 0; i < TIMERS; i++) {
		event.data.fd = customtimer_open(CUSTOMTIMER_NONBLOCK);
		if (event.data.fd < 0)
			_exit(1);
		arm_somehow(&r, event.data.fd);
		epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
	}
	for (;;) {
		got = epoll_wait(epoll, events, TIMERS, 100);
		while (got-- > 0) {
			customtimer_wait(events[got].data.fd, &n);
			if (!number(&r, 4))
				arm_somehow(&r, events[got].data.fd);
		}
	}
}

static pid_t start_work(uint64_t seed)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		work(seed);
	return pid;
}

static int kill_test(unsigned int seconds)
{
	uint64_t end = customtimer_now() + seconds * 1000 * MS;
	struct random r = random_from(2);
	unsigned int kills = 0, died = 0, most = 0, i;
	pid_t pids[PROCESSES];
	int status, open;

	for (i = 0; i < PROCESSES; i++)
		pids[i] = start_work(i);
	/* On, until the processes have been seen at work. */
	while (customtimer_now() < end ||
	       (most <= ENOUGH && customtimer_now() < end + PATIENCE)) {
		usleep(number(&r, 200000));
		open = proc_number("device_timers: ");
		if (open > (int)most)
			most = open;
		i = number(&r, PROCESSES);
		kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
		died += !WIFSIGNALED(status);
		pids[i] = start_work(PROCESSES + kills++);
	}
	for (i = 0; i < PROCESSES; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
		died += !WIFSIGNALED(status);
	}
	ok(!died, "%u processes killed, none ended by itself", kills + PROCESSES);
	ok(most > ENOUGH, "up to %u timers were open", most);
	/* Files of a dead process are closed before its parent is told. */
	ok(proc_number("device_timers: ") == 0, "and none is left");
	return done_testing();
}

static void set_online(int online)
{
	static const char path[] = "/sys/devices/system/cpu/cpu1/online";
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "%d", online) < 0 || fclose(f))
		die(path);
}

static int offline_test(int times)
{
	struct customtimer_arm arm = { .interval_ns = MS, .cpu = 1 };
	int fd = customtimer_open(0), i, j, lost = 0, taken = 0, refused = 0;
	uint64_t n;

	if (fd < 0)
		die("customtimer_open");
	for (i = 0; i < times; i++) {
		lost += customtimer_arm(fd, &arm) != 0;
		for (j = 0; j < 5; j++)
			lost += customtimer_wait(fd, &n) != 0;
		set_online(0);
		for (j = 0; j < 5; j++)
			lost += customtimer_wait(fd, &n) != 0;
		taken += customtimer_arm(fd, &arm) == 0;
		refused += errno == ENODEV;
		lost += customtimer_wait(fd, &n) != 0;
		set_online(1);
		for (j = 0; j < 5; j++)
			lost += customtimer_wait(fd, &n) != 0;
	}
	ok(!lost, "CPU 1 went %d times, its timer did not", times);
	ok(!taken && refused == times, "a CPU that is offline: ENODEV");
	close(fd);
	return done_testing();
}

static int slots[SLOTS];
static uint64_t fuzz_end;
static uint64_t fuzz_calls;

/* An address that may or may not be there, around the end of @page. */
static void *somewhere(struct random *r, char *page)
{
	switch (number(r, 8)) {
	case 0:
		return NULL;
	case 1:
		return (void *)(uintptr_t)r->state;
	default:
		return page + number(r, 64) * 8;
	}
}

/* A number with few or many bits, at the edges more often than not. */
static uint64_t edge(struct random *r)
{
	uint64_t value = r->state >> number(r, 64);

	switch (number(r, 4)) {
	case 0:
		return 0;
	case 1:
		return CUSTOMTIMER_NEVER - number(r, 3) + 1;
	default:
		return value;
	}
}

static void fuzz_arm(struct random *r, int fd)
{
	struct customtimer_arm arm = {
		.expires_ns = number(r, 4) ? number(r, 3 * MS) : edge(r),
		.interval_ns = number(r, 4) ? number(r, MS) : edge(r),
		.window_ns = number(r, 4) ? 0 : edge(r),
		.cpu = (int)number(r, 5) - 2,
		.flags = number(r, 8) ? CUSTOMTIMER_RELATIVE : number(r, 4),
	};

	arm.reserved[number(r, 4)] = number(r, 8) ? 0 : edge(r);
	ioctl(fd, CUSTOMTIMER_ARM, &arm);
}

static void fuzz_request(struct random *r, int fd, char *page)
{
	static const unsigned long requests[] = {
		CUSTOMTIMER_INFO, CUSTOMTIMER_ARM, CUSTOMTIMER_DISARM,
		CUSTOMTIMER_GET, CUSTOMTIMER_STATS,
	};
	unsigned long request = requests[number(r, 5)];

	if (!number(r, 8))
		request ^= 1UL << number(r, 32);
	ioctl(fd, request, somewhere(r, page));
}

static void fuzz_wait(struct random *r, int fd)
{
	struct pollfd p = { .fd = fd, .events = r->state };
	struct timeval time = { .tv_usec = number(r, 300) };
	fd_set set;

	if (number(r, 2) || fd < 0) {
		poll(&p, 1, number(r, 2));
		return;
	}
	FD_ZERO(&set);
	FD_SET(fd, &set);
	select(fd + 1, &set, NULL, NULL, &time);
}

static void fuzz_open(struct random *r, int *slot)
{
	int fd = open("/dev/customtimer", (number(r, 2) ? O_RDWR : O_RDONLY) |
		      O_NONBLOCK);

	fd = __atomic_exchange_n(slot, fd, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		close(fd);
}

static void *fuzz(void *arg)
{
	struct random r = random_from((uintptr_t)arg);
	char page[1024];
	int *slot, fd, epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	uint64_t calls = 0;
	pid_t pid;

	memset(page, 0, sizeof(page));
	while (customtimer_now() < fuzz_end) {
		slot = &slots[number(&r, SLOTS)];
		fd = __atomic_load_n(slot, __ATOMIC_SEQ_CST);
		calls++;
		switch (number(&r, 16)) {
		case 0:
			fuzz_open(&r, slot);
			break;
		case 1:
			if (number(&r, 8))
				break;
			fd = __atomic_exchange_n(slot, -1, __ATOMIC_SEQ_CST);
			close(fd);
			break;
		case 2:
		case 3:
		case 4:
		case 5:
			fuzz_arm(&r, fd);
			break;
		case 6:
		case 7:
		case 8:
			fuzz_request(&r, fd, page);
			break;
		case 9:
		case 10:
			read(fd, somewhere(&r, page), number(&r, 20));
			break;
		case 11:
			fuzz_wait(&r, fd);
			break;
		case 12:
			epoll_ctl(epoll, number(&r, 2) ? EPOLL_CTL_ADD :
				  EPOLL_CTL_DEL, fd, &event);
			epoll_wait(epoll, &event, 1, 0);
			break;
		case 13:
			write(fd, page, number(&r, 20));
			break;
		case 14:
			fd = dup(fd);
			ioctl(fd, CUSTOMTIMER_DISARM);
			close(fd);
			break;
		default:
			if (number(&r, 64))
				break;
			pid = fork();
			if (!pid) {
				usleep(number(&r, 5000));
				_exit(0);
			}
			waitpid(pid, NULL, 0);
		}
	}
	close(epoll);
	__atomic_add_fetch(&fuzz_calls, calls, __ATOMIC_SEQ_CST);
	return NULL;
}

static int fuzz_test(unsigned int seconds, unsigned long seed)
{
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		slots[i] = -1;
	fuzz_end = customtimer_now() + seconds * 1000 * MS;
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, fuzz,
				   (void *)(seed * THREADS + i)))
			die("pthread_create");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(fuzz_calls > seconds * 20, "seed %lu: %lu calls in %u s", seed,
	   (unsigned long)fuzz_calls, seconds);
	for (i = 0; i < SLOTS; i++)
		close(slots[i]);
	ok(proc_number("device_timers: ") == 0, "no timer is left");
	return done_testing();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && !strcmp(argv[1], "epoll"))
		return epoll_test(atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "kill"))
		return kill_test(atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "offline"))
		return offline_test(atoi(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		return fuzz_test(atoi(argv[2]), strtoul(argv[3], NULL, 0));
	fprintf(stderr, "usage: dev_storm epoll TIMERS | kill SECONDS | offline TIMES | fuzz SECONDS SEED\n");
	return 2;
}
