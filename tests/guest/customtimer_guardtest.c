// SPDX-License-Identifier: GPL-2.0
/*
 * Events that come while the guard is up, and a timer that is cancelled there.
 *
 * Loading the module sends @events events to CPU 0, one after the other, and waits
 * for the handler of each. Meanwhile the last online CPU starts an exact timer on
 * CPU 0 and takes it back at any moment; on a single CPU, the sender does that
 * around each event. What came of it is in the parameter "result".
 *
 * Before that, a crowd of periodic exact timers on CPU 0 sees to it that one is always
 * near, while a thread there sleeps again and again: "crowded_ms" is how long that
 * took.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/xen.h>
#include <asm/xen/hypercall.h>

#include "customtimer.h"

static unsigned int events = 100000;
module_param(events, uint, 0444);

static unsigned int most_ns = 400000;
module_param(most_ns, uint, 0444);
MODULE_PARM_DESC(most_ns, "the longest delay of the timer");

static unsigned int crowd;
module_param(crowd, uint, 0444);
MODULE_PARM_DESC(crowd, "how many timers the crowd has, at most 16 (default 0)");

static unsigned int step_ns = 20000;
module_param(step_ns, uint, 0444);
MODULE_PARM_DESC(step_ns, "how far apart its deadlines are (default 20000)");

static unsigned int crowded_ms;
module_param(crowded_ms, uint, 0444);

static char result[128];
module_param_string(result, result, sizeof(result), 0444);

#define CROWD_SLEEPS 20

static struct custom_timer many[16];
static struct custom_timer timer;
static unsigned int handled, cancelled, expired;
static u32 dice = 1;

static enum custom_timer_restart timer_fn(struct custom_timer *t)
{
	expired++;
	return CUSTOM_TIMER_NORESTART;
}

static enum custom_timer_restart many_fn(struct custom_timer *t)
{
	custom_timer_forward(t, ktime_get(), (u64)crowd * step_ns);
	return CUSTOM_TIMER_RESTART;
}

static void sleep_in_crowd(void)
{
	ktime_t begin = ktime_get();
	unsigned int i;

	for (i = 0; i < crowd; i++) {
		custom_timer_setup(&many[i], many_fn);
		custom_timer_start(&many[i],
				   ktime_add_ns(begin, (i + 1ULL) * step_ns), 0);
	}
	for (i = 0; i < CROWD_SLEEPS; i++)
		usleep_range(1000, 1100);
	crowded_ms = ktime_ms_delta(ktime_get(), begin);
	for (i = 0; i < crowd; i++)
		custom_timer_cancel(&many[i]);
}

static void start_timer(void)
{
	dice = dice * 1664525 + 1013904223;
	custom_timer_start_on(&timer, 0,
			      ktime_add_ns(ktime_get(),
					   (u64)most_ns * (dice >> 16) >> 16),
			      0);
}

static void stop_timer(void)
{
	cancelled += custom_timer_try_to_cancel(&timer) == 1;
}

/* On another CPU than the events. */
static int teaser(void *unused)
{
	ktime_t until;

	while (!kthread_should_stop()) {
		start_timer();
		dice = dice * 1664525 + 1013904223;
		until = ktime_add_ns(ktime_get(),
				     (u64)most_ns * (dice >> 16) >> 16);
		while (ktime_get() < until)
			cpu_relax();
		stop_timer();
		cond_resched();
	}
	return 0;
}

static irqreturn_t handler(int irq, void *data)
{
	WRITE_ONCE(handled, handled + 1);
	xen_irq_lateeoi(irq, 0);
	return IRQ_HANDLED;
}

/* Returns false if the event was lost. */
static bool send(evtchn_port_t port)
{
	struct evtchn_send send = { .port = port };
	unsigned int before = handled;
	ktime_t until;

	if (HYPERVISOR_event_channel_op(EVTCHNOP_send, &send))
		return false;
	until = ktime_add_ns(ktime_get(), 20 * NSEC_PER_SEC);
	while (READ_ONCE(handled) == before) {
		if (ktime_get() > until)
			return false;
		cpu_relax();
	}
	return true;
}

static void run(evtchn_port_t port)
{
	unsigned int other = cpumask_last(cpu_online_mask), i;
	struct task_struct *task = NULL;

	if (other) {
		task = kthread_create_on_cpu(teaser, NULL, other,
					     "customtimer_teaser/%u");
		if (IS_ERR(task))
			return;
		wake_up_process(task);
	}
	for (i = 0; i < events; i++) {
		if (!task)
			start_timer();
		if (!send(port))
			break;
		if (!task && i % 2)
			stop_timer();
		cond_resched();
	}
	if (task)
		kthread_stop(task);
	custom_timer_cancel(&timer);
	snprintf(result, sizeof(result),
		 "sent=%u lost=%u handled=%u cancelled=%u expired=%u\n",
		 i, i < events, handled, cancelled, expired);
}

static int __init guardtest_init(void)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF };
	struct evtchn_alloc_unbound alloc = {
		.dom = DOMID_SELF,
		.remote_dom = DOMID_SELF,
	};
	struct evtchn_close close;
	int irq, err;

	if (!xen_domain())
		return -ENODEV;
	if (crowd > ARRAY_SIZE(many))
		return -EINVAL;
	err = set_cpus_allowed_ptr(current, cpumask_of(0));
	if (err)
		return err;
	custom_timer_setup(&timer, timer_fn);
	if (crowd)
		sleep_in_crowd();

	err = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
	if (err)
		return err;
	close.port = alloc.port;
	irq = bind_evtchn_to_irqhandler_lateeoi(alloc.port, handler,
						IRQF_NOBALANCING,
						"customtimer_guardtest", &timer);
	if (irq < 0) {
		HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
		return irq;
	}
	err = irq_set_affinity(irq, cpumask_of(0));
	bind.remote_port = alloc.port;
	err = err ?: HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain,
						 &bind);
	if (!err) {
		run(bind.local_port);
		close.port = bind.local_port;
		HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
	}
	unbind_from_irqhandler(irq, &timer);
	return err;
}

static void __exit guardtest_exit(void)
{
}

module_init(guardtest_init);
module_exit(guardtest_exit);

MODULE_DESCRIPTION("Events and timers inside the guard");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
