// SPDX-License-Identifier: GPL-2.0
/*
 * Rings event channels of another domain at random moments: the load "neighbour" of
 * customtimer-bench(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* The header leaves this to its user. */
typedef uint16_t domid_t;
#include <xen/evtchn.h>

#define MAX_CHANNELS 64

/* From the last of the events of one moment to the next moment, in ns. */
#define PAUSE_LEAST 30000
#define PAUSE_MOST 100000

static uint32_t dice = 1;

/* 0 to @n - 1. */
static uint32_t roll(uint32_t n)
{
	dice = dice * 1664525 + 1013904223;
	return (uint64_t)dice * n >> 32;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* For a CPU that shares its core, or in an emulator its thread, with the other's. */
static void let_others_run(void)
{
	__builtin_ia32_pause();
}

static unsigned int number(const char *text, unsigned long most, const char *what)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > most) {
		fprintf(stderr, "customtimer-ring: '%s' is no %s; see customtimer-ring --help\n",
			text, what);
		exit(64);
	}
	return n;
}

static void usage(FILE *to)
{
	fputs("usage: customtimer-ring DOMAIN PORT...\n"
	      "Rings event channels of another domain at random moments until it is ended; see\n"
	      "customtimer-bench(8). DOMAIN is its number, PORTs are what it offers:\n"
	      "  customtimer-ring 5 $(xenstore-read /local/domain/5/data/customtimer-bench)\n", to);
}

int main(int argc, char **argv)
{
	struct ioctl_evtchn_notify channel[MAX_CHANNELS];
	struct ioctl_evtchn_bind_interdomain bind;
	int channels = argc - 2, fd, i;
	int64_t until;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return 0;
	}
	if (channels < 1 || channels > MAX_CHANNELS) {
		usage(stderr);
		return 64;
	}
	bind.remote_domain = number(argv[1], 0x7fef, "domain");
	fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "customtimer-ring: /dev/xen/evtchn: %s; run it as root where xen-evtchn is loaded\n",
			strerror(errno));
		return 1;
	}
	for (i = 0; i < channels; i++) {
		int port;

		bind.remote_port = number(argv[i + 2], INT32_MAX, "port");
		port = ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
		if (port < 0) {
			fprintf(stderr, "customtimer-ring: domain %u does not offer port %u to this one: %s\n",
				bind.remote_domain, bind.remote_port, strerror(errno));
			return 1;
		}
		channel[i].port = port;
	}
	for (;;) {
		int first = roll(channels), n = 1 + roll(channels);

		for (i = 0; i < n; i++) {
			if (ioctl(fd, IOCTL_EVTCHN_NOTIFY, &channel[(first + i) % channels])) {
				perror("customtimer-ring: an event could not be sent");
				return 1;
			}
			let_others_run();
		}
		until = now() + PAUSE_LEAST + roll(PAUSE_MOST - PAUSE_LEAST);
		while (now() < until)
			let_others_run();
	}
}
