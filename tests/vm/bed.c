// SPDX-License-Identifier: GPL-2.0
/*
 * The test bed's helper inside the machines: one static program for the guest
 * and for dom0, so that neither needs more than a shell.
 *
 *   bed exec STREAM PORT ARGV   run the NUL-separated command line in the file ARGV and
 *                               write its output, encoded, to PORT; exit as the command did
 *   bed relay FILE PORT         copy FILE to PORT as it grows
 *   bed decode [FILE]           the encoded output in FILE as plain text
 *   bed plain [FILE]            what is not encoded in FILE
 *   bed own                     what the bed has put into the memory of a device, an archive
 *                               and zeros after it, as far as it is read
 *   bed send PORT               write all of the input to PORT and print its length
 *   bed read PATH               print a xenstore node, exit 1 if there is none
 *   bed write PATH VALUE        write a xenstore node
 *   bed watch PATH...           print a line when a node changes
 *
 * Encoding. Output of commands shares a console with kernel messages, and a
 * console may switch between the two at any byte. Each byte of output
 * therefore travels as two bytes with the top bit set, one per nibble, from a
 * range of its own for each stream; kernels print ASCII. A reader can tell the
 * streams apart byte by byte, and no output can pass for a kernel message.
 *
 *   0x80 + 0x20 * stream + high nibble, 0x90 + 0x20 * stream + low nibble;
 *   0xc0 + stream ends the stream.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define HIGH(stream)	(0x80 + 0x20 * (stream))
#define LOW(stream)	(0x90 + 0x20 * (stream))
#define END(stream)	(0xc0 + (stream))

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "bed: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(125);
}

static void write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
			continue;
		}
		if (n <= 0)
			die("write: %s", strerror(errno));
		p += n;
		len -= n;
	}
}

static int open_port(const char *path)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	if (!tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		t.c_cflag |= CLOCAL;
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

static void send_encoded(int port, int stream, const unsigned char *data,
			 size_t len)
{
	static unsigned char out[2 * 4096];
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = HIGH(stream) + (data[i] >> 4);
		out[2 * i + 1] = LOW(stream) + (data[i] & 15);
	}
	write_all(port, out, 2 * len);
}

static char **read_argv(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *buf, **argv;
	size_t have = 0, i, n = 0;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	buf = malloc(st.st_size + 1);
	argv = calloc(st.st_size + 2, sizeof(*argv));
	if (!buf || !argv)
		die("out of memory");
	while (have < (size_t)st.st_size) {
		ssize_t r = read(fd, buf + have, st.st_size - have);

		if (r <= 0)
			die("%s: short read", path);
		have += r;
	}
	close(fd);
	for (i = 0; i < have; i += strlen(buf + i) + 1)
		argv[n++] = buf + i;
	if (!n)
		die("%s: no command", path);
	return argv;
}

static void on_child(int sig)
{
	(void)sig;
}

static int do_exec(int stream, const char *port_path, const char *argv_path)
{
	char **argv = read_argv(argv_path);
	int port = open_port(port_path);
	struct sigaction sa = { .sa_handler = on_child };
	sigset_t block, before;
	static unsigned char buf[4096];
	int pipefd[2], status = 0, gone = 0;
	unsigned char end = END(stream);
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &before);

	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		int null = open("/dev/null", O_RDONLY);

		sigprocmask(SIG_SETMASK, &before, NULL);
		signal(SIGCHLD, SIG_DFL);
		setsid();
		dup2(null, 0);
		dup2(pipefd[1], 1);
		dup2(pipefd[1], 2);
		if (null > 2)
			close(null);
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(pipefd[1]);
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);

	/*
	 * The command's own end decides, not the end of its output: something
	 * it left running in the background may hold the pipe open.
	 */
	for (;;) {
		struct pollfd p = { .fd = pipefd[0], .events = POLLIN };
		ssize_t n;

		n = read(pipefd[0], buf, sizeof(buf));
		if (n > 0) {
			send_encoded(port, stream, buf, n);
			continue;
		}
		if (gone)
			break;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			gone = 1;
			continue;
		}
		if (n == 0)
			p.fd = -1;
		ppoll(&p, 1, NULL, &before);
	}
	write_all(port, &end, 1);
	tcdrain(port);
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int do_relay(const char *path, const char *port_path)
{
	int port = open_port(port_path);
	int in, notify = inotify_init1(IN_CLOEXEC);
	static char buf[4096];
	ssize_t n;

	while ((in = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		usleep(20000);
	if (notify < 0 || inotify_add_watch(notify, path, IN_MODIFY) < 0)
		die("%s: cannot watch: %s", path, strerror(errno));
	for (;;) {
		while ((n = read(in, buf, sizeof(buf))) > 0)
			write_all(port, buf, n);
		if (read(notify, buf, sizeof(buf)) < 0 && errno != EINTR)
			die("%s: %s", path, strerror(errno));
	}
}

/* QEMU's device for memory that is shared with the host, and the BAR with the memory. */
#define OWN_ID	"0x1af4 0x1110"
#define OWN_BAR	"resource2"

static int has_id(const char *folder)
{
	char path[300], have[32] = "";
	const char *const names[] = { "vendor", "device" };
	int i;

	for (i = 0; i < 2; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		f = fopen(path, "re");
		if (!f || fscanf(f, "%6s", have + 7 * i) != 1)
			die("%s: cannot be read", path);
		fclose(f);
	}
	have[6] = ' ';
	return !strcmp(have, OWN_ID);
}

static int do_own(void)
{
	static char buf[65536];
	char path[300];
	struct stat st;
	glob_t devices;
	char *memory;
	size_t i, at;
	int fd;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &devices))
		die("there are no PCI devices");
	for (i = 0; i < devices.gl_pathc && !has_id(devices.gl_pathv[i]); i++)
		;
	if (i == devices.gl_pathc)
		die("there is no device with memory of the host's");
	snprintf(path, sizeof(path), "%s/" OWN_BAR, devices.gl_pathv[i]);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	memory = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	for (at = 0; at < (size_t)st.st_size; at += sizeof(buf)) {
		memcpy(buf, memory + at, sizeof(buf));
		write_all(1, buf, sizeof(buf));
	}
	return 0;
}

