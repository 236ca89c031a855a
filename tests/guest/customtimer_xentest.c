// SPDX-License-Identifier: GPL-2.0
/*
 * What guest tests need to know of Xen, and random hypercalls.
 *
 * /proc/customtimer_ports	number of event channels that are not closed, and
 *				the highest of them
 * /proc/customtimer_offer	"feature=N get=N set=N": the feature bit, and what
 *				the operations return
 * /proc/customtimer_counters	a line for each vCPU: cpu set fired throttled
 *				parked min-period, as the hypervisor has them
 * /proc/customtimer_bounds	reading it tries each field of each operation at
 *				its limits and returns the result as TAP
 * /proc/customtimer_fuzz	the same with 100000 random hypercalls
 */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/sched/clock.h>

#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/features.h>
#include <xen/interface/vcpu.h>
#include <xen/interface/version.h>
#include <xen/interface/xen.h>
#include <xen/xen-ops.h>
#include <asm/xen/hypercall.h>

#include "xen/customtimer.h"

static int ports_show(struct seq_file *m, void *v)
{
	unsigned int port, open = 0, highest = 0;

	for (port = 1; port < xen_evtchn_nr_channels(); port++) {
		struct evtchn_status status = {
			.dom = DOMID_SELF,
			.port = port,
		};

		if (HYPERVISOR_event_channel_op(EVTCHNOP_status, &status))
			break;
		if (status.status != EVTCHNSTAT_closed) {
			open++;
			highest = port;
		}
	}
	seq_printf(m, "%u %u\n", open, highest);
	return 0;
}

static int offer_show(struct seq_file *m, void *v)
{
	struct xen_feature_info info = { .submap_idx = 0 };
	struct vcpu_get_custom_timer get = {};
	struct vcpu_set_custom_timer set = { .expires_ns = 1 };
	unsigned int cpu;

	HYPERVISOR_xen_version(XENVER_get_features, &info);
	cpu = xen_vcpu_nr(get_cpu());
	seq_printf(m, "feature=%u get=%d set=%d\n",
		   info.submap >> XENFEAT_custom_timer & 1,
		   HYPERVISOR_vcpu_op(VCPUOP_get_custom_timer, cpu, &get),
		   HYPERVISOR_vcpu_op(VCPUOP_set_custom_timer, cpu, &set));
	put_cpu();
	return 0;
}

static int counters_show(struct seq_file *m, void *v)
{
	struct vcpu_get_custom_timer get;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		memset(&get, 0, sizeof(get));
		if (!HYPERVISOR_vcpu_op(VCPUOP_get_custom_timer,
					xen_vcpu_nr(cpu), &get))
			seq_printf(m, "%u %llu %llu %llu %llu %llu\n", cpu,
				   get.set, get.fired, get.throttled,
				   get.parked, get.min_period_ns);
	}
	return 0;
}

static struct seq_file *out;
static unsigned int number;

static int op(int cmd, unsigned int vcpu, void *arg)
{
	return HYPERVISOR_vcpu_op(cmd, vcpu, arg);
}

static void report(bool good, const char *what, u64 value, int want, int got)
{
	seq_printf(out, "%sok %u - %s %#llx: %d\n",
		   good ? "" : "not ", ++number, what, value, want);
	if (!good)
		seq_printf(out, "# returned %d\n", got);
}

#include "xen-bounds.h"

static int bounds_show(struct seq_file *m, void *v)
{
	static const struct vcpu_set_custom_timer constant = {
		.expires_ns = XEN_CUSTOM_TIMER_MAX_NS / 2,
	};
	unsigned int cpu;

	out = m;
	number = 0;
	migrate_disable();
	cpu = smp_processor_id();
	bounds_run(xen_vcpu_nr(cpu),
		   num_possible_cpus() > 1 ? xen_vcpu_nr(!cpu) :
					     xen_vcpu_nr(cpu),
		   &constant, get_random_u64());
	migrate_enable();
	seq_printf(m, "1..%u\n", number);
	return 0;
}

/* A number that is often near a limit. */
static u64 odd_u64(u64 now)
{
	static const u64 limits[] = {
		0, S64_MAX, U64_MAX, XEN_CUSTOM_TIMER_MAX_NS, U32_MAX, 1ULL << 63,
	};
	u64 r = get_random_u64();

	switch (r % 5) {
	case 0:
		return limits[(r >> 8) % ARRAY_SIZE(limits)] + (r >> 16) % 5 - 2;
	case 1:
		return get_random_u64() >> ((r >> 8) % 64);
	case 2:
		return now - (r >> 8) % 1000000;
	default:
		return now + (r >> 8) % 100000;
	}
}

static u32 odd_u32(u32 valid)
{
	u32 r = get_random_u32();

	return r % 8 ? valid : get_random_u32() >> (r >> 8) % 32;
}

/* The same judgement that the interface promises. */
static bool set_is_valid(const struct vcpu_set_custom_timer *set)
{
	return !(set->flags & ~VCPU_CUSTOM_TIMER_no_now) && !set->pad &&
	       set->expires_ns <= XEN_CUSTOM_TIMER_MAX_NS &&
	       set->window_ns <= XEN_CUSTOM_TIMER_MAX_NS;
}

