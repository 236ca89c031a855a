// SPDX-License-Identifier: GPL-2.0
/*
 * Uses the hypervisor's interface as hard as it goes, on every CPU, and without
 * customtimer.ko.
 *
 * /proc/customtimer_shots	reading it starts one timer after the other on every
 *				CPU and returns as TAP what became of them. It ends
 *				after "rounds" timers on each CPU; that parameter can
 *				be changed meanwhile
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/seq_file.h>

#include <xen/events.h>
#include <xen/interface/vcpu.h>
#include <xen/interface/xen.h>
#include <xen/xen-ops.h>
#include <asm/tsc.h>
#include <asm/xen/hypercall.h>

#include "xen/customtimer.h"

static unsigned int rounds = 200;
module_param(rounds, uint, 0644);

static unsigned int slack_ns;
module_param(slack_ns, uint, 0444);
MODULE_PARM_DESC(slack_ns, "how far the clocks of CPUs may differ");

struct load {
	struct task_struct *task;
	struct completion done;
	int irq;
	/* Written by the interrupt handler, on the same CPU. */
	unsigned int interrupts;
	u64 at;
	/* Results of the thread. */
	unsigned int shots;
	unsigned int wrong;	/* not exactly one interrupt */
	unsigned int early;
	unsigned int away;	/* timers that expired while they were parked */
	unsigned int tardy;	/* and came back without the interrupt */
	u64 most_early;
	u64 most_tardy;
	u64 most_back;		/* what the hypervisor's clock has gone back */
	unsigned int failed;	/* hypercalls */
	struct vcpu_get_custom_timer before;
};

static DEFINE_PER_CPU(struct load, loads);

static int get_timer(unsigned int cpu, struct vcpu_get_custom_timer *get)
{
	memset(get, 0, sizeof(*get));
	return HYPERVISOR_vcpu_op(VCPUOP_get_custom_timer, xen_vcpu_nr(cpu),
				  get);
}

static int set_timer_at(u64 expires, u64 window, u64 *now)
{
	struct vcpu_set_custom_timer set = {
		.expires_ns = expires,
		.window_ns = window,
	};
	int ret = HYPERVISOR_vcpu_op(VCPUOP_set_custom_timer,
				     xen_vcpu_nr(smp_processor_id()), &set);

	*now = set.now_ns;
	return ret;
}

static irqreturn_t load_interrupt(int irq, void *unused)
{
	struct load *l = this_cpu_ptr(&loads);
	struct vcpu_get_custom_timer get;

	if (get_timer(smp_processor_id(), &get))
		l->failed++;
	l->at = get.now_ns;
	l->interrupts++;
	return IRQ_HANDLED;
}

/*
 * When the hypervisor last gave this CPU to its vCPU, 0 if it does not tell. What the host
 * takes from the hypervisor makes no difference.
 */
static u64 running_since(unsigned int cpu)
{
	struct vcpu_runstate_info info = {};

	if (HYPERVISOR_vcpu_op(VCPUOP_get_runstate_info, xen_vcpu_nr(cpu),
			       &info))
		return 0;
	return info.state_entry_time;
}

/*
 * Whether the hypervisor's clock went on as the TSC did, which it does not when
 * the CPU moves to another whose clock differs, or when its own is set.
 */
static bool clock_was_steady(u64 passed, u64 cycles)
{
	s64 differ = passed - div_u64(cycles * 1000000, tsc_khz);

	return abs(differ) < 100 * NSEC_PER_USEC;
}

/*
 * One timer. @spin: until well after its end, on the watch for its having been
 * parked; otherwise the timer may have to wake the CPU. A CPU that is away
 * without that, or after it has come back in time, was taken from the hypervisor, whose
 * own interrupts then wait.
 */
static void shoot(struct load *l, bool spin)
{
	u64 window = get_random_u32() % 2 * 100 * NSEC_PER_USEC;
	unsigned int cpu = smp_processor_id(), had = l->interrupts, i;
	struct vcpu_get_custom_timer get;
	u64 now, seen, expires, late, parked, tsc, last_tsc;

	tsc = rdtsc_ordered();
	l->failed += !!get_timer(cpu, &get);
	expires = get.now_ns + 200 * NSEC_PER_USEC +
		  get_random_u32() % (2 * NSEC_PER_MSEC);
	if (set_timer_at(expires, window, &now)) {
		/* Too late is what a CPU that was away has to be told. */
		if (now <= expires)
			l->failed++;
		return;
	}
	l->shots++;

	/* From here on even the delivery on a running CPU should be over. */
	late = expires + window + 50 * NSEC_PER_USEC;
	if (spin) {
		for (seen = get.now_ns; seen < late; seen = get.now_ns) {
			parked = get.parked;
			/* The CPU mostly goes away at the end of a hypercall. */
			last_tsc = tsc;
			tsc = rdtsc_ordered();
			l->failed += !!get_timer(cpu, &get);
			if (get.now_ns < seen)
				l->most_back = max(l->most_back,
						   seen - get.now_ns);
			if (get.now_ns > late && seen < expires &&
			    get.parked != parked &&
			    running_since(cpu) > expires + window &&
			    clock_was_steady(get.now_ns - seen,
					     tsc - last_tsc)) {
				l->away++;
				/* It comes before anything else happens. */
				if (READ_ONCE(l->interrupts) == had) {
					l->tardy++;
					l->most_tardy = max(l->most_tardy,
							    get.now_ns - expires);
				}
			}
		}
	} else {
		usleep_range(3000, 4000);
	}

	/* For a guest that has just been paused. */
	for (i = 0; READ_ONCE(l->interrupts) == had && i < 100; i++)
		usleep_range(1000, 1500);
	l->wrong += READ_ONCE(l->interrupts) != had + 1;
	if (l->at < expires) {
		l->early += l->at + slack_ns < expires;
		l->most_early = max(l->most_early, expires - l->at);
	}
}

