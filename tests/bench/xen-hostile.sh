#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest that shares its CPU with a hostile one: how far does it count while
# that does its worst? xen-hostile.dom0 starts the other.
set -e
modprobe customtimer_xenload count_ms=400
for case in nobody busy singleshot custom singleshot-wait custom-wait; do
	bed-signal "want-$case"
	bed-wait "ready-$case" 300 >/dev/null
	n=$(cat /proc/customtimer_count)
	bed-signal "counted-$case"
	[ $case != nobody ] || all=$n
	echo "row hostile guest=pv vcpus=2 hammer=$case | neighbour_counts=$n percent=$((n * 100 / all))"
done
