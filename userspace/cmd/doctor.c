// SPDX-License-Identifier: GPL-2.0
/*
 * customtimer doctor: looks for everything that is known to go wrong, and says
 * how to fix it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

#include "libcustomtimer.h"
#include "cmd.h"
#include "files.h"
#include "proc.h"
#include "values.h"

/* Errors of exact timers beyond which something is probably wrong. */
#define SUSPICIOUS_ERROR (20 * NS_PER_US)

/* Reading the TSC takes a tenth of this, unless the hypervisor emulates it. */
#define SLOW_TSC 500

/* Halted CPUs that take longer than this to wake spoil the timer. */
#define SLOW_WAKE_US 20

enum verdict { OK, WARN, FAIL, SKIP };

static const char *const verdicts[] = { "ok", "warn", "fail", "skip" };

static struct {
	bool json;
	json_t *findings;
	unsigned int n[4];
} report;

/* What several checks look at. */
static struct {
	bool xen;		/* a Xen guest */
	bool feature;		/* Xen lets it use custom timers */
	char *guest;		/* "PV", "PVH", "" */
	bool loaded;
	struct proc proc;
	bool have_proc;
} here;

/* @fix is not shown for OK, and may be NULL. */
static void found(const char *check, enum verdict verdict, const char *fix,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void found(const char *check, enum verdict verdict, const char *fix,
		  const char *format, ...)
{
	json_t *finding;
	va_list args;
	char *what;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		need_memory(NULL);
	va_end(args);
	if (verdict == OK || verdict == SKIP)
		fix = NULL;
	report.n[verdict]++;
	if (report.json) {
		finding = json_pack("{s:s, s:s, s:s*, s:s*}", "check", check,
				    "verdict", verdicts[verdict], "found", what,
				    "fix", fix);
		json_array_append_new(report.findings, finding);
	} else {
		printf("%-4s  %-11s %s\n", verdicts[verdict], check, what);
		if (fix)
			printf("%-18s-> %s\n", "", fix);
	}
	free(what);
}

static const char *key(const char *name)
{
	const char *value = here.have_proc ? proc_value(&here.proc, name) : NULL;

	return value ? value : "";
}

/* The sum of a column, 0 if there is none. */
static long long total(const char *column)
{
	long long sum = 0, number;
	size_t row;

	for (row = 0; here.have_proc && row < here.proc.n_rows; row++) {
		number = proc_number(&here.proc, row, column);
		sum += number > 0 ? number : 0;
	}
	return sum;
}

/* Whether @word is one of the words of @text. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	const char *at = text;

	for (; (at = strstr(at, word)); at += length)
		if ((at == text || strchr(" \n", at[-1])) &&
		    (!at[length] || strchr(" \n", at[length])))
			return true;
	return false;
}

static void check_xen(void)
{
	char *type = file_line("/sys/hypervisor/type");
	char *major = file_line("/sys/hypervisor/version/major");
	char *minor = file_line("/sys/hypervisor/version/minor");
	char *extra = file_line("/sys/hypervisor/version/extra");

	here.xen = !strcmp(type, "xen");
	here.guest = file_line("/sys/hypervisor/guest_type");
	if (here.xen)
		found("xen", OK, NULL, "%s guest on Xen %s.%s%s",
		      *here.guest ? here.guest : "a", major, minor, extra);
	else if (!strcmp(key("backend"), "hrtimer"))
		found("xen", WARN, "for precise timers run in a Xen guest",
		      "not a Xen guest: hrtimers stand in for the custom timer");
	else
		found("xen", FAIL,
		      "run in a Xen guest, or modprobe customtimer backend=hrtimer to develop without Xen",
		      "not a Xen guest");
	free(type);
	free(major);
	free(minor);
	free(extra);
}

/* Bit 31 of what Xen says of itself. */
static void check_feature(void)
{
	char *features = file_line("/sys/hypervisor/properties/features");
	size_t length = strlen(features);

	here.feature = length >= 8 &&
		       strtoul(features + length - 8, NULL, 16) >> 31;
	if (!here.xen)
		found("hypervisor", SKIP, NULL, "not a Xen guest");
	else if (!length)
		found("hypervisor", SKIP, NULL,
		      "/sys/hypervisor/properties/features is not there or only for root");
	else if (here.feature)
		found("hypervisor", OK, NULL,
		      "has the custom timer, and this guest may use it");
	else
		found("hypervisor", FAIL,
		      "apply hypervisor-patch/ to the host's Xen and reboot it; if it is patched, look at custom-timer= on Xen's command line (xl info)",
		      "has no custom timer, or this guest may not use it");
	free(features);
}

static void check_cmdline(void)
{
	static const struct {
		const char *word;
		enum verdict verdict;
		const char *effect;
	} bad[] = {
		{ "xen_no_vector_callback", FAIL, "no events for each CPU" },
		{ "xen_nopv", FAIL, "no interface to Xen" },
		{ "nopv", FAIL, "no interface to Xen" },
		{ "xen.fifo_events=0", WARN, "events have no priorities" },
		{ "xen.fifo_events=n", WARN, "events have no priorities" },
		{ "highres=off", WARN, "hrtimers are as coarse as the tick" },
	};
	char *cmdline = file_text("/proc/cmdline");
	bool good = true;
	size_t i;

	if (!cmdline) {
		found("cmdline", SKIP, NULL, "/proc/cmdline cannot be read");
		return;
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!has_word(cmdline, bad[i].word))
			continue;
		found("cmdline", bad[i].verdict, "remove it and reboot the guest",
		      "%s: %s", bad[i].word, bad[i].effect);
		good = false;
	}
	if (good)
		found("cmdline", OK, NULL, "nothing against it in the kernel's options");
	free(cmdline);
}

