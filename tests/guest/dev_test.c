// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/customtimer and libcustomtimer, one property after the other. As root;
 * the limits of other users are tested as nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/poll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcustomtimer.h"
#include "tap.h"

#define US 1000ULL
#define MS (1000 * US)
/* What does not come due, however slow the host, and what has not come if it did not by then. */
#define FAR (3600 * 1000 * MS)
#define PATIENCE (60 * 1000 * MS)
/* How often a test is repeated that the host can spoil by taking the CPU away. */
#define MAX_TRIES 20
#define NOBODY 65534

static const char device[] = "/dev/customtimer";

/* One test: @call fails with @err. */
#define fails(call, err, ...) do {					\
	errno = 0;							\
	long fails_ret = (call);					\
	int fails_errno = errno;					\
									\
	ok(fails_ret == -1 && fails_errno == (err), __VA_ARGS__);	\
	if (fails_ret != -1 || fails_errno != (err))			\
		printf("# returned %ld, %s\n", fails_ret,		\
		       strerror(fails_errno));				\
} while (0)

static int open_timer(int flags)
{
	int fd = customtimer_open(flags);

	if (fd < 0) {
		printf("Bail out! %s: %s\n", device, strerror(errno));
		exit(1);
	}
	return fd;
}

static void sleep_ns(uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000,
			      .tv_nsec = ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

static bool readable_within(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && p.revents == POLLIN;
}

static bool readable(int fd)
{
	return readable_within(fd, 0);
}

/* Of a timer that is due soon, on whichever CPU. */
static bool due(int fd)
{
	return readable_within(fd, PATIENCE / MS);
}

static int arm_in(int fd, uint64_t delay, uint64_t interval, uint64_t window)
{
	struct customtimer_arm arm = {
		.expires_ns = delay, .interval_ns = interval,
		.window_ns = window, .cpu = CUSTOMTIMER_ANY_CPU,
		.flags = CUSTOMTIMER_RELATIVE,
	};

	return customtimer_arm(fd, &arm);
}

/* The sum of column "queued" in /proc/customtimer; -1: there is none. */
static int queued(void)
{
	char line[1024], *word, *save;
	FILE *f = fopen("/proc/customtimer", "r");
	int column = -1, sum = -1, i;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		word = strtok_r(line, " \n", &save);
		if (word && !strcmp(word, "cpu"))
			sum = 0;
		for (i = 0; word; i++, word = strtok_r(NULL, " \n", &save)) {
			if (sum == 0 && column < 0 && !strcmp(word, "queued"))
				column = i;
			else if (i == column)
				sum += atoi(word);
		}
	}
	fclose(f);
	return sum;
}

static void test_info(void)
{
	struct customtimer_info info;
	int fd = open_timer(0);

	memset(&info, 0xff, sizeof(info));
	ok(!customtimer_info(fd, &info), "info");
	ok(info.abi == CUSTOMTIMER_ABI, "info: ABI %u", info.abi);
	ok(info.features == CUSTOMTIMER_EXACT, "info: root may be exact");
	ok(!strcmp(info.version, customtimer_version()),
	   "info: version %.16s is the library's", info.version);
	ok(!strcmp(info.backend, "xen") || !strcmp(info.backend, "hrtimer"),
	   "info: backend %.16s", info.backend);
	ok(!info.reserved[0] && !info.reserved[3], "info: the rest is zero");
	close(fd);
}

/* Deadlines that have come, as far as their callbacks are through. */
static uint64_t interrupts(int fd)
{
	struct customtimer_stats stats;

	return customtimer_stats(fd, &stats) ? 0 : stats.interrupts;
}

/*
 * Waits for a deadline that is 100 ms ahead, and returns how late it is told. Once the host
 * may have been away; a timer that is late by itself is so each time.
 */