static int fuzz_show(struct seq_file *m, void *v)
{
	unsigned int i, wrong = 0, calls[4] = {}, cpu, other;
	struct vcpu_get_custom_timer get = {}, was;
	struct vcpu_set_singleshot_timer shot;
	struct vcpu_set_custom_timer set;
	u64 fired, most, elapsed, random;
	int ret;

	migrate_disable();
	cpu = xen_vcpu_nr(smp_processor_id());
	if (HYPERVISOR_vcpu_op(VCPUOP_get_custom_timer, cpu, &get)) {
		migrate_enable();
		return -ENODEV;
	}
	was = get;

	for (i = 0; i < 100000; i++) {
		other = get_random_u32() % 16 ? cpu :
			odd_u32(get_random_u32() % 4);
		switch (get_random_u32() % 4) {
		case 0:
		case 1:
			set.expires_ns = odd_u64(get.now_ns);
			set.window_ns = odd_u64(0);
			random = get_random_u64();
			set.now_ns = random;
			set.flags = odd_u32(get_random_u32() % 2);
			set.pad = odd_u32(0);
			ret = HYPERVISOR_vcpu_op(VCPUOP_set_custom_timer, other,
						 &set);
			if (other != cpu)
				wrong += ret != -EINVAL && ret != -ENOENT;
			else if (!set_is_valid(&set))
				wrong += ret != -EINVAL;
			else if (set.flags & VCPU_CUSTOM_TIMER_no_now)
				wrong += (ret && ret != -ETIME) ||
					 set.now_ns != random;
			else if (ret == -ETIME)
				wrong += set.now_ns <= set.expires_ns;
			else
				wrong += ret || set.now_ns > set.expires_ns ||
					 set.now_ns < get.now_ns;
			calls[0]++;
			break;
		case 2:
			shot.timeout_abs_ns = odd_u64(get.now_ns);
			shot.flags = VCPU_SSHOTTMR_custom |
				     (get_random_u32() & VCPU_SSHOTTMR_future);
			ret = HYPERVISOR_vcpu_op(VCPUOP_set_singleshot_timer,
						 other, &shot);
			wrong += ret && ret != -ETIME && ret != -EINVAL &&
				 ret != -ENOENT;
			calls[1]++;
			break;
		default:
			if (get_random_u32() % 2) {
				ret = HYPERVISOR_vcpu_op(VCPUOP_stop_custom_timer,
							 other, NULL);
				wrong += other == cpu ? ret :
					 ret != -EINVAL && ret != -ENOENT;
				calls[2]++;
				break;
			}
			get.flags = odd_u32(0);
			get.pad = odd_u32(0);
			ret = HYPERVISOR_vcpu_op(VCPUOP_get_custom_timer, cpu,
						 &get);
			wrong += ret != (get.flags || get.pad ? -EINVAL : 0);
			calls[3]++;
		}
		if (!(i % 1024))
			cond_resched();
	}

	ret = HYPERVISOR_vcpu_op(VCPUOP_stop_custom_timer, cpu, NULL);
	memset(&get, 0, sizeof(get));
	ret = ret ?: HYPERVISOR_vcpu_op(VCPUOP_get_custom_timer, cpu, &get);
	migrate_enable();

	seq_printf(m, "# set %u, single-shot %u, stop %u, get %u\n", calls[0],
		   calls[1], calls[2], calls[3]);
	seq_printf(m, "%sok 1 - 100000 random hypercalls: each has its documented result (%u have not)\n",
		   wrong ? "not " : "", wrong);
	seq_printf(m, "%sok 2 - stopped afterwards, and nothing armed\n",
		   ret || get.expires_ns ? "not " : "");
	fired = get.fired - was.fired;
	elapsed = get.now_ns - was.now_ns;
	most = get.min_period_ns ? div64_u64(elapsed, get.min_period_ns) + 1 :
				   U64_MAX;
	seq_printf(m, "%sok 3 - %llu interrupts in %llu ns, at most %llu for a min-period of %llu ns\n",
		   fired && fired <= most ? "" : "not ", fired, elapsed, most,
		   get.min_period_ns);
	seq_printf(m, "%sok 4 - the limiter was at work (%llu times)\n",
		   get.throttled > was.throttled || !get.min_period_ns ? "" :
		   "not ", get.throttled - was.throttled);
	seq_puts(m, "1..4\n");
	return 0;
}

static int __init xentest_init(void)
{
	if (!xen_domain())
		return -ENODEV;
	if (!proc_create_single("customtimer_ports", 0400, NULL, ports_show) ||
	    !proc_create_single("customtimer_offer", 0400, NULL, offer_show) ||
	    !proc_create_single("customtimer_counters", 0400, NULL,
				counters_show) ||
	    !proc_create_single("customtimer_bounds", 0400, NULL,
				bounds_show) ||
	    !proc_create_single("customtimer_fuzz", 0400, NULL, fuzz_show))
		return -ENOMEM;
	return 0;
}

static void __exit xentest_exit(void)
{
	remove_proc_entry("customtimer_ports", NULL);
	remove_proc_entry("customtimer_offer", NULL);
	remove_proc_entry("customtimer_counters", NULL);
	remove_proc_entry("customtimer_bounds", NULL);
	remove_proc_entry("customtimer_fuzz", NULL);
}

module_init(xentest_init);
module_exit(xentest_exit);

MODULE_DESCRIPTION("Random hypercalls, and what tests need to know of Xen");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