static void check_config(void)
{
	struct utsname system;
	char path[300], *config;

	uname(&system);
	snprintf(path, sizeof(path), "/boot/config-%s", system.release);
	config = file_text(path);
	if (!config)
		found("config", SKIP, NULL, "the kernel's configuration is not in /boot");
	else if (!has_word(config, "CONFIG_HIGH_RES_TIMERS=y"))
		found("config", FAIL, "take another kernel",
		      "the kernel has no CONFIG_HIGH_RES_TIMERS");
	else if (!has_word(config, "CONFIG_DYNAMIC_FTRACE=y"))
		found("config", WARN, "take another kernel, or leave guard_ns at 0",
		      "the kernel has no CONFIG_DYNAMIC_FTRACE, so there is no guard");
	else
		found("config", OK, NULL, "the kernel has what it takes");
	free(config);
}

/* The module's last words in the kernel log; "" if they cannot be read. */
static char *last_words(void)
{
	int size = klogctl(10, NULL, 0), n;
	char *log, *line, *end, *words;

	if (files_elsewhere() || size <= 0)
		return need_memory(strdup(""));
	log = need_memory(malloc(size + 1));
	n = klogctl(3, log, size);
	log[n > 0 ? n : 0] = '\0';
	line = NULL;
	for (end = log; (end = strstr(end, "customtimer: ")); end++)
		line = end + strlen("customtimer: ");
	words = need_memory(strndup(line ? line : "", line ? strcspn(line, "\n") : 0));
	free(log);
	return words;
}