static uint64_t test_blocking_read(int fd, unsigned int *arms)
{
	unsigned int tries, wrong = 0, early = 0;
	uint64_t n, expires, now, late = 0;

	fcntl(fd, F_SETFL, 0);
	for (tries = 0; !tries || (late >= 1000 * MS && tries < MAX_TRIES);
	     tries++) {
		expires = customtimer_now() + 100 * MS;
		wrong += customtimer_arm_at(fd, expires) ||
			 customtimer_wait(fd, &n) || n != 1;
		now = customtimer_now();
		early += now < expires;
		late = now - expires;
	}
	*arms += tries;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ok(!wrong, "a blocking read waits, for one expiration");
	ok(!early, "not early");
	return late;
}

/*
 * Disarms a timer before it comes due, and waits until it would have. If it has come due
 * nevertheless, before that, the host was away: the statistics tell. Returns how
 * often that was.
 */
static unsigned int test_disarm(int fd, unsigned int *arms)
{
	unsigned int tries = 0, came = 0;
	uint64_t before, delay;
	bool good, in_time;

	do {
		/* For a slow machine. */
		delay = ++tries * MS;
		before = interrupts(fd);
		good = !arm_in(fd, delay, 0, 0) && !customtimer_disarm(fd);
		/* It has waited for the callback. */
		in_time = interrupts(fd) == before;
		came += !in_time;
		sleep_ns(3 * delay);
		good = good && !readable(fd) &&
		       (!in_time || interrupts(fd) == before);
	} while (good && !in_time && tries < MAX_TRIES);
	*arms += tries;
	ok(good && in_time, "disarmed in time: nothing comes");
	if (came)
		printf("# due before it was disarmed %u times: tried again\n", came);
	return came;
}

static void test_once(void)
{
	int fd = open_timer(CUSTOMTIMER_NONBLOCK);
	unsigned int arms = 0, came = 0;
	uint64_t n = 0, expires, late;
	struct customtimer_state s;
	struct customtimer_stats stats;

	fails(customtimer_wait(fd, &n), EAGAIN, "never armed: EAGAIN");
	ok(!readable(fd), "never armed: not readable");
	ok(!customtimer_get(fd, &s) && !s.flags && !s.expires_ns &&
	   !s.remaining_ns && !s.expirations, "never armed: nothing to get");

	expires = customtimer_now() + FAR;
	ok(!customtimer_arm_at(fd, expires), "armed far ahead");
	arms++;
	ok(!customtimer_get(fd, &s) && s.flags == CUSTOMTIMER_ARMED &&
	   s.expires_ns == expires && s.remaining_ns <= FAR &&
	   s.remaining_ns && !s.interval_ns && !s.window_ns &&
	   s.cpu == CUSTOMTIMER_ANY_CPU && !s.expirations,
	   "read back as armed");
	fails(customtimer_wait(fd, &n), EAGAIN, "not due yet: EAGAIN");
	late = test_blocking_read(fd, &arms);
	came += arms - 1;
	ok(late < 1000 * MS, "%d us late", (int)(late / US));
	fails(customtimer_wait(fd, &n), EAGAIN, "read once: EAGAIN");
	ok(!customtimer_get(fd, &s) && !s.flags && !s.expires_ns,
	   "disarmed by itself");

	ok(!arm_in(fd, 5 * MS, 0, 0), "relative");
	ok(due(fd) && !customtimer_wait(fd, &n) && n == 1, "and due");
	ok(!customtimer_arm_at(fd, 1) && due(fd),
	   "a deadline that has passed is due at once");
	ok(!arm_in(fd, 0, 0, 0) && due(fd),
	   "so is a delay of 0");
	ok(!customtimer_get(fd, &s) && s.expirations == 1 && !s.flags,
	   "get tells that there is something to read");
	ok(!customtimer_wait(fd, &n) && n == 1, "and leaves it there");
	arms += 3;
	came += 3;

	ok(!arm_in(fd, MS, 0, 0) && due(fd) &&
	   !arm_in(fd, FAR, 0, 0) && !readable(fd),
	   "arming forgets what was not read");
	ok(!arm_in(fd, MS, 0, 0) && due(fd) &&
	   !customtimer_disarm(fd) && !readable(fd), "so does disarming");
	ok(!arm_in(fd, MS, 0, 0) && due(fd) &&
	   !customtimer_get(fd, &s) && s.expirations == 1 && readable(fd) &&
	   !customtimer_disarm(fd) && !readable(fd),
	   "and after get has seen it");
	arms += 4;
	came += 3;
	came += test_disarm(fd, &arms);
	ok(!customtimer_disarm(fd), "disarming twice is no error");

	ok(!customtimer_arm_at(fd, CUSTOMTIMER_NEVER) &&
	   !customtimer_get(fd, &s) && s.flags == CUSTOMTIMER_ARMED &&
	   s.expires_ns == CUSTOMTIMER_NEVER, "never: armed");
	ok(!arm_in(fd, CUSTOMTIMER_NEVER, 0, 0) &&
	   !customtimer_get(fd, &s) && s.expires_ns == CUSTOMTIMER_NEVER,
	   "relative to now: never as well");
	arms += 2;

	memset(&stats, 0xff, sizeof(stats));
	ok(!customtimer_stats(fd, &stats) && stats.armed == arms &&
	   stats.interrupts == came && !stats.missed && !stats.throttled,
	   "statistics: armed %d times, %d interrupts", (int)stats.armed,
	   (int)stats.interrupts);
	if (stats.armed != arms || stats.interrupts != came)
		printf("# want: %u and %u\n", arms, came);
	ok(stats.worst_late_ns >= stats.last_late_ns &&
	   stats.total_late_ns >= stats.worst_late_ns && !stats.reserved[0] &&
	   !stats.reserved[4], "statistics: errors");
	close(fd);
}

