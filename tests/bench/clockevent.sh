#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest: clockevent.sh CASE prints, for Linux's own event timer and for ours,
#
#	row cyclictest	how late its thread runs, in ns
#	row gain	how many times later it does by Linux's own
#	row idle	timer interrupts of an idle guest in 20 s
#	row work	how long a fixed piece of work takes, in us
set -eu
case=$1
loops=2000
parameter=/sys/module/customtimer/parameters/clockevent

# The line $1 of the sorted list, in percent of its length.
quantile() {
	sed -n "$(((n - 1) * $1 / 100 + 1))p" /tmp/sorted
}

# The sum of timer interrupts, Linux's own and ours.
timers() {
	awk '/timer[0-9]+$/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

cyclictest() {
	/root/clock/run cyclictest -q -m -p 80 -N -v -i "$2" -l $loops >/tmp/out
	awk -F: '/^ *[0-9]+: *[0-9]+:/ { print $3 + 0 }' /tmp/out | sort -n >/tmp/sorted
	n=$(wc -l </tmp/sorted)
	[ "$n" -ge $((loops * 9 / 10)) ] || {
		echo "clockevent.sh: cyclictest gave only $n of $loops latencies" >&2
		exit 1
	}
	p50=$(quantile 50) p99=$(quantile 99)
	echo "row cyclictest $case interval_us=$2 device=$1 | min=$(quantile 0) p50=$p50 p90=$(quantile 90) p99=$p99 max=$(quantile 100)"
}

idle() {
	before=$(timers)
	sleep 20
	echo "row idle $case device=$1 | interrupts=$(($(timers) - before))"
}

work() {
	before=$(awk '{ print $1 * 100 }' /proc/uptime)
	awk 'BEGIN { for (i = 0; i < 600000; i++) n += i }'
	after=$(awk '{ print $1 * 100 }' /proc/uptime)
	echo "row work $case device=$1 | us=$(((after - before) * 10000))"
}

modprobe customtimer
for interval in 50 100 1000; do
	echo 0 >$parameter
	cyclictest xen $interval
	stock50=$p50 stock99=$p99
	echo 1 >$parameter
	cyclictest customtimer $interval
	awk "BEGIN { printf \"row gain $case interval_us=$interval | p50=%.2f p99=%.2f\n\", $stock50 / $p50, $stock99 / $p99 }"
done
idle customtimer
work customtimer
echo 0 >$parameter
idle xen
work xen