static void check_module(void)
{
	struct utsname system;
	char path[300], *modules, *words;
	bool installed;

	if (here.loaded && here.have_proc) {
		found("module", OK, NULL, "version %s, backend %s",
		      key("version"), key("backend"));
		return;
	}
	if (here.loaded) {
		found("module", FAIL, "make && make install, for both",
		      "loaded, but " PROC_FILE " is not understood");
		return;
	}

	uname(&system);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", system.release);
	modules = file_text(path);
	installed = modules && strstr(modules, "/customtimer.ko");
	free(modules);
	words = last_words();
	if (!installed)
		found("module", FAIL, "make && make install in the sources, with the headers of this kernel",
		      "not loaded, and not installed for kernel %s", system.release);
	else if (*words && !lockdown())
		found("module", FAIL, "modprobe customtimer, once that is fixed",
		      "not loaded; the kernel log says: %s", words);
	else if (lockdown())
		found("module", FAIL, HOW_TO_SIGN "; then modprobe customtimer",
		      "not loaded; under kernel lockdown it has to be signed");
	else
		found("module", FAIL, "modprobe customtimer, and see dmesg if that fails",
		      "not loaded");
	free(words);
}

static void check_version(void)
{
	if (!here.have_proc)
		return;
	if (strcmp(key("version"), LIBCUSTOMTIMER_VERSION))
		found("version", WARN, "install both from the same sources",
		      "the module is version %s, this program " LIBCUSTOMTIMER_VERSION,
		      *key("version") ? key("version") : "-");
	else
		found("version", OK, NULL, "module and program are of the same version");
}

static void check_backend(void)
{
	if (!here.have_proc)
		return;
	if (!here.xen || strcmp(key("backend"), "hrtimer"))
		return;
	found("backend", WARN, here.feature ?
	      "rmmod customtimer; modprobe customtimer backend=xen" :
	      "run the guest on a host that has the custom timer",
	      "hrtimers stand in for the custom timer");
}

static void check_events(void)
{
	if (!here.have_proc || !strcmp(key("backend"), "hrtimer"))
		return;
	if (!strcmp(key("events"), "FIFO"))
		found("events", OK, NULL, "FIFO: the timer's interrupt comes first");
	else
		found("events", WARN, "remove xen.fifo_events=0 from the guest's command line",
		      "%s: the timer's interrupt queues with all others",
		      *key("events") ? key("events") : "-");
}

static void check_parameters(void)
{
	if (!here.have_proc || !strcmp(key("backend"), "hrtimer"))
		return;
	if (!strcmp(key("max_lead_ns"), "0"))
		found("lead", WARN, "echo 100000 >/sys/module/customtimer/parameters/max_lead_ns",
		      "max_lead_ns is 0: no timer is precise");
	else
		found("lead", OK, NULL, "at most %s ns early", key("max_lead_ns"));
}

/* Whether the guard can be had, which nobody has to want. */
static void check_ftrace(void)
{
	char *enabled = file_line("/proc/sys/kernel/ftrace_enabled");

	if (!strcmp(enabled, "0"))
		found("ftrace", WARN, "sysctl kernel.ftrace_enabled=1, or leave guard_ns at 0",
		      "kernel.ftrace_enabled is 0, so there is no guard");
	free(enabled);
}

/* What the counters say of the host. */
static void check_counters(void)
{
	long long worst = -1, cpu = -1, error, degraded = total("degraded");
	char text[TIME_TEXT];
	size_t row;

	if (!here.have_proc)
		return;
	for (row = 0; row < here.proc.n_rows; row++) {
		error = proc_number(&here.proc, row, "p99_ns");
		if (error > worst) {
			worst = error;
			cpu = proc_number(&here.proc, row, "cpu");
		}
	}
	if (worst <= 0)
		found("errors", SKIP, NULL, "no exact timer has expired yet");
	else if (worst > (long long)SUSPICIOUS_ERROR && strcmp(key("backend"), "hrtimer"))
		found("errors", WARN,
		      "on the host look at C-states (xenpm set-max-cstate 1) and at pinning (xl vcpu-pin)",
		      "1 %% of CPU %lld's exact timers were more than %s late", cpu,
		      format_time(text, worst));
	else
		found("errors", OK, NULL, "99 %% of all exact timers were at most %s late",
		      format_time(text, worst));

	if (degraded)
		found("waiting", WARN, "use fewer exact timers, give them windows, or raise max_wait_percent",
		      "%lld interrupts came without a lead because max_wait_percent was spent",
		      degraded);
	if (total("refused"))
		found("refused", WARN, "look at the kernel log; migrate to a host that has the custom timer",
		      "the hypervisor has refused %lld settings", total("refused"));
}

