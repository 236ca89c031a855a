// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the kernel API, run by reading a file that returns the result as
 * TAP:
 *
 * /proc/customtimer_apitest	every function
 * /proc/customtimer_all_cpus	a periodic timer on every CPU at once
 *
 * and, as "name=number" pairs,
 *
 * /proc/customtimer_flock	thousands of timers, started on whatever CPU is
 *				there for as long as the parameter flock_ms says
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "customtimer.h"

#define MANY 1000

static struct seq_file *out;
static unsigned int number;

static void __printf(2, 3) ok(bool good, const char *format, ...)
{
	va_list args;

	seq_printf(out, "%sok %u - ", good ? "" : "not ", ++number);
	va_start(args, format);
	seq_vprintf(out, format, args);
	va_end(args);
	seq_putc(out, '\n');
}

/* A timer that notes how it was called. */
struct probe {
	struct custom_timer timer;
	struct completion called;
	atomic_t calls;
	unsigned int wanted;	/* calls until @called is complete */
	u64 period;		/* 0: one-shot */
	bool stubborn;		/* restart at the deadline that has passed */
	u64 again;		/* the callback starts its own timer so far ahead */
	unsigned int spin_us;	/* the callback takes so long */
	int cpu;		/* what the last call saw */
	bool hardirq;
	s64 error;
	s64 worst;		/* over all calls */
	s64 best;
	u64 skipped;
	u64 sequence;		/* order of the last call among all probes */
};

static atomic64_t sequence;

static enum custom_timer_restart probe_fn(struct custom_timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);
	unsigned int calls;

	p->error = ktime_sub(ktime_get(), custom_timer_expires(t));
	p->worst = max(p->worst, p->error);
	p->best = min(p->best, p->error);
	p->cpu = smp_processor_id();
	p->hardirq = in_hardirq() && irqs_disabled();
	p->sequence = atomic64_inc_return(&sequence);
	if (p->spin_us)
		udelay(p->spin_us);
	calls = atomic_inc_return(&p->calls);
	if (calls == p->wanted)
		complete(&p->called);
	if (calls >= p->wanted)
		return CUSTOM_TIMER_NORESTART;
	if (p->period)
		p->skipped += custom_timer_forward(t, ktime_get(),
						   p->period) - 1;
	if (p->again)
		schedule_custom_timer(t, p->again);
	return p->period || p->stubborn ? CUSTOM_TIMER_RESTART :
					  CUSTOM_TIMER_NORESTART;
}

static void probe_init(struct probe *p)
{
	memset(p, 0, sizeof(*p));
	custom_timer_setup(&p->timer, probe_fn);
	init_completion(&p->called);
	p->wanted = 1;
	p->worst = S64_MIN;
	p->best = S64_MAX;
}

/* True if the wanted number of calls came, and no more. */
static bool probe_wait(struct probe *p)
{
	bool came = wait_for_completion_timeout(&p->called, 60 * HZ);

	custom_timer_cancel(&p->timer);
	return came && atomic_read(&p->calls) == p->wanted;
}

static void test_one_shot(void)
{
	static const u64 delays[] = {
		1, 1000, 5000, 20000, 100000, 1000000, 20000000, 300000000,
	};
	struct probe p;
	int i, cpu;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		probe_init(&p);
		migrate_disable();
		cpu = smp_processor_id();
		schedule_custom_timer(&p.timer, delays[i]);
		ok(probe_wait(&p) && p.error >= 0,
		   "%llu ns: runs once and not early", delays[i]);
		migrate_enable();
		ok(p.cpu == cpu && p.hardirq,
		   "%llu ns: in hard interrupt context on the CPU it was started on",
		   delays[i]);
	}
	ok(!custom_timer_active(&p.timer), "not active after it ran");
	ok(custom_timer_remaining(&p.timer) < 0,
	   "remaining time is negative after it ran");
}

static void test_at_once(void)
{
	struct probe p;
	bool inside;

	probe_init(&p);
	local_irq_disable();
	schedule_custom_timer(&p.timer, 0);
	inside = atomic_read(&p.calls);
	local_irq_enable();
	ok(!inside, "delay 0: does not run inside the call");
	ok(probe_wait(&p), "delay 0: runs once");

	probe_init(&p);
	custom_timer_start(&p.timer, 1, 0);
	ok(probe_wait(&p), "deadline in the past: runs once");

	probe_init(&p);
	custom_timer_start(&p.timer, -5, 0);
	ok(probe_wait(&p), "negative deadline: runs once");

	probe_init(&p);
	custom_timer_start(&p.timer, S64_MIN, 0);
	ok(probe_wait(&p), "the most negative deadline: runs once");

	probe_init(&p);
	custom_timer_start(&p.timer, ktime_get() - 1000, 1000000);
	ok(probe_wait(&p), "deadline in the past with a window: runs once");
}

static void test_far(void)
{
	static const u64 delays[] = {
		10ULL * 365 * 86400 * NSEC_PER_SEC, (u64)KTIME_MAX - 1,
		KTIME_MAX, (u64)KTIME_MAX + 1, U64_MAX - 1, U64_MAX,
	};
	struct probe p, near;
	int i;

	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		probe_init(&p);
		probe_init(&near);
		schedule_custom_timer(&p.timer, delays[i]);
		schedule_custom_timer(&near.timer, 1000000);
		ok(probe_wait(&near) && custom_timer_active(&p.timer) &&
		   !atomic_read(&p.calls),
		   "delay %llu: waits, and a near timer runs meanwhile",
		   delays[i]);
		ok(custom_timer_remaining(&p.timer) > 0 &&
		   custom_timer_cancel(&p.timer) == 1 &&
		   !custom_timer_active(&p.timer),
		   "delay %llu: can be cancelled", delays[i]);
	}
}