/* True once at least @least expirations wait to be read; @s is what get tells then. */
static bool unread(int fd, uint64_t least, struct customtimer_state *s)
{
	uint64_t end = customtimer_now() + PATIENCE;

	do {
		if (customtimer_get(fd, s))
			return false;
	} while (s->expirations < least && customtimer_now() < end);
	return s->expirations >= least;
}

static void test_periodic(void)
{
	int fd = open_timer(0), i, bad = 0;
	uint64_t n, first, now, seen, sum = 0;
	struct customtimer_state s;
	struct customtimer_stats stats;

	first = customtimer_now() + 5 * MS;
	ok(!customtimer_arm_periodic(fd, first, 5 * MS), "every 5 ms");
	for (i = 0; i < 20; i++) {
		bad += customtimer_wait(fd, &n) || !n;
		sum += n;
		now = customtimer_now();
		bad += now < first + (sum - 1) * 5 * MS;
	}
	ok(!bad, "20 reads, none early");
	sleep_ns(23 * MS);
	ok(unread(fd, 4, &s), "23 ms not read: %d expirations",
	   (int)s.expirations);
	sum += s.expirations;
	ok(s.flags == CUSTOMTIMER_ARMED && s.interval_ns == 5 * MS &&
	   s.expires_ns == first + sum * 5 * MS,
	   "the next is on the grid of the first");
	ok(s.remaining_ns <= 5 * MS, "and within the interval");
	seen = s.expirations;
	sleep_ns(13 * MS);
	ok(unread(fd, seen + 2, &s), "another 13 ms: %d",
	   (int)s.expirations);
	ok(!customtimer_wait(fd, &n) && n >= s.expirations,
	   "a read tells of them all");
	sum += n - seen;
	/* It waits for the callback, which counts after it has woken the reader. */
	ok(!customtimer_disarm(fd) && !customtimer_stats(fd, &stats) &&
	   stats.interrupts + stats.missed >= sum &&
	   stats.interrupts + stats.missed <=
			(customtimer_now() - first) / (5 * MS) + 1,
	   "statistics: interrupts and missed ones are the expirations");

	ok(!arm_in(fd, 0, 1, 0) && (sleep_ns(2 * MS), 1) &&
	   !customtimer_wait(fd, &n) && n >= 2 * MS,
	   "an interval of 1 ns: %u expirations in 2 ms", (unsigned int)n);
	ok(!customtimer_disarm(fd), "can be stopped");
	ok(!customtimer_arm_periodic(fd, 1, CUSTOMTIMER_NEVER) &&
	   !customtimer_wait(fd, &n) && n == 1 && !customtimer_get(fd, &s) &&
	   s.expires_ns == CUSTOMTIMER_NEVER, "the longest interval");
	ok(!customtimer_arm_periodic(fd, 1, 3) && !customtimer_wait(fd, &n) &&
	   n > 1, "a periodic one that began with the clock");
	close(fd);
}

