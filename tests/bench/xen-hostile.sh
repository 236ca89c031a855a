#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In dom0: how far does a guest on CPU 1 count in a second, while two others
# that share CPU 1 or both run on CPU 2 do their worst?
# xen-hostile.sh BUILD CPU ROUNDS CASE...
set -e
build=$1 cpu=$2 rounds=$3
shift 3
[ "$cpu" = 1 ] && where=same || where=other

# stub NAME CPU MODE
stub() {
	printf '%s\n' "name = \"$1\"" 'type = "pvh"' 'kernel = "/root/xen-stub"' 'memory = 16' 'vcpus = 1' \
		"cpus = \"$2\"" 'tsc_mode = "native"' 'on_poweroff = "preserve"' "cmdline = \"$3\"" >/tmp/stub.cfg
	xl create -q /tmp/stub.cfg 2>/dev/null
}

while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	for case; do
		if [ "$case" != nobody ]; then
			stub hostile1 "$cpu" "$case"
			stub hostile2 "$cpu" "$case"
		fi
		sleep 0.2
		xl dmesg -c >/dev/null
		stub neighbour 1 count
		until n=$(xl dmesg | sed -n 's/.*counted //p') && [ "$n" ]; do
			sleep 0.5
		done
		xl destroy neighbour
		if [ "$case" != nobody ]; then
			xl destroy hostile1
			xl destroy hostile2
		fi
		[ "$case" != nobody ] || all=$n
		echo "row hostile xen=$build hostile_cpu=$where hammer=$case | neighbour_counts=$n percent=$((n * 100 / all))"
	done
done