static void test_cancel(void)
{
	struct custom_timer zero = {};
	struct probe p;
	int cancelled;
	bool active;

	probe_init(&p);
	ok(custom_timer_cancel(&p.timer) == 0, "cancel before any start");
	/* With interrupts off it stays queued, however long this takes. */
	local_irq_disable();
	schedule_custom_timer(&p.timer, 5000000);
	active = custom_timer_active(&p.timer);
	cancelled = custom_timer_cancel(&p.timer);
	local_irq_enable();
	ok(active, "active while queued");
	ok(cancelled == 1, "cancel while queued");
	ok(custom_timer_cancel(&p.timer) == 0, "cancel twice");
	msleep(20);
	ok(!atomic_read(&p.calls), "a cancelled timer does not run");

	ok(schedule_custom_timer(&zero, 1000) == -EINVAL &&
	   custom_timer_cancel(&zero) == 0 && !custom_timer_active(&zero),
	   "a timer without setup is refused");

	probe_init(&p);
	schedule_custom_timer(&p.timer, 2000000000);
	schedule_custom_timer(&p.timer, 1000000);
	ok(probe_wait(&p), "started again while queued, earlier: runs once");
	probe_init(&p);
	local_irq_disable();
	schedule_custom_timer(&p.timer, 1000000);
	schedule_custom_timer(&p.timer, 30000000);
	local_irq_enable();
	ok(probe_wait(&p) && p.error >= 0,
	   "started again while queued, later: runs once, then");
}

static void test_periodic(void)
{
	static const u64 periods[] = { 50000, 100000, 1000000 };
	struct probe p;
	int i;

	for (i = 0; i < ARRAY_SIZE(periods); i++) {
		probe_init(&p);
		p.period = periods[i];
		p.wanted = 100;
		schedule_custom_timer(&p.timer, p.period);
		ok(probe_wait(&p) && p.best >= 0,
		   "period %llu ns: 100 calls, none early (%llu skipped)",
		   p.period, p.skipped);
	}

	probe_init(&p);
	p.stubborn = true;
	p.wanted = 2000;
	schedule_custom_timer(&p.timer, 1000);
	ok(probe_wait(&p),
	   "a callback that restarts in the past is limited, not an endless loop");
}

static void test_many(u64 window)
{
	unsigned int i, early = 0, wrong = 0, disorder = 0;
	struct probe *p = vzalloc(array_size(MANY, sizeof(*p)));
	struct probe *a, *b;

	if (!p) {
		ok(false, "memory for many timers");
		return;
	}

	migrate_disable();
	for (i = 0; i < MANY; i++) {
		probe_init(&p[i]);
		schedule_custom_timer_range(&p[i].timer, 20 * NSEC_PER_MSEC +
					    get_random_u32() % 50000000,
					    window);
	}
	migrate_enable();
	for (i = 0; i < MANY; i++) {
		wrong += !probe_wait(&p[i]);
		early += p[i].error < 0;
	}
	for (i = 1; i < MANY; i++) {
		a = &p[i - 1];
		b = &p[i];
		if ((a->timer.expires < b->timer.expires) !=
		    (a->sequence < b->sequence) &&
		    a->timer.expires != b->timer.expires)
			disorder++;
	}
	ok(!wrong, "%u timers, window %llu: each runs once", MANY, window);
	ok(!early, "%u timers, window %llu: none early", MANY, window);
	ok(!disorder, "%u timers, window %llu: in the order of their deadlines",
	   MANY, window);
	vfree(p);
}

/* Of an hrtimer that is never started. Linux wants it to have one. */
static enum hrtimer_restart unused_fn(struct hrtimer *h)
{
	return HRTIMER_NORESTART;
}

static void test_forward(void)
{
	unsigned int i, wrong = 0;
	static struct hrtimer h;
	struct custom_timer t;
	u64 interval;
	ktime_t now;

	custom_timer_setup(&t, probe_fn);
	hrtimer_setup(&h, unused_fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	for (i = 0; i < 100000; i++) {
		t.expires = get_random_u64() >> (1 + get_random_u32() % 50);
		t.end = t.expires;
		hrtimer_set_expires(&h, t.expires);
		now = get_random_u64() >> (2 + get_random_u32() % 50);
		interval = (get_random_u64() >> (2 + get_random_u32() % 50)) +
			   hrtimer_resolution;
		if (custom_timer_forward(&t, now, interval) !=
		    hrtimer_forward(&h, now, interval) ||
		    t.expires != hrtimer_get_expires(&h))
			wrong++;
	}
	ok(!wrong, "forward: 100000 times the same as hrtimer_forward()");

	t.expires = 0;
	t.end = 100;
	custom_timer_forward(&t, KTIME_MAX, 0);
	ok(t.expires == KTIME_MAX && t.end == KTIME_MAX,
	   "forward: saturates, and an interval of 0 does not divide");
}

static void test_other_cpu(void)
{
	unsigned int cpu;
	struct probe p;

	ok(custom_timer_start_on(&p.timer, nr_cpu_ids, 0, 0) == -EINVAL &&
	   custom_timer_start_on(&p.timer, UINT_MAX, 0, 0) == -EINVAL,
	   "start_on: a CPU that cannot exist is refused");
	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		probe_init(&p);
		if (!cpu_online(cpu)) {
			ok(custom_timer_start_on(&p.timer, cpu, 0, 0) ==
			   -ENODEV, "start_on: CPU %u is offline", cpu);
			continue;
		}
		custom_timer_start_on(&p.timer, cpu,
				      ktime_get() + 2 * NSEC_PER_MSEC, 0);
		ok(probe_wait(&p) && p.cpu == cpu && p.error >= 0,
		   "start_on: runs once, on CPU %u", cpu);
	}
	cpus_read_unlock();
}