static int shots_thread(void *data)
{
	struct load *l = this_cpu_ptr(&loads);
	unsigned int i;

	for (i = 0; i < READ_ONCE(rounds); i++) {
		shoot(l, i % 4);
		cond_resched();
	}
	complete(&l->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}

static void stop_threads(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct load *l = per_cpu_ptr(&loads, cpu);

		if (l->task)
			kthread_stop(l->task);
		l->task = NULL;
		if (l->irq > 0)
			unbind_from_irqhandler(l->irq, NULL);
		l->irq = 0;
	}
}

/* With CPU hotplug held off. Clears the results of the run before. */
static int start_threads(void)
{
	struct task_struct *task;
	unsigned int cpu;
	struct load *l;

	for_each_online_cpu(cpu) {
		l = per_cpu_ptr(&loads, cpu);
		memset(l, 0, sizeof(*l));
		init_completion(&l->done);
		if (get_timer(cpu, &l->before))
			goto fail;
		l->irq = bind_virq_to_irqhandler(VIRQ_CUSTOM_TIMER, cpu,
						 load_interrupt,
						 IRQF_PERCPU | IRQF_NOBALANCING,
						 "customtimer_xenload", NULL);
		if (l->irq < 0)
			goto fail;
		task = kthread_create_on_cpu(shots_thread, NULL, cpu,
					     "xenload/%u");
		if (IS_ERR(task))
			goto fail;
		l->task = task;
	}
	for_each_online_cpu(cpu)
		wake_up_process(per_cpu(loads, cpu).task);
	return 0;

fail:
	stop_threads();
	return -ENODEV;
}

static int shots_show(struct seq_file *m, void *v)
{
	unsigned int cpu, wrong = 0, early = 0, tardy = 0, failed = 0, away = 0;
	u64 shots = 0, set = 0, fired = 0, parked = 0;
	u64 most_early = 0, most_tardy = 0, most_back = 0;
	struct vcpu_get_custom_timer get;
	bool armed = false;
	int ret;

	cpus_read_lock();
	ret = start_threads();
	if (ret)
		goto out;
	for_each_online_cpu(cpu) {
		struct load *l = per_cpu_ptr(&loads, cpu);

		wait_for_completion(&l->done);
		wrong += l->wrong;
		early += l->early;
		away += l->away;
		tardy += l->tardy;
		most_early = max(most_early, l->most_early);
		most_tardy = max(most_tardy, l->most_tardy);
		most_back = max(most_back, l->most_back);
		failed += l->failed + !!get_timer(cpu, &get);
		shots += l->shots;
		set += get.set - l->before.set;
		fired += get.fired - l->before.fired;
		parked += get.parked - l->before.parked;
		armed |= get.expires_ns;
	}
	stop_threads();

	seq_printf(m, "# timers=%llu away=%u parked=%llu early_ns=%llu tardy_ns=%llu clock_back_ns=%llu\n",
		   shots, away, parked, most_early, most_tardy, most_back);
	seq_printf(m, "%sok 1 - each of %llu timers raises exactly one interrupt (%u do not)\n",
		   wrong || !shots ? "not " : "", shots, wrong);
	seq_printf(m, "%sok 2 - none is early (%u are)\n",
		   early ? "not " : "", early);
	seq_printf(m, "%sok 3 - %u expired while they were parked, and the interrupt comes first of all (%u do not)\n",
		   tardy ? "not " : "", away, tardy);
	seq_printf(m, "%sok 4 - the hypervisor counts the same: set %llu, fired %llu\n",
		   set == shots && fired == shots ? "" : "not ", set, fired);
	seq_printf(m, "%sok 5 - nothing is left armed, and no hypercall has failed (%u have)\n",
		   armed || failed ? "not " : "", failed);
out:
	cpus_read_unlock();
	return ret;
}

static int __init xenload_init(void)
{
	if (!xen_domain())
		return -ENODEV;
	if (!proc_create_single("customtimer_shots", 0400, NULL, shots_show))
		return -ENOMEM;
	return 0;
}

static void __exit xenload_exit(void)
{
	remove_proc_entry("customtimer_shots", NULL);
}

module_init(xenload_init);
module_exit(xenload_exit);

MODULE_DESCRIPTION("The hypervisor's custom timer, used hard");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