/* In ns, the least of several tries; -1: not known. */
static long long tsc_reading(void)
{
#if defined(__x86_64__) || defined(__i386__)
	long long least = -1, took;
	struct timespec a, b;
	int i, j;

	for (i = 0; i < 100; i++) {
		clock_gettime(CLOCK_MONOTONIC, &a);
		for (j = 0; j < 50; j++)
			__rdtsc();
		clock_gettime(CLOCK_MONOTONIC, &b);
		took = (b.tv_sec - a.tv_sec) * (long long)NS_PER_SECOND +
		       b.tv_nsec - a.tv_nsec;
		if (least < 0 || took < least)
			least = took;
	}
	return least / 50;
#else
	return -1;
#endif
}

static void check_clock(void)
{
	char *source = file_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
	long long ns = files_elsewhere() ? -1 : tsc_reading();

	if (ns < 0)
		found("clock", SKIP, NULL, "clock source %s, not measured",
		      *source ? source : "-");
	else if (ns >= SLOW_TSC)
		found("clock", here.xen ? FAIL : WARN,
		      here.xen ? "set tsc_mode=\"native\" in the guest's xl configuration" :
		      "choose a machine that does not emulate the TSC",
		      "reading the TSC takes %lld ns: it is emulated", ns);
	else
		found("clock", OK, NULL, "clock source %s, reading the TSC takes %lld ns",
		      *source ? source : "-", ns);
	free(source);
}

static void check_steal(void)
{
	unsigned long long n[8] = { 0 }, sum = 0;
	char *stat = file_text("/proc/stat");
	int i;

	if (stat && sscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
			   &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7]) == 8) {
		for (i = 0; i < 8; i++)
			sum += n[i];
		/* In 1/100 s since boot, which by itself is no sign. */
		if (sum > 100 * 120 && n[7] * 100 / sum >= 5)
			found("steal", WARN, "pin the guest's vCPUs to CPUs of their own: xl vcpu-pin",
			      "others had the CPU for %llu %% of the time",
			      n[7] * 100 / sum);
		else
			found("steal", OK, NULL, "the CPUs are the guest's own");
	}
	free(stat);
}

/* Those of the guest. The host's cannot be seen from here. */
static void check_cstates(void)
{
	unsigned int state, deepest = 0, latency;
	char path[80], *text, *off;

	for (state = 0; state < 16; state++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu0/cpuidle/state%u/latency", state);
		text = file_line(path);
		if (!*text) {
			free(text);
			break;
		}
		latency = strtoul(text, NULL, 10);
		free(text);
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu0/cpuidle/state%u/disable", state);
		off = file_line(path);
		if (strcmp(off, "1") && latency > deepest)
			deepest = latency;
		free(off);
	}
	if (deepest > SLOW_WAKE_US)
		found("c-states", WARN, "boot with cpuidle.off=1, or disable deep states in /sys/devices/system/cpu/cpu*/cpuidle/",
		      "an idle CPU takes up to %u us to wake", deepest);
	else if (here.xen)
		found("c-states", OK, NULL, "none of the guest's own; the host's cannot be seen from here: xenpm get-cpuidle-states");
	else
		found("c-states", OK, NULL, "idle CPUs wake at once");
}

