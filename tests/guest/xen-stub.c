// SPDX-License-Identifier: GPL-2.0
/*
 * A guest of a few kilobytes: 32 bits, PVH, no paging, no interrupts. It is there
 * in no time, and its hypercalls take the hypervisor's way for 32-bit guests.
 * What it prints goes to the hypervisor's log. Its command line says what it does:
 *
 * bounds	tries the operations at their limits, prints TAP and powers off
 * armed	sets its timer an hour ahead, with a window of 5 ms, and sleeps
 * soon		sets its timer each 100 us, and sleeps in between
 * busy		the same, but does not sleep
 * tick		is busy, and sets its timer for each millisecond
 * spin		is busy without a timer
 * count	counts for a second, and prints how far it got
 * custom, single	is hostile: sets the custom or the single-shot timer for the next
 *		microsecond, over and over. custom-wait, single-wait: and sleeps until then
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;

#include "xen/customtimer.h"

/* ELF note 18, PHYS32_ENTRY: where Xen enters a PVH guest. */
asm(".pushsection .note.xen, \"a\", @note\n"
    ".long 4, 4, 18\n"
    ".asciz \"Xen\"\n"
    ".long entry\n"
    ".popsection\n"
    ".pushsection .text\n"
    ".globl entry\n"
    "entry: mov $stack + 8192, %esp\n"
    "push %ebx\n"
    "call stub_main\n"
    ".popsection\n");

char stack[8192] __attribute__((aligned(16)));
static char hypercall_page[4096] __attribute__((aligned(4096)));

/* Xen's own page takes the place of this one. Only what is of use here. */
static volatile struct {
	struct {
		uint8_t upcall_pending, upcall_mask;
		u32 pending_sel, arch[6];
		struct {
			u32 version, pad;
			u64 tsc, system;
			u32 mul;
			int8_t shift;
			char flags, pad1[2];
		} time;
	} vcpu_info[32];
	u32 pending[32];
	u32 mask[32];
	char rest[4096 - 32 * 64 - 2 * 32 * 4];
} shared_info __attribute__((aligned(4096)));

static int hypercall(int number, long a, long b, long c)
{
	long ret;

	asm volatile("call *%[entry]"
		     : "=a" (ret), "+b" (a), "+c" (b), "+d" (c)
		     : [entry] "r" (hypercall_page + number * 32)
		     : "memory");
	return ret;
}

static int op(int cmd, unsigned int vcpu, void *arg)
{
	return hypercall(24, cmd, vcpu, (long)arg);
}

static void put(const char *text)
{
	while (*text)
		asm volatile("outb %0, $0xe9" : : "a" (*text++));
}

static void put_number(u64 n, unsigned int base)
{
	char text[24], *p = text + sizeof(text) - 1;
	u32 high = n >> 32, low = n, digit;

	*p = 0;
	do {
		/* Without the library's 64-bit division. */
		digit = high % base;
		high /= base;
		asm("divl %2" : "+a" (low), "+d" (digit) : "r" (base));
		*--p = "0123456789abcdef"[digit];
	} while (high || low);
	put(p);
}

static unsigned int tests;

static void report(bool good, const char *what, u64 value, int want, int got)
{
	put(good ? "ok " : "not ok ");
	put_number(++tests, 10);
	put(" - ");
	put(what);
	put(" 0x");
	put_number(value, 16);
	put(want ? ": -" : ": ");
	put_number(-want, 10);
	if (!good) {
		put(", returned -");
		put_number(-got, 10);
	}
	put("\n");
}

#include "xen-bounds.h"

static void shutdown(u32 reason)
{
	hypercall(29, 2 /* SCHEDOP_shutdown */, (long)&reason, 0);
}

static u64 window;

/* Sets the timer for the first of the moments @expires + n * @period to come. */
static u64 arm(u64 expires, u64 period)
{
	struct vcpu_set_custom_timer set = {
		.expires_ns = expires,
		.window_ns = window,
	};
	int ret;

	while ((ret = op(VCPUOP_set_custom_timer, 0, &set)) == -BOUNDS_ETIME) {
		if (!expires)
			set.expires_ns = set.now_ns;
		while (set.expires_ns <= set.now_ns)
			set.expires_ns += period;
		expires = set.expires_ns;
	}
	if (ret)
		shutdown(3 /* crash */);
	return expires;
}