/* Of what the host can spoil. */
#define MAX_TRIES 20

static void test_wait_for_callback(void)
{
	unsigned int here, there, tries;
	struct probe p;
	ktime_t limit;
	bool running = false;

	migrate_disable();
	here = smp_processor_id();
	there = cpumask_any_but(cpu_online_mask, here);
	if (there >= nr_cpu_ids) {
		migrate_enable();
		ok(true, "cancel waits for the callback # SKIP needs two CPUs");
		return;
	}
	/* The callback is over if the host took this CPU away meanwhile. */
	for (tries = 0; !running && tries < MAX_TRIES; tries++) {
		probe_init(&p);
		p.spin_us = 20000;
		custom_timer_start_on(&p.timer, there, ktime_get(), 0);
		limit = ktime_get() + 5 * NSEC_PER_SEC;
		while (!READ_ONCE(p.sequence) && ktime_get() < limit)
			cpu_relax();
		running = custom_timer_try_to_cancel(&p.timer) == -1 &&
			  custom_timer_active(&p.timer);
	}
	ok(running,
	   "try_to_cancel does not wait for a running callback");
	custom_timer_cancel(&p.timer);
	ok(atomic_read(&p.calls) == 1, "cancel waits for a running callback");
	migrate_enable();
}

/* What does not come due, however slow the host. */
#define FAR (100 * NSEC_PER_SEC)

/* The end of a wait, in which its timer is in no queue. */
#define LAST_NS 3000

/* So many times what is tried has to hit it. */
#define HITS 40

/* A timer, and what starts it so shortly before its deadline that it is waited for. */
struct ambush {
	struct custom_timer opener;
	struct probe probe;
	ktime_t deadline;	/* 0: not started yet */
	bool over;		/* the deadline has been taken back */
	bool begun;		/* not before the callback began */
	ktime_t called;		/* by the other CPU's clock; 0: it was not */
	u64 tsc;		/* then */
};

static enum custom_timer_restart ambushed_fn(struct custom_timer *t)
{
	struct ambush *a = container_of(t, struct ambush, probe.timer);

	if (!READ_ONCE(a->over))
		a->begun = true;
	if (!a->called) {
		a->tsc = rdtsc_ordered();
		a->called = ktime_get();
	}
	return probe_fn(t);
}

static enum custom_timer_restart opener_fn(struct custom_timer *t)
{
	struct ambush *a = container_of(t, struct ambush, opener);
	ktime_t deadline = ktime_get() + 2 * LAST_NS;

	custom_timer_start(&a->probe.timer, deadline, 0);
	/* Pairs with the one in ambush(). */
	smp_store_release(&a->deadline, deadline);
	return CUSTOM_TIMER_NORESTART;
}

enum ambush_kind { CANCEL, START_SOON, START_LATE, START_HERE, AMBUSHES };

static const char *const ambush_names[AMBUSHES] = {
	"cancelled", "started for soon after", "started for later",
	"started on another CPU",
};

/* Takes the timer's deadline back. Returns whether it did what it should. */
static bool strike(struct ambush *a, enum ambush_kind kind, unsigned int there)
{
	struct custom_timer *t = &a->probe.timer;

	switch (kind) {
	case CANCEL:
		return custom_timer_try_to_cancel(t) == 1;
	case START_SOON:
		return !custom_timer_start_on(t, there, a->deadline +
					      50 * NSEC_PER_USEC, 0);
	case START_LATE:
		return !custom_timer_start_on(t, there, a->deadline + FAR, 0);
	default:
		return !custom_timer_start(t, a->deadline + FAR, 0);
	}
}

/* Whether that came of it which should if the callback had not begun. */
static bool struck(struct probe *p, enum ambush_kind kind, unsigned int there)
{
	int queued;

	if (kind == START_SOON)
		return probe_wait(p) && p->best >= 0 && p->cpu == there;
	queued = custom_timer_cancel(&p->timer);
	return queued == (kind != CANCEL) && !atomic_read(&p->calls);
}

/*
 * By how much the clock of the CPU that called was ahead of this one's, which read @now when
 * the TSC was @tsc.
 */
static s64 clock_ahead(const struct ambush *a, ktime_t now, u64 tsc)
{
	if (!a->called || !tsc_khz)
		return 0;
	return ktime_sub(a->called, now) -
	       div_s64((s64)(a->tsc - tsc) * USEC_PER_SEC, tsc_khz);
}

/*
 * Takes the deadline of a timer of CPU @there back while that waits for it. Returns
 * whether that was over before the deadline, also by the clock of that CPU, and before the
 * callback began. If so, @good says whether it went right.
 */
static bool ambush(struct ambush *a, enum ambush_kind kind, unsigned int there,
		   bool *good)
{
	ktime_t begin, end, limit = ktime_get() + NSEC_PER_SEC;
	unsigned int before = LAST_NS - get_random_u32() % (LAST_NS / 2);
	u64 tsc;

	a->deadline = 0;
	a->over = false;
	a->begun = false;
	a->called = 0;
	probe_init(&a->probe);
	a->probe.timer.function = ambushed_fn;
	custom_timer_start_on(&a->opener, there,
			      ktime_get() + 100 * NSEC_PER_USEC, 0);
	local_irq_disable();
	/* Pairs with the one in opener_fn(). */
	while (!smp_load_acquire(&a->deadline) && ktime_get() < limit)
		cpu_relax();
	do
		begin = ktime_get();
	while (begin < a->deadline - before);
	*good = strike(a, kind, there);
	WRITE_ONCE(a->over, true);
	end = ktime_get();
	tsc = rdtsc_ordered();
	local_irq_enable();
	*good &= struck(&a->probe, kind, there);
	custom_timer_cancel(&a->opener);
	custom_timer_cancel(&a->probe.timer);
	return a->deadline && !a->begun && begin >= a->deadline - LAST_NS &&
	       end + max(clock_ahead(a, end, tsc), 0LL) < a->deadline;
}