static void test_window(void)
{
	int fd = open_timer(0), i, bad = 0;
	uint64_t n, expires;
	struct customtimer_state s;

	for (i = 0; i < 10; i++) {
		expires = customtimer_now() + 2 * MS;
		bad += arm_in(fd, 2 * MS, 0, MS) || customtimer_get(fd, &s) ||
		       s.window_ns != MS || customtimer_wait(fd, &n) ||
		       n != 1 || customtimer_now() < expires;
	}
	ok(!bad, "ten with a window, none early");
	ok(!arm_in(fd, MS, MS, MS / 2) && !customtimer_wait(fd, &n) && n &&
	   !customtimer_wait(fd, &n) && n, "a periodic one with a window");
	ok(!arm_in(fd, MS, 0, CUSTOMTIMER_NEVER) && !customtimer_disarm(fd),
	   "the widest window");
	close(fd);
}

static void test_cpu(void)
{
	struct customtimer_arm arm = { .flags = CUSTOMTIMER_RELATIVE };
	int fd = open_timer(0), cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t n;

	for (arm.cpu = 0; arm.cpu < cpus; arm.cpu++) {
		arm.expires_ns = MS;
		arm.interval_ns = MS;
		ok(!customtimer_arm(fd, &arm) && !customtimer_wait(fd, &n) &&
		   n && !customtimer_wait(fd, &n) && n, "on CPU %d", arm.cpu);
	}
	arm.cpu = -2;
	fails(customtimer_arm(fd, &arm), EINVAL, "CPU -2");
	arm.cpu = 1 << 20;
	fails(customtimer_arm(fd, &arm), EINVAL, "CPU 1048576");
	close(fd);
}

