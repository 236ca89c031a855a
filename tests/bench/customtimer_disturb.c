// SPDX-License-Identifier: GPL-2.0
/*
 * What gets in a timer's way on one CPU while customtimer_latency measures: events
 * of other channels, and hrtimers.
 *
 * The channels lead from the guest to itself, and an hrtimer of the same CPU
 * rings them. Or another domain does, which finds their ports in the guest's
 * xenstore under data/customtimer-bench: what that domain's CPU does has to be
 * kept from disturbing a measurement by itself in virtual time, see
 * neighbour.dom0.
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/xen-ops.h>
#include <xen/xen.h>
#include <xen/xenbus.h>
#include <asm/xen/hypercall.h>

#include "customtimer_disturb.h"

#define MAX_CHANNELS 64

/* Where the guest's xenstore has the ports, below data/, which guests may write. */
#define NODE "customtimer-bench"

static unsigned int cpu;
module_param(cpu, uint, 0444);
MODULE_PARM_DESC(cpu, "the CPU to disturb (default 0)");

static unsigned int channels;
module_param(channels, uint, 0444);
MODULE_PARM_DESC(channels, "how many channels ring at once, at most 64 (default 0)");

static unsigned int handler_ns = 20000;
module_param(handler_ns, uint, 0444);
MODULE_PARM_DESC(handler_ns, "how long the handler of each takes; unless another domain rings them, every 3 to 7 times what all of them take (default 20000)");

static int remote = -1;
module_param(remote, int, 0444);
MODULE_PARM_DESC(remote, "the domain that rings, whenever it likes (default -1: this one)");

static unsigned int tick_ns;
module_param(tick_ns, uint, 0444);
MODULE_PARM_DESC(tick_ns, "not 0: an hrtimer's callback takes so long, every 3 to 7 times that");

static bool tick_first;
module_param(tick_first, bool, 0444);
MODULE_PARM_DESC(tick_first, "give VIRQ_TIMER the priority back that Linux gave it");

static unsigned int handled;
module_param(handled, uint, 0444);
MODULE_PARM_DESC(handled, "how many events were handled so far");

static struct channel {
	evtchn_port_t near;	/* has the handler */
	evtchn_port_t far;	/* is rung; 0: by another domain */
	int irq;
} channel[MAX_CHANNELS];

static unsigned int bound;
static struct hrtimer ringer;
static struct hrtimer ticker;
static u32 dice = 1;

static void spin(u64 ns)
{
	ktime_t until = ktime_add_ns(ktime_get(), ns);

	while (ktime_get() < until)
		cpu_relax();
}

/* Three to seven times @ns. */
static ktime_t pause_after(u64 ns)
{
	dice = dice * 1664525 + 1013904223;
	return ns_to_ktime(3 * ns + (4 * ns * (dice >> 16) >> 16));
}

static irqreturn_t handler(int irq, void *data)
{
	handled++;
	xen_irq_lateeoi(irq, 0);
	spin(handler_ns);
	return IRQ_HANDLED;
}

static enum hrtimer_restart ring(struct hrtimer *t)
{
	struct evtchn_send send;
	unsigned int i;

	for (i = 0; i < bound; i++) {
		send.port = channel[i].far;
		HYPERVISOR_event_channel_op(EVTCHNOP_send, &send);
	}
	hrtimer_forward_now(t, pause_after((u64)channels * handler_ns));
	return HRTIMER_RESTART;
}

static enum hrtimer_restart tick(struct hrtimer *t)
{
	spin(tick_ns);
	hrtimer_forward_now(t, pause_after(tick_ns));
	return HRTIMER_RESTART;
}

static void close_port(evtchn_port_t port)
{
	struct evtchn_close close = { .port = port };

	HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
}

