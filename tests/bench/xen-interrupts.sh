#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In dom0, on a hypervisor with performance counters: interrupts of CPU 1's
# timer while busy guests share that CPU, without timers and with one each
# millisecond.
# xen-interrupts.sh BUILD: what the row says of the hypervisor
set -e
seconds=1
for mode in spin tick; do
	[ $mode = spin ] && timers=none || timers=1kHz
	for guests in 1 8; do
		i=0
		while [ $i -lt $guests ]; do
			i=$((i + 1))
			printf '%s\n' "name = \"stub$i\"" 'type = "pvh"' 'kernel = "/root/xen-stub"' 'memory = 16' \
				'vcpus = 1' 'cpus = "1"' "cmdline = \"$mode\"" >/tmp/stub.cfg
			xl create -q /tmp/stub.cfg
		done
		sleep 0.3
		xenperf -r >/dev/null
		sleep $seconds
		xenperf -f >/tmp/perf
		n=$(awk '/^apic timer interrupts/ { print $NF }' /tmp/perf)
		echo "row parking build=$1 timers=$timers busy_vcpus=$guests | timer_interrupts_per_second=$((n / seconds))"
		while [ $i -gt 0 ]; do
			xl destroy "stub$i"
			i=$((i - 1))
		done
	done
done
