// SPDX-License-Identifier: GPL-2.0
/*
 * The Xen backend: VIRQ_CUSTOM_TIMER on every vCPU, at the highest event
 * priority, behind VCPUOP_set_custom_timer. Deadlines are CLOCK_MONOTONIC; the
 * hypervisor takes Xen system time, which xenclock.c knows.
 */
#include <linux/interrupt.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>

#include <xen/events.h>
#include <xen/features.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/features.h>
#include <xen/interface/vcpu.h>
#include <xen/interface/version.h>
#include <xen/interface/xen.h>
#include <xen/xen-ops.h>
#include <xen/xen.h>
#include <asm/xen/hypercall.h>

#include "backend.h"
#include "state.h"
#include "xen.h"
#include "xen/customtimer.h"
#include "xenclock.h"

/* How often a setting that comes too late is repeated. */
#define CT_MAX_ATTEMPTS 60

/*
 * CLOCK_MONOTONIC may run this much slower or faster than Xen's clock, as a
 * shift: Linux slews it by up to 11 %, as adjtimex() asks, and may begin to while a
 * timer waits. A deadline so far ahead that the difference matters, and would not
 * be lost in the window, is approached in hops, each to an eighth of the distance.
 * The tick serves only hrtimers and may be as late as they are: for it, nearly twice the
 * slew of NTP is enough.
 */
#define CT_SLEW_SHIFT 3
#define CT_TICK_SLEW_SHIFT 10
#define CT_HOP_MIN_NS NSEC_PER_MSEC
#define CT_HOP_MAX_NS (3600 * NSEC_PER_SEC)

/*
 * Hypervisors may keep interrupts further apart than this, but then sleeps are
 * later than by Linux's own clock event device, which has this floor on 6.1.
 */
#define CT_MIN_PERIOD_NS (100 * NSEC_PER_USEC)

/* Only the FIFO event ABI takes priorities; whether ours was taken tells. */
static bool ct_xen_fifo;

/* Any context. */
const char *ct_xen_guest_type(void)
{
	if (!xen_domain())
		return "none";
	if (xen_pv_domain())
		return "PV";
	return xen_pvh_domain() ? "PVH" : "HVM";
}

/* Any context. */
const char *ct_xen_events(void)
{
	if (!xen_domain())
		return "none";
	return ct_xen_fifo ? "FIFO" : "2-level";
}

/* The counters of @cpu's timer; also the cheapest way to learn Xen's present. Any context. */
static int ct_xen_get(unsigned int cpu, struct vcpu_get_custom_timer *get)
{
	memset(get, 0, sizeof(*get));
	return HYPERVISOR_vcpu_op(VCPUOP_get_custom_timer, xen_vcpu_nr(cpu),
				  get);
}

/* Names all that is missing. Process context. */
static int ct_xen_probe(void)
{
	struct vcpu_get_custom_timer get;
	int err;

	if (!xen_domain()) {
		pr_err("not a Xen guest: there is no hypervisor to ask for a timer. Load with backend=hrtimer to develop without Xen\n");
		return -ENODEV;
	}
	if (!xen_pv_domain() && !xen_have_vector_callback)
		pr_err("no per-CPU event delivery: the guest was booted without the Xen vector callback (xen_no_vector_callback?)\n");
	if (!xen_pv_domain() && !xen_feature(XENFEAT_hvm_safe_pvclock))
		pr_err("no safe clock: the hypervisor does not offer XENFEAT_hvm_safe_pvclock\n");

	err = ct_xen_get(0, &get);
	switch (err) {
	case 0:
		if (get.min_period_ns > CT_MIN_PERIOD_NS)
			pr_warn("the hypervisor keeps interrupts to a CPU %llu ns apart, and what is due sooner comes late: see min-period in custom-timer= on Xen's command line\n",
				get.min_period_ns);
		return ct_xen_clock_is_ours() ? 0 : -ENODEV;
	case -EPERM:
		pr_err("the hypervisor has the custom timer but this domain may not use it: see custom-timer= on Xen's command line\n");
		break;
	case -ENOSYS:
		pr_err("the hypervisor lacks the custom-timer patch (hypervisor-patch/ in the sources): apply it and reboot the host, or load with backend=hrtimer\n");
		break;
	default:
		pr_err("the hypervisor's custom timer does not answer (%d)\n",
		       err);
	}
	return -ENODEV;
}

/*
 * The port that VIRQ @virq of @cpu is bound to, 0 if there is none. A walk over
 * all ports: the kernel exports no shorter way. Process context.
 */
static evtchn_port_t ct_virq_port(unsigned int cpu, unsigned int virq)
{
	evtchn_port_t port;

	for (port = 1; port < xen_evtchn_nr_channels(); port++) {
		struct evtchn_status status = {
			.dom = DOMID_SELF,
			.port = port,
		};

		if (HYPERVISOR_event_channel_op(EVTCHNOP_status, &status))
			break;
		if (status.status == EVTCHNSTAT_virq &&
		    status.u.virq == virq && status.vcpu == xen_vcpu_nr(cpu))
			return port;
	}
	return 0;
}

/*
 * Moves the guest's own tick behind us or back to where Linux puts it. Fails
 * where there are no priorities; that costs precision and nothing else. Process context.
 */
static void ct_set_tick_priority(unsigned int cpu, unsigned int priority)
{
	evtchn_port_t port = ct_virq_port(cpu, VIRQ_TIMER);

	if (port)
		xen_set_irq_priority(irq_from_evtchn(port), priority);
}