/* As hrtimer_start() and hrtimer_cancel() do before a callback has begun. */
static void test_last_moment(void)
{
	unsigned int hits, wrong, there;
	enum ambush_kind kind;
	struct ambush a = {};
	struct probe first;
	ktime_t limit;
	bool good;

	migrate_disable();
	there = cpumask_any_but(cpu_online_mask, smp_processor_id());
	custom_timer_setup(&a.opener, opener_fn);
	/* What comes before the others, so that they change no setting. */
	probe_init(&first);
	schedule_custom_timer(&first.timer, FAR / 2);
	for (kind = 0; kind < AMBUSHES && there < nr_cpu_ids; kind++) {
		limit = ktime_get() + 5 * NSEC_PER_SEC;
		for (hits = 0, wrong = 0; hits < HITS && ktime_get() < limit;) {
			if (!ambush(&a, kind, there, &good))
				continue;
			hits++;
			wrong += !good;
		}
		if (hits)
			ok(!wrong, "%s in the last 3 us before its deadline: not called then (%u of %u wrong)",
			   ambush_names[kind], wrong, hits);
		else
			ok(true, "%s in the last 3 us before its deadline # SKIP the host was too slow each time",
			   ambush_names[kind]);
	}
	if (there >= nr_cpu_ids)
		ok(true, "in the last 3 us before its deadline # SKIP needs two CPUs");
	custom_timer_cancel(&first.timer);
	migrate_enable();
}

/* Reads the clock in bursts: that of a CPU that is behind stands still meanwhile. */
static int reader_fn(void *unused)
{
	unsigned int n;

	while (!kthread_should_stop()) {
		for (n = get_random_u32() % 64; n; n--)
			ktime_get();
		ndelay(get_random_u32() % 4000);
		cond_resched();
	}
	return 0;
}

/* Timers of this CPU, while all others read the clock. */
static void test_readers(unsigned int cpu)
{
	struct task_struct *readers[8];
	unsigned int n = 0, other;
	struct probe p;
	bool complete;

	for_each_online_cpu(other) {
		if (other == cpu || n == ARRAY_SIZE(readers))
			continue;
		readers[n] = kthread_create_on_cpu(reader_fn, NULL, other,
						   "reader/%u");
		if (IS_ERR(readers[n]))
			break;
		wake_up_process(readers[n++]);
	}
	probe_init(&p);
	p.period = 200000;
	p.wanted = 10000;
	custom_timer_start_on(&p.timer, cpu, ktime_get() + p.period, 0);
	complete = probe_wait(&p);
	ok(complete && p.best >= 0,
	   "CPU %u, %u others read the clock: %u calls, none early (%lld ns at best)",
	   cpu, n, atomic_read(&p.calls), p.best);
	while (n)
		kthread_stop(readers[--n]);
}

/*
 * Changes the queue each time after ct_wait() has unlocked the base, before it has looked at
 * anything: that is when somebody who waits for the lock does, and may take long if
 * that was halted meanwhile.
 */
static struct {
	struct probe probe;
	struct custom_timer other;
	int cpu;
	unsigned int changes;	/* so many */
	unsigned int gave_up;	/* calls of ct_wait() that took the clock to stand still */
} meddler;

static int meddler_wait(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (!(regs_return_value(regs) & 1))
		meddler.gave_up++;
	return 0;
}

static struct kretprobe wait_probe = {
	.kp.symbol_name = "ct_wait",
	.handler = meddler_wait,
};

static int meddler_unlocked(struct kprobe *probe, struct pt_regs *regs)
{
	if (smp_processor_id() == meddler.cpu) {
		custom_timer_start(&meddler.other,
				   ktime_get() + 100 * NSEC_PER_SEC, 0);
		meddler.changes++;
	}
	return 0;
}

static struct kprobe unlocked_probe = {
	.pre_handler = meddler_unlocked,
};

/* It does so within as many bytes. */
#define WAIT_SIZE 256

/*
 * Where ct_wait() goes on after it has unlocked the base: its first call of
 * _raw_spin_unlock(). A probe on that function itself would be hit all over the kernel.
 */
static kprobe_opcode_t *after_unlock(const kprobe_opcode_t *code)
{
	const unsigned long unlock = (unsigned long)_raw_spin_unlock;
	unsigned long next, target;
	unsigned int i;
	s32 distance;

	for (i = 0; i < WAIT_SIZE; i++) {
		if (code[i] != 0xe8 /* call */)
			continue;
		memcpy(&distance, code + i + 1, sizeof(distance));
		next = (unsigned long)code + i + 5;
		target = next + distance;
		/* Calls pass over a landing pad for indirect ones. */
		if (target == unlock || target == unlock + 4)
			return (kprobe_opcode_t *)next;
	}
	return NULL;
}

/* Returns how often a wait took a change of the queue for a clock that stands still. */
static unsigned int meddle(void)
{
	ktime_t limit = ktime_get() + 20 * NSEC_PER_SEC;

	meddler.cpu = smp_processor_id();
	while (meddler.changes < HITS && ktime_get() < limit) {
		probe_init(&meddler.probe);
		schedule_custom_timer(&meddler.probe.timer, 300000);
		probe_wait(&meddler.probe);
	}
	return meddler.gave_up;
}