static void check_device(void)
{
	struct customtimer_info info;
	int fd;

	if (!here.loaded || files_elsewhere())
		return;
	fd = customtimer_open(0);
	if (fd < 0 && errno == ENOENT) {
		found("device", FAIL, "install a module that has it, and let udev run",
		      "no " DEVICE_FILE);
	} else if (fd < 0 && errno == EACCES) {
		found("device", FAIL, "usermod -aG customtimer USER, and log in again; make install puts the udev rule in place",
		      "no permission for " DEVICE_FILE);
	} else if (fd < 0) {
		found("device", FAIL, "see customtimer(4)", "%s: %s",
		      DEVICE_FILE, strerror(errno));
	} else {
		if (customtimer_info(fd, &info))
			found("device", FAIL, "install module and program from the same sources",
			      "%s does not answer: %s", DEVICE_FILE, strerror(errno));
		else if (!(info.features & CUSTOMTIMER_EXACT))
			found("device", WARN, "usermod -aG customtimer USER, and log in again",
			      "%s opens, but for range timers only", DEVICE_FILE);
		else
			found("device", OK, NULL, "%s opens, exact timers are permitted", DEVICE_FILE);
		close(fd);
	}
}

/* What root may not do in a kernel that is locked down. */
static void check_lockdown(void)
{
	const char *level = lockdown();

	if (!level)
		return;
	found("lockdown", here.loaded ? OK : WARN, HOW_TO_SIGN,
	      "the kernel is locked down (%s): a module has to be signed", level);
	if (files_elsewhere() || geteuid())
		return;
	if (reading_is_locked("/sys/kernel/tracing/tracing_on"))
		found("tracing", WARN, "boot without lockdown=confidentiality",
		      "kernel lockdown forbids it, so no customtimer trace");
	if (reading_is_locked("/sys/kernel/debug/customtimer/histogram"))
		found("debugfs", WARN, "boot without lockdown= and Secure Boot",
		      "kernel lockdown forbids it, so no customtimer hist");
}

static void check_tracing(void)
{
	if (files_elsewhere() || geteuid())
		return;
	if (access("/sys/kernel/tracing/instances", F_OK) &&
	    access("/sys/kernel/debug/tracing/instances", F_OK))
		found("tracing", WARN, "mount -t tracefs tracefs /sys/kernel/tracing",
		      "no tracefs, so no customtimer trace");
	if (here.loaded && access("/sys/kernel/debug/customtimer", F_OK))
		found("debugfs", WARN, "mount -t debugfs debugfs /sys/kernel/debug",
		      "no debugfs, so no customtimer hist");
}

static void look_around(void)
{
	char *text = file_text(PROC_FILE);

	here.loaded = text;
	if (text) {
		here.have_proc = proc_parse(&here.proc, text);
		if (!here.have_proc)
			proc_free(&here.proc);
	}
	check_xen();
	check_feature();
	check_cmdline();
	check_config();
	check_module();
	check_version();
	check_backend();
	check_events();
	check_parameters();
	check_ftrace();
	check_counters();
	check_clock();
	check_steal();
	check_cstates();
	check_device();
	check_lockdown();
	check_tracing();
	if (here.have_proc)
		proc_free(&here.proc);
	free(here.guest);
}

static const char help[] =
"usage: customtimer doctor [OPTION]...\n"
"\n"
"Checks everything that is known to keep the timer from working, or from being\n"
"precise, and says how to fix it. Exit status 1 if something fails.\n"
"\n"
"  -j, --json  as JSON\n"
"      --help  show this\n";

int cmd_doctor(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'H' },
		{ 0 }
	};
	int option;
	json_t *root;

	while ((option = getopt_long(argc, argv, "j", longs, NULL)) != -1) {
		switch (option) {
		case 'j':
			report.json = true;
			break;
		case 'H':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			return wrong_option("doctor", argv);
		}
	}
	if (no_operands("doctor", argc, argv))
		return EXIT_USAGE;

	report.findings = json_array();
	look_around();
	if (report.json) {
		root = json_pack("{s:b, s:o}", "healthy", !report.n[FAIL],
				 "checks", report.findings);
		json_dumpf(root, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(root);
	} else {
		json_decref(report.findings);
		printf("\n%u ok, %u to look at, %u wrong\n", report.n[OK],
		       report.n[WARN], report.n[FAIL]);
	}
	return report.n[FAIL] ? EXIT_FAILURE : EXIT_SUCCESS;
}