static int open_channel(struct channel *c)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF };
	struct evtchn_alloc_unbound alloc = {
		.dom = DOMID_SELF,
		.remote_dom = remote < 0 ? DOMID_SELF : remote,
	};
	int err;

	err = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
	if (err)
		return err;
	c->near = alloc.port;
	c->irq = bind_evtchn_to_irqhandler_lateeoi(c->near, handler,
						   IRQF_NOBALANCING,
						   "customtimer_disturb", c);
	if (c->irq < 0) {
		close_port(c->near);
		return c->irq;
	}
	bind.remote_port = c->near;
	err = irq_set_affinity(c->irq, cpumask_of(cpu));
	if (!err && remote < 0)
		err = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain,
						  &bind);
	if (err) {
		unbind_from_irqhandler(c->irq, c);
		return err;
	}
	c->far = bind.local_port;
	return 0;
}

static void close_channels(void)
{
	while (bound) {
		struct channel *c = &channel[--bound];

		if (c->far)
			close_port(c->far);
		unbind_from_irqhandler(c->irq, c);
	}
}

/* Tells the other domain which ports to ring. */
static int publish(void)
{
	char *ports = kzalloc(MAX_CHANNELS * sizeof("4294967295"), GFP_KERNEL);
	unsigned int i, len = 0;
	int err;

	if (!ports)
		return -ENOMEM;
	for (i = 0; i < bound; i++)
		len += sprintf(ports + len, "%s%u", i ? " " : "",
			       channel[i].near);
	err = xenbus_printf(XBT_NIL, "data", NODE, "%s", ports);
	kfree(ports);
	return err;
}

/* The module under measurement puts VIRQ_TIMER behind itself when it is loaded. */
static int put_tick_first(void)
{
	struct evtchn_set_priority set = { .priority = XEN_IRQ_PRIORITY_MAX };
	struct evtchn_status status = { .dom = DOMID_SELF };

	for (status.port = 1; status.port < xen_evtchn_nr_channels();
	     status.port++) {
		if (HYPERVISOR_event_channel_op(EVTCHNOP_status, &status))
			break;
		if (status.status == EVTCHNSTAT_virq &&
		    status.u.virq == VIRQ_TIMER &&
		    status.vcpu == xen_vcpu_nr(cpu)) {
			set.port = status.port;
			return HYPERVISOR_event_channel_op(EVTCHNOP_set_priority,
							   &set);
		}
	}
	return -ENOENT;
}

void customtimer_disturb(bool on)
{
	if (!on) {
		hrtimer_cancel(&ringer);
		hrtimer_cancel(&ticker);
		return;
	}
	if (channels && remote < 0)
		hrtimer_start(&ringer, pause_after((u64)channels * handler_ns),
			      HRTIMER_MODE_REL_PINNED_HARD);
	if (tick_ns)
		hrtimer_start(&ticker, pause_after(tick_ns),
			      HRTIMER_MODE_REL_PINNED_HARD);
}
EXPORT_SYMBOL_GPL(customtimer_disturb);

static int __init disturb_init(void)
{
	int err = 0;

	if (channels > MAX_CHANNELS || remote >= (int)DOMID_FIRST_RESERVED ||
	    cpu >= nr_cpu_ids || !cpu_online(cpu)) {
		pr_err("channels is at most %d, remote a domain, and cpu one that is online\n",
		       MAX_CHANNELS);
		return -EINVAL;
	}
	if (!xen_domain() && (channels || tick_first)) {
		pr_err("not a Xen guest: it has no channels\n");
		return -ENODEV;
	}
	if (tick_first)
		err = put_tick_first();
	for (; !err && bound < channels; bound += !err)
		err = open_channel(&channel[bound]);
	if (!err && remote >= 0)
		err = publish();
	if (err) {
		close_channels();
		return err;
	}
	hrtimer_setup(&ringer, ring, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_setup(&ticker, tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static void __exit disturb_exit(void)
{
	if (remote >= 0)
		xenbus_rm(XBT_NIL, "data", NODE);
	close_channels();
}

module_init(disturb_init);
module_exit(disturb_exit);

MODULE_DESCRIPTION("Events and hrtimers in a timer's way");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