static void test_change_before_look(void)
{
	unsigned int gave_up;
	int err;

	probe_init(&meddler.probe);
	custom_timer_setup(&meddler.other, probe_fn);
	migrate_disable();
	err = register_kretprobe(&wait_probe);
	if (!err) {
		unlocked_probe.addr = after_unlock(wait_probe.kp.addr);
		err = unlocked_probe.addr ? register_kprobe(&unlocked_probe) :
					    -ENOENT;
		if (!err) {
			gave_up = meddle();
			unregister_kprobe(&unlocked_probe);
		}
		unregister_kretprobe(&wait_probe);
	}
	custom_timer_cancel(&meddler.other);
	migrate_enable();
	if (err)
		ok(true, "the queue changes as a wait begins # SKIP no kprobe there (%d)",
		   err);
	else if (!meddler.changes)
		/* Where the host takes the CPU away, a lead may be too short to wait. */
		ok(true, "the queue changes as a wait begins # SKIP no wait was met in 20 s");
	else
		/* That of a CPU that is behind another does stand still now and then. */
		ok(gave_up <= (num_online_cpus() > 1 ? HITS / 10 : 0),
		   "the queue changes as a wait begins: %u times, %u taken for a clock that stands still",
		   meddler.changes, gave_up);
}

/*
 * Uses every function on @t, which is idle, and leaves it started. Any context
 * but NMI. Returns how many did not do what they should.
 */
static unsigned int use_api(struct custom_timer *t)
{
	unsigned int wrong = 0;
	ktime_t now;

	custom_timer_setup(t, probe_fn);
	wrong += custom_timer_active(t) || custom_timer_cancel(t);
	wrong += schedule_custom_timer(t, FAR) != 0;
	wrong += !custom_timer_active(t) || custom_timer_remaining(t) <= 0;
	wrong += custom_timer_try_to_cancel(t) != 1;
	wrong += schedule_custom_timer_range(t, FAR, FAR) != 0;
	wrong += custom_timer_cancel(t) != 1 || custom_timer_active(t);
	now = ktime_get();
	wrong += custom_timer_start(t, now + FAR, 0) != 0;
	wrong += custom_timer_expires(t) != now + FAR;
	wrong += custom_timer_cancel(t) != 1;
	wrong += custom_timer_forward(t, now + 2 * FAR, FAR) != 2;
	wrong += custom_timer_expires(t) != now + 3 * FAR;
	wrong += custom_timer_start_on(t, raw_smp_processor_id(),
				       now + FAR, 0) != 0;
	/* Restarted while queued. */
	wrong += schedule_custom_timer(t, NSEC_PER_MSEC) != 0;
	return wrong;
}

/* A context to call the API from: what did it there, and how that went. */
static struct {
	struct probe probe;
	struct custom_timer custom;
	struct hrtimer hrtimer;
	struct tasklet_struct tasklet;
	struct irq_work irq_work;
	struct completion done;
	unsigned int wrong;
	bool right_place;
} context;

static void use_api_in_context(bool right_place)
{
	context.right_place = right_place;
	context.wrong = use_api(&context.probe.timer);
	complete(&context.done);
}

static enum custom_timer_restart context_custom(struct custom_timer *t)
{
	use_api_in_context(in_hardirq());
	return CUSTOM_TIMER_NORESTART;
}

/* In the callback of the very timer that it is about. */
static enum custom_timer_restart context_own(struct custom_timer *t)
{
	unsigned int wrong = 0;

	wrong += !custom_timer_active(t) || custom_timer_remaining(t) > 0;
	wrong += custom_timer_try_to_cancel(t) != -1;
	wrong += schedule_custom_timer(t, FAR) != 0;
	wrong += !custom_timer_active(t) || custom_timer_remaining(t) <= 0;
	wrong += custom_timer_try_to_cancel(t) != -1;
	t->function = probe_fn;
	wrong += schedule_custom_timer_range(t, NSEC_PER_MSEC, 1000) != 0;
	context.right_place = in_hardirq();
	context.wrong = wrong;
	complete(&context.done);
	/* It has started itself: this must not start it twice. */
	return CUSTOM_TIMER_RESTART;
}

static enum hrtimer_restart context_hrtimer(struct hrtimer *h)
{
	use_api_in_context(in_hardirq());
	return HRTIMER_NORESTART;
}

static void context_tasklet(struct tasklet_struct *tasklet)
{
	use_api_in_context(in_softirq() && !in_hardirq());
}

static void context_irq_work(struct irq_work *work)
{
	use_api_in_context(in_hardirq());
}

static void context_ipi(void *unused)
{
	use_api_in_context(irqs_disabled());
}

enum context_kind {
	IN_PROCESS, IRQS_OFF, BH_OFF, IN_CUSTOM, IN_OWN, IN_HRTIMER, IN_TASKLET,
	IN_IRQ_WORK, IN_IPI, CONTEXTS
};

static const char *const context_names[CONTEXTS] = {
	"a process", "a process with interrupts off",
	"a process with softirqs off", "another timer's callback",
	"its own callback", "an hrtimer's callback", "a tasklet", "irq work",
	"an IPI",
};

