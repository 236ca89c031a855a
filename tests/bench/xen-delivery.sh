#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# From a deadline to the callback without a lead, in instructions (2 ns each in
# virtual time): up to the expiry in the hypervisor, on to the guest's upcall,
# and on to the callback. Medians; xen-delivery.dom0 watches the hypervisor.
# xen-delivery.sh GUEST BUILD idle|busy: what the vCPU does meanwhile
set -e
tracing=/sys/kernel/tracing
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

modprobe customtimer max_lead_ns=0
if [ "$3" = busy ]; then
	while :; do :; done &
fi
# All of it, undisturbed.
modprobe customtimer_latency timer=custom count=500
total=$(sed 's/.* p50=\([0-9]*\).*/\1/' /sys/module/customtimer_latency/parameters/result)
rmmod customtimer_latency

# Again, with the moment of each upcall. A tick of the TSC is 1 ns here.
grep -q " $tracing " /proc/mounts || mount -t tracefs tracefs $tracing
echo x86-tsc >$tracing/trace_clock
echo xen_evtchn_do_upcall >$tracing/set_ftrace_filter
echo function >$tracing/current_tracer
echo 1 >$tracing/events/customtimer/customtimer_expire_entry/enable
bed-signal tracing
bed-wait watching >/dev/null
modprobe customtimer_latency timer=custom count=500
bed-signal traced
expiry=$(bed-wait expiry)
upcall=$(awk '/: xen_evtchn_do_upcall/ { split($4, t, ":"); upcall = t[1] }
	/customtimer_expire_entry:/ { split($4, t, ":"); sub(/.*error=/, ""); print $1 - (t[1] - upcall) }' $tracing/trace | median)
[ "$3" != busy ] || kill %1
echo "row delivery guest=$1 vcpu=$3 build=$2 | to_expiry=$((expiry / 2)) to_upcall=$(((upcall - expiry) / 2)) to_callback=$(((total - upcall) / 2)) sum=$((total / 2))"