/* Hard interrupt context. */
static irqreturn_t ct_xen_interrupt(int irq, void *data)
{
	struct custom_timer_base *base = data;

	base->expire(base, true);
	return IRQ_HANDLED;
}

/* Process context. */
static int ct_xen_cpu_up(struct custom_timer_base *base)
{
	struct vcpu_get_custom_timer get;
	u64 before;
	int irq, err;

	/* Binding a VIRQ twice would close the port of whoever came first. */
	if (ct_virq_port(base->cpu, VIRQ_CUSTOM_TIMER)) {
		pr_err("VIRQ %d of CPU %u is already in use\n",
		       VIRQ_CUSTOM_TIMER, base->cpu);
		return -EBUSY;
	}

	before = sched_clock();
	err = ct_xen_get(base->cpu, &get);
	if (err)
		return err;
	ct_xen_clock_open(&base->clock, get.now_ns - before);

	irq = bind_virq_to_irqhandler(VIRQ_CUSTOM_TIMER, base->cpu,
				      ct_xen_interrupt,
				      IRQF_PERCPU | IRQF_NOBALANCING |
				      IRQF_TIMER, base->name, base);
	if (irq < 0) {
		pr_err("cannot bind VIRQ %d on CPU %u (%d)\n",
		       VIRQ_CUSTOM_TIMER, base->cpu, irq);
		return irq;
	}
	base->irq = irq;

	ct_xen_fifo = !xen_set_irq_priority(irq, XEN_IRQ_PRIORITY_MAX);
	ct_set_tick_priority(base->cpu, XEN_IRQ_PRIORITY_MAX + 1);
	return 0;
}

/* Process context. */
static void ct_xen_cpu_down(struct custom_timer_base *base)
{
	if (base->irq < 0)
		return;
	ct_set_tick_priority(base->cpu, XEN_IRQ_PRIORITY_MAX);
	unbind_from_irqhandler(base->irq, base);
	base->irq = -1;
}

/* Whether the setting is for the tick and for nothing else. Base locked. */
static bool ct_is_for_tick(const struct custom_timer_base *base)
{
	return base->tick && base->armed.at == base->tick->expires &&
	       base->armed.end == base->tick->end;
}

/*
 * By how much CLOCK_MONOTONIC and Xen's clock may differ in @delay. A short delay is over
 * before that matters. Base locked.
 */
static s64 ct_slew(const struct custom_timer_base *base, s64 delay)
{
	if (delay <= CT_HOP_MIN_NS)
		return 0;
	return delay >> (ct_is_for_tick(base) ? CT_TICK_SLEW_SHIFT :
						CT_SLEW_SHIFT);
}

/* Base locked, on its CPU. */
static int ct_xen_arm(struct custom_timer_base *base, ktime_t now,
		      ktime_t expires, u64 window_ns)
{
	struct vcpu_set_custom_timer set = {};
	unsigned int attempt;
	u64 before;
	s64 delay, slew;
	bool check;
	int err;

	for (attempt = 0; attempt < CT_MAX_ATTEMPTS; attempt++) {
		delay = ktime_sub(expires, now);
		if (delay <= base->armed.slack)
			return -ETIME;
		slew = ct_slew(base, delay);
		if (window_ns >= slew && delay <= CT_HOP_MAX_NS) {
			set.window_ns = min_t(u64, window_ns - slew,
					      XEN_CUSTOM_TIMER_MAX_NS);
		} else {
			set.window_ns = 0;
			delay = min_t(s64, delay - slew, CT_HOP_MAX_NS);
		}

		check = attempt || ct_xen_clock_is_stale(&base->clock);
		set.flags = check ? 0 : VCPU_CUSTOM_TIMER_no_now;
		before = sched_clock();
		/* However wrong the offset: Xen's answer corrects it. */
		set.expires_ns = clamp_t(s64, before + base->clock.offset +
					 delay, 1, XEN_CUSTOM_TIMER_MAX_NS);
		err = HYPERVISOR_vcpu_op(VCPUOP_set_custom_timer,
					 xen_vcpu_nr(base->cpu), &set);
		if (err && err != -ETIME)
			return err;
		base->stats.armed++;
		if (check) {
			ct_precise_learn_arm(&base->precise, set.now_ns -
					     before - base->clock.offset);
			check = ct_xen_clock_correct(&base->clock, set.now_ns,
						     before);
		}
		if (!check && !err)
			return 0;
		base->stats.retries++;
		now = ktime_get();
	}
	/* Our clocks stand still, or Xen's does not agree with itself. */
	return -ETIME;
}

/* Base locked, on its CPU. */
static void ct_xen_stop(struct custom_timer_base *base)
{
	HYPERVISOR_vcpu_op(VCPUOP_stop_custom_timer, xen_vcpu_nr(base->cpu),
			   NULL);
}

/*
 * In a PV guest it is an event, and of the lowest priority in use. Elsewhere it is an
 * interrupt of the local APIC, which comes before all events. Any context.
 */
static bool ct_xen_raise_is_last(void)
{
	return xen_pv_domain();
}

const struct ct_backend ct_xen_backend = {
	.name = "xen",
	.probe = ct_xen_probe,
	.cpu_up = ct_xen_cpu_up,
	.cpu_down = ct_xen_cpu_down,
	.arm = ct_xen_arm,
	.stop = ct_xen_stop,
	.raise_is_last = ct_xen_raise_is_last,
};