static void call_in_context(enum context_kind kind)
{
	switch (kind) {
	case IN_PROCESS:
		use_api_in_context(!in_interrupt());
		break;
	case IRQS_OFF:
		local_irq_disable();
		use_api_in_context(irqs_disabled());
		local_irq_enable();
		break;
	case BH_OFF:
		local_bh_disable();
		use_api_in_context(in_softirq());
		local_bh_enable();
		break;
	case IN_CUSTOM:
		custom_timer_setup(&context.custom, context_custom);
		schedule_custom_timer(&context.custom, 10000);
		break;
	case IN_OWN:
		context.probe.timer.function = context_own;
		schedule_custom_timer(&context.probe.timer, 10000);
		break;
	case IN_HRTIMER:
		hrtimer_setup(&context.hrtimer, context_hrtimer,
			      CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
		hrtimer_start(&context.hrtimer, 10000, HRTIMER_MODE_REL_HARD);
		break;
	case IN_TASKLET:
		tasklet_setup(&context.tasklet, context_tasklet);
		tasklet_schedule(&context.tasklet);
		break;
	case IN_IRQ_WORK:
		context.irq_work = IRQ_WORK_INIT_HARD(context_irq_work);
		irq_work_queue(&context.irq_work);
		break;
	default:
		/* To another CPU where there is one. */
		smp_call_function_any(cpu_online_mask, context_ipi, NULL, true);
	}
}

static void test_contexts(void)
{
	enum context_kind kind;
	bool done;

	for (kind = 0; kind < CONTEXTS; kind++) {
		probe_init(&context.probe);
		init_completion(&context.done);
		context.wrong = 0;
		call_in_context(kind);
		done = wait_for_completion_timeout(&context.done, 10 * HZ);
		ok(done && context.right_place && !context.wrong &&
		   probe_wait(&context.probe) && context.probe.error >= 0,
		   "every function in %s (%u wrong), and the timer runs once",
		   context_names[kind], context.wrong);
		/* A callback or a tasklet may be on its last instructions. */
		custom_timer_cancel(&context.custom);
		if (kind == IN_HRTIMER)
			hrtimer_cancel(&context.hrtimer);
		if (kind == IN_TASKLET)
			tasklet_kill(&context.tasklet);
		if (kind == IN_IRQ_WORK)
			irq_work_sync(&context.irq_work);
	}
}

#define TABLE_SIZE 16384

/* A number of this CPU's line in /proc/customtimer. May sleep. */
static u64 column(const char *wanted)
{
	char *text = kzalloc(TABLE_SIZE, GFP_KERNEL), *at, *line, *word;
	struct file *file = filp_open("/proc/customtimer", O_RDONLY, 0);
	int index = -1, i;
	u64 value = 0;
	char key[16];
	loff_t pos = 0;

	if (!text || IS_ERR(file) ||
	    kernel_read(file, text, TABLE_SIZE - 1, &pos) <= 0)
		goto out;
	snprintf(key, sizeof(key), "%u ", smp_processor_id());
	at = text;
	while ((line = strsep(&at, "\n"))) {
		bool header = !strncmp(line, "cpu ", 4);

		if (!header && (index < 0 || strncmp(line, key, strlen(key))))
			continue;
		for (i = 0; (word = strsep(&line, " ")); i++) {
			if (header && !strcmp(word, wanted))
				index = i;
			else if (!header && i == index &&
				 kstrtou64(word, 10, &value))
				value = 0;
		}
	}
out:
	WARN_ON(index < 0);
	if (!IS_ERR(file))
		filp_close(file, NULL);
	kfree(text);
	return value;
}

/*
 * How often this CPU has set or stopped its interrupt source, repetitions left
 * out.
 */
static u64 settings(void)
{
	return column("armed") - column("retries") + column("stopped");
}

#define NEAR (8 * NSEC_PER_MSEC)
#define SOON (500 * NSEC_PER_USEC)

/* What is set of the interrupt source, and what is not. */
static void test_settings(u64 window)
{
	struct probe *p = vzalloc(array_size(MANY, sizeof(*p)));
	struct probe *last;
	u64 before, after;
	ktime_t base, near;
	unsigned int i, tries;
	bool in_time;

	if (!p) {
		ok(false, "memory for many timers");
		return;
	}
	last = &p[MANY - 1];
	for (i = 0; i < MANY; i++)
		probe_init(&p[i]);
	base = ktime_get() + FAR;

	migrate_disable();

#define COUNTED(...) do {						\
	/* The tick is needed for a clock that is not stale. */		\
	msleep(1);							\
	before = settings();						\
	local_irq_disable();						\
	near = ktime_get() + NEAR;					\
	__VA_ARGS__;							\
	in_time = ktime_get() < near - SOON;				\
	local_irq_enable();						\
	after = settings();						\
} while (0)

#define JUDGE(WANT, TEXT)						\
	ok(after - before == (WANT), "window %llu: %s: %u settings (%llu)", \
	   window, TEXT, WANT, after - before)

#define STEP(WANT, TEXT, ...) do {					\
	COUNTED(__VA_ARGS__);						\
	JUDGE(WANT, TEXT);						\
} while (0)

/* With timers that come due meanwhile if the host takes the CPU away. */
#define NEAR_STEP(WANT, TEXT, ...) do {					\
	for (tries = 0; tries < MAX_TRIES; tries++) {			\
		custom_timer_start(&p[0].timer, base, window);		\
		COUNTED(__VA_ARGS__);					\
		if (in_time)						\
			break;						\
	}								\
	if (in_time)							\
		JUDGE(WANT, TEXT);					\
	else								\
		ok(true, TEXT " # SKIP the host was too slow each time"); \
} while (0)

	STEP(1, "the first timer",
	     custom_timer_start(&p[0].timer, base, window));
	STEP(0, "998 later ones",
	     for (i = 1; i < MANY - 1; i++)
		custom_timer_start(&p[i].timer, base + i * FAR, window));
	STEP(1, "an earlier one",
	     custom_timer_start(&last->timer, base - FAR / 10, window));
	STEP(0, "the first cancelled while it is far",
	     custom_timer_cancel(&last->timer));
	STEP(0, "started and cancelled after what is set",
	     custom_timer_start(&last->timer, base - FAR / 20, window);
	     custom_timer_cancel(&last->timer));
	NEAR_STEP(2, "a near one started and cancelled",
		  custom_timer_start(&last->timer, near, window / 4);
		  custom_timer_cancel(&last->timer));
	NEAR_STEP(2, "and another one due soon after it",
		  custom_timer_start(&last->timer, near, window / 4);
		  custom_timer_start(&p[0].timer, near + SOON, window);
		  custom_timer_cancel(&last->timer);
		  custom_timer_start(&p[0].timer, base, window));
	STEP(0, "all but one cancelled, the first last",
	     for (i = MANY - 2; i > 0; i--)
		custom_timer_cancel(&p[i].timer));
	NEAR_STEP(2, "a near one started, and the last ones cancelled",
		  custom_timer_start(&last->timer, near, window / 4);
		  custom_timer_cancel(&p[0].timer);
		  custom_timer_cancel(&last->timer));
	STEP(0, "cancelled once more", custom_timer_cancel(&p[0].timer));