static void test_bad_arguments(void)
{
	struct customtimer_arm arm = { .cpu = CUSTOMTIMER_ANY_CPU }, bad;
	int fd = open_timer(CUSTOMTIMER_NONBLOCK), null = open("/dev/null", O_RDWR);
	void *volatile nowhere = (void *)8;
	struct customtimer_state s;
	char buf[16];
	unsigned int i;

	arm_in(fd, FAR, 7, 0);
	for (i = 0; i < sizeof(arm.reserved) / sizeof(*arm.reserved); i++) {
		bad = arm;
		bad.reserved[i] = 1ULL << (i * 9);
		fails(customtimer_arm(fd, &bad), EINVAL, "reserved[%u]", i);
	}
	for (i = 1; i < 32; i += 5) {
		bad = arm;
		bad.flags = 1U << i;
		fails(customtimer_arm(fd, &bad), EINVAL, "flag %u", i);
	}
	bad = arm;
	bad.expires_ns = CUSTOMTIMER_NEVER + 1;
	fails(customtimer_arm(fd, &bad), EINVAL, "deadline beyond the end");
	bad.expires_ns = -1;
	bad.flags = CUSTOMTIMER_RELATIVE;
	fails(customtimer_arm(fd, &bad), EINVAL, "delay beyond the end");
	bad = arm;
	bad.interval_ns = CUSTOMTIMER_NEVER + 1;
	fails(customtimer_arm(fd, &bad), EINVAL, "interval beyond the end");
	bad = arm;
	bad.window_ns = CUSTOMTIMER_NEVER + 1;
	fails(customtimer_arm(fd, &bad), EINVAL, "window beyond the end");
	ok(!customtimer_get(fd, &s) && s.flags == CUSTOMTIMER_ARMED &&
	   s.interval_ns == 7, "none of these has changed the timer");

	fails(ioctl(fd, CUSTOMTIMER_ARM, NULL), EFAULT, "arm: EFAULT");
	fails(ioctl(fd, CUSTOMTIMER_GET, NULL), EFAULT, "get: EFAULT");
	fails(ioctl(fd, CUSTOMTIMER_STATS, NULL), EFAULT, "stats: EFAULT");
	fails(ioctl(fd, CUSTOMTIMER_INFO, NULL), EFAULT, "info: EFAULT");
	fails(ioctl(fd, _IO(0xc7, 5)), ENOTTY, "unknown request: ENOTTY");
	fails(ioctl(fd, _IOW(0xc7, 1, char[8])), ENOTTY,
	      "a request of another size: ENOTTY");
	fails(ioctl(fd, 0), ENOTTY, "request 0: ENOTTY");

	fails(read(fd, buf, 7), EINVAL, "a buffer of 7 bytes: EINVAL");
	fails(read(fd, buf, 0), EINVAL, "of none: EINVAL");
	fails(read(fd, buf, 16), EAGAIN, "of 16: nothing there yet");
	arm_in(fd, 0, 0, 0);
	due(fd);
	ok(read(fd, buf, 16) == 8, "and then 8 of them are filled");
	arm_in(fd, 0, 0, 0);
	due(fd);
	fails(read(fd, nowhere, 8), EFAULT, "read to nowhere: EFAULT");
	fails(write(fd, buf, 8), EINVAL, "write: EINVAL");
	fails(lseek(fd, 0, SEEK_SET), ESPIPE, "lseek: ESPIPE");
	fails(pread(fd, buf, 8, 0), ESPIPE, "pread: ESPIPE");
	ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
	   errno == ENODEV, "mmap: ENODEV");

	fails(customtimer_open(4), EINVAL, "library: unknown flag of open");
	fails(customtimer_wait(null, NULL), EINVAL, "library: wait for another file");
	fails(customtimer_arm_at(null, 0), ENOTTY, "library: arm another file");
	fails(customtimer_arm_at(-1, 0), EBADF, "library: arm no file");
	close(null);
	close(fd);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void handle(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

static bool sleeps(pid_t pid)
{
	char path[32], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

/* Sends SIGUSR1 to this process after a while, when it sleeps. */
static pid_t signal_soon(uint64_t ns)
{
	pid_t pid = fork();

	if (!pid) {
		do
			sleep_ns(ns);
		while (!sleeps(getppid()));
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	return pid;
}

static void test_signals(void)
{
	int fd = open_timer(0);
	uint64_t n = 0;
	pid_t pid;

	handle(0);
	arm_in(fd, PATIENCE, 0, 0);
	pid = signal_soon(50 * MS);
	fails(customtimer_wait(fd, &n), EINTR, "a signal ends a read");
	waitpid(pid, NULL, 0);
	handle(SA_RESTART);
	arm_in(fd, 300 * MS, 0, 0);
	pid = signal_soon(50 * MS);
	ok(!customtimer_wait(fd, &n) && n == 1,
	   "or not, with SA_RESTART");
	waitpid(pid, NULL, 0);
	close(fd);
}

static void test_nanosleep(void)
{
	struct timespec t = { .tv_nsec = 2 * MS }, left = { };
	int fd = open_timer(0);
	uint64_t begin = customtimer_now();
	pid_t pid;

	ok(!customtimer_nanosleep(fd, 0, &t, NULL) &&
	   customtimer_now() >= begin + 2 * MS, "nanosleep");
	clock_gettime(CLOCK_MONOTONIC, &t);
	ok(!customtimer_nanosleep(fd, TIMER_ABSTIME, &t, NULL),
	   "nanosleep until now");
	t.tv_sec += 1;
	begin = t.tv_sec * 1000 * MS + t.tv_nsec;
	ok(!customtimer_nanosleep(fd, TIMER_ABSTIME, &t, NULL) &&
	   customtimer_now() >= begin, "nanosleep until then");
	t = (struct timespec){ .tv_nsec = 1000000000 };
	ok(customtimer_nanosleep(fd, 0, &t, NULL) == EINVAL, "too many ns");
	t.tv_nsec = -1;
	ok(customtimer_nanosleep(fd, 0, &t, NULL) == EINVAL, "too few");
	t = (struct timespec){ .tv_sec = -1 };
	ok(customtimer_nanosleep(fd, 0, &t, NULL) == EINVAL, "negative s");
	t.tv_sec = 0;
	ok(customtimer_nanosleep(fd, 2, &t, NULL) == EINVAL, "unknown flag");
	ok(customtimer_nanosleep(-1, 0, &t, NULL) == EBADF, "no file");

	handle(0);
	pid = signal_soon(50 * MS);
	t.tv_sec = sizeof(t.tv_sec) == 8 ? INT64_MAX : INT32_MAX;
	ok(customtimer_nanosleep(fd, 0, &t, &left) == EINTR &&
	   left.tv_sec > 1000000, "interrupted: the rest is returned");
	waitpid(pid, NULL, 0);
	ok(!readable(fd) && queued() == 0, "and nothing stays armed");

	fcntl(fd, F_SETFL, O_NONBLOCK);
	t = (struct timespec){ .tv_nsec = 2 * MS };
	begin = customtimer_now();
	ok(!customtimer_nanosleep(fd, 0, &t, NULL) &&
	   customtimer_now() >= begin + 2 * MS,
	   "nanosleep with a non-blocking file");
	close(fd);
}

static void test_poll(void)
{
	int fd = open_timer(CUSTOMTIMER_NONBLOCK), epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN }, got;
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct timeval zero = { };
	uint64_t n;
	fd_set set;

	ok(poll(&p, 1, 0) == 0, "poll: nothing");
	arm_in(fd, 10 * MS, 0, 0);
	ok(poll(&p, 1, PATIENCE / MS) == 1 && p.revents == POLLIN,
	   "poll waits");
	ok(poll(&p, 1, 0) == 1, "poll is level-triggered");
	FD_ZERO(&set);
	FD_SET(fd, &set);
	ok(select(fd + 1, &set, NULL, NULL, &zero) == 1 && FD_ISSET(fd, &set),
	   "select");
	customtimer_wait(fd, &n);
	FD_SET(fd, &set);
	ok(select(fd + 1, &set, NULL, NULL, &zero) == 0, "select: nothing");

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	ok(epoll_wait(epoll, &got, 1, 0) == 0, "epoll: nothing");
	arm_in(fd, 10 * MS, 0, 0);
	ok(epoll_wait(epoll, &got, 1, PATIENCE / MS) == 1 &&
	   got.events == EPOLLIN,
	   "epoll waits");
	ok(epoll_wait(epoll, &got, 1, 0) == 1, "epoll is level-triggered");
	customtimer_wait(fd, &n);
	ok(epoll_wait(epoll, &got, 1, 0) == 0, "epoll: read");
	event.events = EPOLLIN | EPOLLET;
	epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
	arm_in(fd, MS, 0, 0);
	ok(epoll_wait(epoll, &got, 1, PATIENCE / MS) == 1 &&
	   epoll_wait(epoll, &got, 1, 0) == 0, "epoll: edge-triggered");
	close(fd);
	ok(epoll_wait(epoll, &got, 1, 0) == 0, "epoll: closed");
	close(epoll);
}

static int exit_status(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What test_sharing() starts: can @fd be read? */
static int after_exec(const char *fd)
{
	uint64_t n;

	return !customtimer_wait(atoi(fd), &n) && n == 1 ? 42 : errno;
}

static int exec_with(int fd)
{
	char number[16];
	pid_t pid;

	snprintf(number, sizeof(number), "%d", fd);
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "dev_test", number, NULL);
		_exit(1);
	}
	return exit_status(pid);
}

static void test_sharing(void)
{
	int fd = open_timer(0), copy;
	uint64_t n;
	pid_t pid;

	arm_in(fd, 20 * MS, 0, 0);
	pid = fork();
	if (!pid)
		_exit(!customtimer_wait(fd, &n) && n == 1 ? 42 : 1);
	ok(exit_status(pid) == 42, "a child reads its parent's timer");
	ok(!readable(fd), "which is then read");
	pid = fork();
	if (!pid)
		_exit(arm_in(fd, FAR, 0, 0));
	ok(exit_status(pid) == 0 && queued() == 1,
	   "what a child has armed outlives it");
	pid = fork();
	if (!pid)
		_exit(arm_in(fd, 50 * MS, 0, 0));
	ok(exit_status(pid) == 0 && !customtimer_wait(fd, &n) && n == 1,
	   "and comes due");

	copy = dup(fd);
	arm_in(fd, FAR, 0, 0);
	close(fd);
	ok(queued() == 1, "closed, but a copy is open: armed");
	arm_in(copy, MS, 0, 0);
	ok(!customtimer_wait(copy, &n), "and usable");
	arm_in(copy, FAR, 0, 0);
	close(copy);
	ok(queued() == 0, "the last close disarms");

	fd = open_timer(0);
	ok(exec_with(fd) == EBADF, "closed by exec");
	close(fd);
	fd = open_timer(CUSTOMTIMER_INHERIT);
	arm_in(fd, MS, 0, 0);
	ok(exec_with(fd) == 42, "inherited by exec");
	close(fd);
}

static void *read_one(void *arg)
{
	uint64_t n = 0;

	customtimer_wait(*(int *)arg, &n);
	__atomic_add_fetch((int *)arg + 1, n, __ATOMIC_SEQ_CST);
	return NULL;
}

static void test_readers(void)
{
	int shared[2] = { open_timer(0), 0 };
	pthread_t threads[4];
	unsigned int i, tries;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, read_one, shared);
	sleep_ns(20 * MS);
	for (i = 1; i <= 4; i++) {
		arm_in(shared[0], MS, 0, 0);
		for (tries = 0; tries < PATIENCE / (20 * MS); tries++) {
			sleep_ns(20 * MS);
			if (__atomic_load_n(&shared[1], __ATOMIC_SEQ_CST) ==
			    (int)i)
				break;
		}
		ok(__atomic_load_n(&shared[1], __ATOMIC_SEQ_CST) == (int)i,
		   "four readers wait, expiration %u goes to one", i);
	}
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	close(shared[0]);
}

