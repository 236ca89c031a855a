#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In dom0: how far does a guest on CPU 1 count in a second, while two others
# that share CPU 1 do their worst? And if these run on CPU 2, how often is CPU 1
# interrupted? (In virtual time all CPUs take turns: counts tell nothing then.)
# The latter needs a hypervisor with performance counters.
# xen-hostile.sh BUILD CPU CASE...
set -e
build=$1 cpu=$2
shift 2

# stub NAME CPU MODE
stub() {
	printf '%s\n' "name = \"$1\"" 'type = "pvh"' 'kernel = "/root/xen-stub"' 'memory = 16' 'vcpus = 1' \
		"cpus = \"$2\"" 'tsc_mode = "native"' 'on_poweroff = "preserve"' "cmdline = \"$3\"" >/tmp/stub.cfg
	xl create -q /tmp/stub.cfg 2>/dev/null
}

for case; do
	if [ "$case" != nobody ]; then
		stub hostile1 "$cpu" "$case"
		stub hostile2 "$cpu" "$case"
	fi
	sleep 0.2
	xl dmesg -c >/dev/null
	[ "$cpu" = 1 ] || xenperf -r >/dev/null
	stub neighbour 1 count
	until n=$(xl dmesg | sed -n 's/.*counted //p') && [ "$n" ]; do
		sleep 0.5
	done
	[ "$cpu" = 1 ] || xenperf -f >/tmp/perf
	xl destroy neighbour
	if [ "$case" != nobody ]; then
		xl destroy hostile1
		xl destroy hostile2
	fi
	if [ "$cpu" = 1 ]; then
		[ "$case" != nobody ] || all=$n
		echo "row hostile xen=$build hammer=$case | neighbour_counts=$n percent=$((n * 100 / all))"
	else
		# For each CPU, in order, behind the sum.
		awk -v "build=$build" -v "case=$case" 'sub(/^(#interrupts|#IPIs) *T= */, "") { n += $3 } END {
			printf "row hostile-other-cpu xen=%s hammer=%s | interrupts_of_neighbours_cpu=%d\n", build, case, n }' /tmp/perf
	fi
done