#undef NEAR_STEP
#undef STEP
#undef JUDGE
#undef COUNTED
	migrate_enable();
	vfree(p);
}

#define BULK 10000

/* Hypercalls for each timer started, over a bulk of random deadlines. */
static void test_bulk(void)
{
	struct probe *p = vzalloc(array_size(BULK, sizeof(*p)));
	u64 before, started, cancelled;
	unsigned int i;

	if (!p) {
		ok(false, "memory for a bulk of timers");
		return;
	}
	for (i = 0; i < BULK; i++)
		probe_init(&p[i]);
	migrate_disable();
	before = settings();
	for (i = 0; i < BULK; i++)
		schedule_custom_timer(&p[i].timer,
				      FAR + get_random_u64() % FAR);
	started = settings() - before;
	for (i = 0; i < BULK; i++)
		custom_timer_cancel(&p[i].timer);
	cancelled = settings() - before - started;
	migrate_enable();
	/*
	 * The n-th of random deadlines is the earliest so far with a chance of
	 * 1 in n: about ten of them are.
	 */
	ok(started && started <= 40,
	   "%u timers with random deadlines: %llu settings to start them", BULK,
	   started);
	/* What was set is far ahead, and stays. */
	ok(!cancelled,
	   "%u timers with random deadlines: %llu settings to cancel them", BULK,
	   cancelled);
	vfree(p);
}

/* Threads on every CPU start and cancel the same few timers. */
#define RACERS 8
#define RACE_NS 2000000

static unsigned int race_ms = 3000;
module_param(race_ms, uint, 0444);
MODULE_PARM_DESC(race_ms, "how long all CPUs race (default 3000)");

static struct probe racers[RACERS];
static bool race_over;

static int race_fn(void *unused)
{
	unsigned int n = 0, i;

	while (!READ_ONCE(race_over)) {
		struct custom_timer *t = &racers[get_random_u32() % RACERS].timer;

		switch (get_random_u32() % 5) {
		case 0:
			custom_timer_cancel(t);
			break;
		case 1:
			custom_timer_try_to_cancel(t);
			break;
		case 2:
			i = cpumask_any(cpu_online_mask);
			custom_timer_start_on(t, i, ktime_get() +
					      get_random_u32() % RACE_NS, 0);
			break;
		default:
			schedule_custom_timer_range(t,
						    get_random_u32() % RACE_NS,
						    get_random_u32() % RACE_NS);
		}
		if (!(++n % 64))
			cond_resched();
	}
	return n;
}

static void test_race(void)
{
	struct task_struct *threads[8];
	unsigned int i, n = 0, cpu, idle = 0, late = 0;

	race_over = false;
	for (i = 0; i < RACERS; i++) {
		probe_init(&racers[i]);
		racers[i].wanted = UINT_MAX;
		if (i % 2)
			racers[i].again = RACE_NS / 2;
	}
	for_each_online_cpu(cpu) {
		if (n == ARRAY_SIZE(threads))
			break;
		threads[n] = kthread_create_on_cpu(race_fn, NULL, cpu,
						   "racer/%u");
		if (IS_ERR(threads[n]))
			break;
		get_task_struct(threads[n]);
		wake_up_process(threads[n++]);
	}
	msleep(race_ms);
	WRITE_ONCE(race_over, true);
	for (i = 0; i < n; i++) {
		idle += kthread_stop(threads[i]) <= 0;
		put_task_struct(threads[i]);
	}
	for (i = 0; i < RACERS; i++)
		custom_timer_cancel(&racers[i].timer);
	for (i = 0; i < RACERS; i++) {
		idle += !atomic_read(&racers[i].calls);
		late -= atomic_read(&racers[i].calls);
	}
	msleep(20);
	for (i = 0; i < RACERS; i++) {
		idle += custom_timer_active(&racers[i].timer);
		late += atomic_read(&racers[i].calls);
	}
	ok(n && !idle, "start and cancel race on %u CPUs for %u ms", n,
	   race_ms);
	ok(!late, "no timer runs after the race was cancelled");
}

static DEFINE_PER_CPU(struct probe, probes);

static void test_all_cpus(void)
{
	struct probe *p;
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		p = per_cpu_ptr(&probes, cpu);
		probe_init(p);
		p->wanted = 3000;
		p->period = 500000 + 37000 * cpu;
		custom_timer_start_on(&p->timer, cpu, ktime_get() + p->period,
				      0);
	}
	for_each_online_cpu(cpu) {
		p = per_cpu_ptr(&probes, cpu);
		ok(probe_wait(p) && p->best >= 0 && p->cpu == cpu,
		   "CPU %u: every call of its periodic timer, none early", cpu);
	}
	cpus_read_unlock();
}

/* A one-shot timer that is started again and again. */
struct bird {
	struct custom_timer timer;
	unsigned int started;
	atomic_t called;
	bool early;
};

#define FLOCK 5000

static unsigned int flock_ms = 3000;
module_param(flock_ms, uint, 0444);
MODULE_PARM_DESC(flock_ms, "how long timers are started by /proc/customtimer_flock (default 3000)");