static void set_limit(const char *name, unsigned int value)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/customtimer/parameters/%s", name);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%u", value) < 0 || fclose(f)) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
}

/* Runs @test as nobody; its tests are counted in. */
static void as_nobody(void (*test)(void))
{
	int *numbers = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(1);
		test();
		fflush(stdout);
		numbers[0] = tap_number;
		numbers[1] = tap_failed;
		_exit(0);
	}
	if (exit_status(pid)) {
		printf("Bail out! the tests as nobody died\n");
		exit(1);
	}
	tap_number = numbers[0];
	tap_failed = numbers[1];
}

static void test_no_permission(void)
{
	fails(customtimer_open(0), EACCES, "mode 0600: nobody may not open it");
}

static void test_read_permission(void)
{
	int fd = open_timer(0), file = open(device, O_RDWR);
	struct customtimer_info info;
	uint64_t n;

	ok(file < 0 && errno == EACCES, "mode 0644: nobody may not write");
	ok(!customtimer_info(fd, &info) && !info.features,
	   "opened for reading: not exact");
	fails(arm_in(fd, MS, 0, 0), EPERM, "and refused as an exact one");
	ok(!arm_in(fd, MS, 0, 1) && !customtimer_wait(fd, &n) && n == 1,
	   "but not with a window");
	close(fd);
}