static bool is(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* System time, as a guest of one CPU reads it. Wants tsc_mode="native". */
static u64 system_time(void)
{
	volatile typeof(shared_info.vcpu_info[0].time) *time = &shared_info.vcpu_info[0].time;
	u32 version;
	u64 t;

	do {
		version = time->version;
		t = __builtin_ia32_rdtsc() - time->tsc;
		t = time->shift < 0 ? t >> -time->shift : t << time->shift;
		t = (t >> 32) * time->mul + ((t & 0xffffffff) * time->mul >> 32) + time->system;
	} while (version & 1 || version != time->version);
	return t;
}

static void count(void)
{
	u64 end = system_time() + 1000000000, n = 0;
	unsigned int i;

	do {
		for (i = 0; i < 1000; i++)
			asm volatile("");
		n++;
	} while (system_time() < end);
	put("counted ");
	put_number(n, 10);
	put("\n");
}

struct poll {
	u32 *ports, count;
	u64 timeout;
};

/* For ever. @poll: what to wait for after each setting, or NULL. */
static void hammer(bool custom, struct poll *poll)
{
	/* Where a time that has passed expires at once. */
	struct { u64 timeout; u32 flags; } set = {
		.flags = custom ? VCPU_SSHOTTMR_custom : 0,
	};

	put("armed\n");
	for (;;) {
		/* The next event has to raise an upcall again. */
		shared_info.pending[0] = 0;
		shared_info.vcpu_info[0].pending_sel = 0;
		shared_info.vcpu_info[0].upcall_pending = 0;
		set.timeout = system_time() + 1000;
		op(8 /* VCPUOP_set_singleshot_timer */, 0, &set);
		if (poll)
			hypercall(29, 3 /* SCHEDOP_poll */, (long)poll, 0);
	}
}

/* @start_info: struct hvm_start_info */
void stub_main(const u32 *start_info)
{
	struct { uint16_t domid, size; u32 space, idx, gpfn; } map = {
		.domid = 0x7ff0,	/* self */
		.gpfn = (u32)&shared_info >> 12,
	};
	struct { u32 virq, vcpu, port; } bind = { .virq = VIRQ_CUSTOM_TIMER };
	struct poll poll = { &bind.port, 1, 0 };
	const char *mode = (const char *)start_info[6];
	bool single = is(mode, "single") || is(mode, "single-wait");
	u32 eax = 0x40000002, msr, ecx = 0, edx;
	bool sleeps = is(mode, "soon");
	u64 period = is(mode, "tick") ? 1000000 : 100000, expires;

	asm volatile("cpuid" : "+a" (eax), "=b" (msr), "+c" (ecx), "=d" (edx));
	asm volatile("wrmsr" : : "c" (msr), "a" (hypercall_page), "d" (0));

	if (is(mode, "bounds")) {
		/* The last argument is beyond the guest's memory. */
		bounds_run(0, 0, (void *)0xdeadb000, 0x123456789abcdefULL);
		put("1..");
		put_number(tests, 10);
		put("\n");
		shutdown(0 /* poweroff */);
	}

	if (single)
		bind.virq = 0 /* VIRQ_TIMER */;
	if (hypercall(12, 7 /* XENMEM_add_to_physmap */, (long)&map, 0) ||
	    hypercall(32, 1 /* EVTCHNOP_bind_virq */, (long)&bind, 0))
		shutdown(3);
	if (is(mode, "armed")) {
		period = 3600000000000ULL;
		window = 5000000;
		sleeps = true;
	}
	if (is(mode, "count")) {
		count();
		shutdown(0);
	}
	if (is(mode, "spin"))
		for (;;)
			asm volatile("");
	if (single || is(mode, "custom") || is(mode, "custom-wait"))
		hammer(!single, is(mode, "single-wait") || is(mode, "custom-wait") ? &poll : NULL);
	expires = arm(0, period);
	put("armed\n");
	for (;;) {
		if (sleeps)
			hypercall(29, 3 /* SCHEDOP_poll */, (long)&poll, 0);
		if (shared_info.pending[0] & 1U << bind.port) {
			shared_info.pending[0] &= ~(1U << bind.port);
			expires = arm(expires + period, period);
		}
	}
}