static enum custom_timer_restart bird_fn(struct custom_timer *t)
{
	struct bird *b = container_of(t, struct bird, timer);

	if (ktime_get() < custom_timer_expires(t))
		b->early = true;
	atomic_inc(&b->called);
	return CUSTOM_TIMER_NORESTART;
}

/*
 * Starts timers on any CPU there may be, while CPUs come and go; half of them
 * on this one, whichever that is. Afterwards each has to have been called as
 * often as it was started.
 */
static int flock_show(struct seq_file *m, void *v)
{
	unsigned int i, cpu, lost = 0, more = 0, early = 0, refused = 0;
	struct bird *b, *flock = vzalloc(array_size(FLOCK, sizeof(*flock)));
	u64 started = 0;
	ktime_t until;
	int err;

	if (!flock)
		return -ENOMEM;
	for (i = 0; i < FLOCK; i++)
		custom_timer_setup(&flock[i].timer, bird_fn);

	until = ktime_get() + (u64)flock_ms * NSEC_PER_MSEC;
	while (ktime_get() < until) {
		for (i = 0; i < FLOCK / 10; i++) {
			ktime_t expires = ktime_get() +
					  get_random_u32() % (400 * 1000 * 1000);
			u64 window = get_random_u32() % 2 * 1000000;

			b = &flock[get_random_u32() % FLOCK];
			if (atomic_read(&b->called) != b->started)
				continue;
			b->started++;
			cpu = get_random_u32() % nr_cpu_ids;
			if (get_random_u32() % 2)
				err = custom_timer_start(&b->timer, expires,
							 window);
			else
				err = custom_timer_start_on(&b->timer, cpu,
							    expires, window);
			if (err) {
				b->started--;
				refused++;
			}
		}
		usleep_range(1000, 2000);
	}
	/* The last are due in 0.4 s. */
	until = ktime_get() + 20 * NSEC_PER_SEC;
	for (i = 0; i < FLOCK; i++) {
		b = &flock[i];
		while (atomic_read(&b->called) < b->started &&
		       ktime_get() < until)
			msleep(20);
	}
	msleep(100);
	for (i = 0; i < FLOCK; i++) {
		b = &flock[i];
		custom_timer_cancel(&b->timer);
		started += b->started;
		lost += atomic_read(&b->called) < b->started;
		more += atomic_read(&b->called) > b->started;
		early += b->early;
	}
	seq_printf(m, "started=%llu refused=%u lost=%u more=%u early=%u\n",
		   started, refused, lost, more, early);
	vfree(flock);
	return 0;
}

static unsigned int abandon;
module_param(abandon, uint, 0444);
MODULE_PARM_DESC(abandon, "be unloaded without cancelling so many timers, at most 1000");

static struct custom_timer abandoned[1000];

/* Its module is gone when it would be called. */
static enum custom_timer_restart never_fn(struct custom_timer *t)
{
	WARN_ON(1);
	return CUSTOM_TIMER_NORESTART;
}

static DEFINE_MUTEX(one_at_a_time);

static int all_cpus_show(struct seq_file *m, void *v)
{
	mutex_lock(&one_at_a_time);
	out = m;
	number = 0;
	test_all_cpus();
	mutex_unlock(&one_at_a_time);
	return 0;
}

static int apitest_show(struct seq_file *m, void *v)
{
	unsigned int cpu;

	mutex_lock(&one_at_a_time);
	out = m;
	number = 0;
	test_one_shot();
	test_at_once();
	test_far();
	test_cancel();
	test_periodic();
	test_many(0);
	test_many(1000000);
	test_forward();
	test_other_cpu();
	test_wait_for_callback();
	test_last_moment();
	test_change_before_look();
	for_each_online_cpu(cpu)
		test_readers(cpu);
	test_contexts();
	test_settings(0);
	test_settings(NSEC_PER_MSEC);
	test_bulk();
	test_race();
	seq_printf(m, "1..%u\n", number);
	mutex_unlock(&one_at_a_time);
	return 0;
}

static struct lock_class_key apitest_key;

/* As large as the whole output: seq_file runs the tests again if it is not. */
static int apitest_open(struct inode *inode, struct file *file)
{
	int err = single_open_size(file, apitest_show, NULL, 65536);

	/* Of a class of its own: the tests read /proc/customtimer meanwhile. */
	if (!err)
		lockdep_set_class(&((struct seq_file *)file->private_data)->lock,
				  &apitest_key);
	return err;
}

static const struct proc_ops apitest_ops = {
	.proc_open = apitest_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init apitest_init(void)
{
	unsigned int i;
	ktime_t base;

	/* Not before the module is gone, however slow the host. */
	base = ktime_get() + 10 * NSEC_PER_SEC;
	for (i = 0; i < min_t(unsigned int, abandon, ARRAY_SIZE(abandoned));
	     i++) {
		custom_timer_setup(&abandoned[i], never_fn);
		/* Forty of a kind each time. */
		custom_timer_start(&abandoned[i], base + i / 40, 0);
	}
	if (!proc_create("customtimer_apitest", 0400, NULL, &apitest_ops) ||
	    !proc_create_single("customtimer_all_cpus", 0400, NULL,
				all_cpus_show) ||
	    !proc_create_single("customtimer_flock", 0400, NULL, flock_show))
		return -ENOMEM;
	return 0;
}

static void __exit apitest_exit(void)
{
	remove_proc_entry("customtimer_apitest", NULL);
	remove_proc_entry("customtimer_all_cpus", NULL);
	remove_proc_entry("customtimer_flock", NULL);
}

module_init(apitest_init);
module_exit(apitest_exit);

MODULE_DESCRIPTION("Tests of the custom timer's kernel API");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