/* Deadlines a second; a slow machine reaches that, too. What a user may be ahead by, and rounding. */
#define RATE 200
#define RESERVE (RATE / 100 + 2)

static void test_limits(void)
{
	struct customtimer_arm arm = { .flags = CUSTOMTIMER_RELATIVE };
	struct customtimer_stats stats;
	struct customtimer_info info;
	unsigned int came;
	int fds[4], i;
	uint64_t n, sum, begin, took;
	cpu_set_t cpus;

	for (i = 0; i < 4; i++)
		fds[i] = open_timer(0);
	fails(customtimer_open(0), EMFILE, "dev_max_timers=4: not a fifth");
	close(fds[3]);
	fds[3] = customtimer_open(0);
	ok(fds[3] >= 0, "after one was closed, another");
	ok(!customtimer_info(fds[0], &info) &&
	   info.features == CUSTOMTIMER_EXACT && info.max_timers == 4 &&
	   info.max_rate == RATE, "exact, and told of the limits");

	begin = customtimer_now();
	ok(!arm_in(fds[0], 0, 20 * US, 0), "dev_max_rate=%d: every 20 us", RATE);
	stats.throttled = 0;
	/* On, until the limit is reached as well. */
	for (sum = 0; sum < 200 * MS / (20 * US) ||
	     (!stats.throttled && customtimer_now() < begin + PATIENCE); sum += n) {
		if (customtimer_wait(fds[0], &n))
			break;
		customtimer_stats(fds[0], &stats);
	}
	took = customtimer_now() - begin;
	ok(took >= 199 * MS && sum <= took / (20 * US) + 2,
	   "no expiration is lost or made up");
	customtimer_disarm(fds[0]);
	took = customtimer_now() - begin;
	customtimer_stats(fds[0], &stats);
	came = stats.interrupts;
	ok(stats.throttled && came <= took * RATE / (1000 * MS) + RESERVE,
	   "%u interrupts in %u ms, %u put off", came,
	   (unsigned int)(took / MS), (unsigned int)stats.throttled);

	for (i = 0; i < 20; i++) {
		arm_in(fds[i % 4], 0, 0, 0);
		came += !customtimer_wait(fds[i % 4], &n);
	}
	took = customtimer_now() - begin;
	ok(came <= took * RATE / (1000 * MS) + RESERVE,
	   "the rate is the user's, not the timer's: %u in %u ms", came,
	   (unsigned int)(took / MS));
	for (i = 0; i < 4; i++)
		close(fds[i]);
	for (i = 0; i < 100; i++) {
		fds[0] = open_timer(0);
		arm_in(fds[0], 0, 0, 0);
		came += !customtimer_wait(fds[0], &n);
		close(fds[0]);
	}
	took = customtimer_now() - begin;
	ok(came <= took * RATE / (1000 * MS) + RESERVE,
	   "opening anew does not help: %u in %u ms", came,
	   (unsigned int)(took / MS));

	fds[0] = open_timer(0);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	ok(!customtimer_arm(fds[0], &arm), "the CPU that nobody is bound to");
	arm.cpu = 1;
	fails(customtimer_arm(fds[0], &arm),
	      sysconf(_SC_NPROCESSORS_ONLN) > 1 ? EPERM : EINVAL, "another");
	close(fds[0]);
}

static void test_users(void)
{
	chmod(device, 0600);
	as_nobody(test_no_permission);
	chmod(device, 0644);
	as_nobody(test_read_permission);
	chmod(device, 0666);
	set_limit("dev_max_timers", 4);
	set_limit("dev_max_rate", RATE);
	as_nobody(test_limits);
	set_limit("dev_max_timers", 1024);
	set_limit("dev_max_rate", 100000);
	chmod(device, 0600);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return after_exec(argv[1]);

	setvbuf(stdout, NULL, _IOLBF, 0);
	test_info();
	test_once();
	test_periodic();
	test_window();
	test_cpu();
	test_bad_arguments();
	test_signals();
	test_nanosleep();
	test_poll();
	test_sharing();
	test_readers();
	test_users();
	ok(queued() == 0, "no timer is left");
	return done_testing();
}
