#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In dom0, on a hypervisor with performance counters: interrupts of CPU 1's
# timer while busy guests share that CPU, without timers and with one each
# millisecond. What comes without timers is the scheduler's own.
# xen-interrupts.sh BUILD SCHEDULER: what the rows say of the hypervisor
set -e
seconds=2
declare -A counted
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
		counted[$mode$guests]=$n
		echo "row parking build=$1 scheduler=$2 timers=$timers busy_vcpus=$guests | timer_interrupts_per_second=$((n / seconds))"
		while [ $i -gt 0 ]; do
			xl destroy "stub$i"
			i=$((i - 1))
		done
	done
done
# 8 vCPUs against one: all interrupts, and without the scheduler's.
awk -v "build=$1" -v "scheduler=$2" -v s1="${counted[spin1]}" -v s8="${counted[spin8]}" \
	-v t1="${counted[tick1]}" -v t8="${counted[tick8]}" 'BEGIN {
	printf "row parking-factor build=%s scheduler=%s | all=%.2f guests=%.2f\n",
		build, scheduler, t8 / t1, (t8 - s8) / (t1 - s1)
}'