/* Each write to the port is a round trip through the emulator: large ones. */
static int do_send(const char *port_path)
{
	static char buf[32768];
	int port = open_port(port_path);
	unsigned long long total = 0;
	size_t have = 0;
	ssize_t n;

	do {
		n = read(0, buf + have, sizeof(buf) - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("read: %s", strerror(errno));
		have += n;
		if (have == sizeof(buf) || !n) {
			write_all(port, buf, have);
			total += have;
			have = 0;
		}
	} while (n);
	printf("%llu\n", total);
	return 0;
}

static int do_split(const char *path, int encoded)
{
	FILE *f = path ? fopen(path, "r") : stdin;
	int c, high = -1;

	if (!f)
		die("%s: %s", path, strerror(errno));
	while ((c = getc(f)) != EOF) {
		if (!encoded) {
			if (c < 0x80)
				putchar(c);
		} else if (c >= HIGH(0) && c < HIGH(0) + 16) {
			high = c - HIGH(0);
		} else if (c >= LOW(0) && c < LOW(0) + 16 && high >= 0) {
			putchar(high << 4 | (c - LOW(0)));
			high = -1;
		}
	}
	if (fflush(stdout))
		die("write: %s", strerror(errno));
	tcdrain(1);
	return 0;
}

/* xenstore, spoken over the kernel's device: type, request, transaction, length. */

enum { XS_READ = 2, XS_WATCH = 4, XS_WRITE = 11, XS_WATCH_EVENT = 15, XS_ERROR = 16 };

struct xs_header {
	uint32_t type, req, tx, len;
};

static char xs_reply[4097];

static int xs_open(void)
{
	int fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/xen/xenbus: %s", strerror(errno));
	return fd;
}

static void read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("xenstore: %s", n ? strerror(errno) : "closed");
		p += n;
		len -= n;
	}
}

static uint32_t xs_receive(int fd, uint32_t *len)
{
	struct xs_header h;

	read_all(fd, &h, sizeof(h));
	if (h.len > 4096)
		die("xenstore: reply of %u bytes", h.len);
	read_all(fd, xs_reply, h.len);
	xs_reply[h.len] = '\0';
	if (len)
		*len = h.len;
	return h.type;
}

static void xs_send(int fd, uint32_t type, const void *body, uint32_t len)
{
	struct xs_header h = { .type = type, .len = len };
	char msg[sizeof(h) + 4096];

	if (len > 4096)
		die("xenstore: request of %u bytes", len);
	memcpy(msg, &h, sizeof(h));
	memcpy(msg + sizeof(h), body, len);
	write_all(fd, msg, sizeof(h) + len);
}

/* 0, or the error's name in xs_reply and 1. */
static int xs_call(int fd, uint32_t type, const void *body, uint32_t len)
{
	uint32_t got;

	xs_send(fd, type, body, len);
	do
		got = xs_receive(fd, NULL);
	while (got == XS_WATCH_EVENT);
	return got == XS_ERROR;
}

static int do_read(const char *path)
{
	if (xs_call(xs_open(), XS_READ, path, strlen(path) + 1)) {
		if (strcmp(xs_reply, "ENOENT"))
			die("read %s: %s", path, xs_reply);
		return 1;
	}
	puts(xs_reply);
	return 0;
}

static int do_write(const char *path, const char *value)
{
	char body[4096];
	size_t plen = strlen(path) + 1, vlen = strlen(value);

	if (plen + vlen > sizeof(body))
		die("write %s: value too long", path);
	memcpy(body, path, plen);
	memcpy(body + plen, value, vlen);
	if (xs_call(xs_open(), XS_WRITE, body, plen + vlen))
		die("write %s: %s", path, xs_reply);
	return 0;
}

static int do_watch(char **paths)
{
	int fd = xs_open();

	for (; *paths; paths++) {
		char body[1024];
		int n = snprintf(body, sizeof(body) - 2, "%s", *paths) + 1;

		n += snprintf(body + n, sizeof(body) - n, "t") + 1;
		xs_send(fd, XS_WATCH, body, n);
	}
	for (;;) {
		uint32_t type = xs_receive(fd, NULL);

		if (type == XS_ERROR)
			die("watch: %s", xs_reply);
		if (type == XS_WATCH_EVENT) {
			puts(xs_reply);
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_DFL);
	if (!strcmp(what, "exec") && argc == 5)
		return do_exec(atoi(argv[2]), argv[3], argv[4]);
	if (!strcmp(what, "relay") && argc == 4)
		return do_relay(argv[2], argv[3]);
	if (!strcmp(what, "decode") && argc <= 3)
		return do_split(argv[2], 1);
	if (!strcmp(what, "plain") && argc <= 3)
		return do_split(argv[2], 0);
	if (!strcmp(what, "own") && argc == 2)
		return do_own();
	if (!strcmp(what, "send") && argc == 3)
		return do_send(argv[2]);
	if (!strcmp(what, "read") && argc == 3)
		return do_read(argv[2]);
	if (!strcmp(what, "write") && argc == 4)
		return do_write(argv[2], argv[3]);
	if (!strcmp(what, "watch") && argc > 2)
		return do_watch(argv + 2);
	die("unknown or incomplete request '%s'", what);
}
