#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A CPU goes offline with timers on it, and comes back. Needs two CPUs.
. /tests/guest/lib.sh

cpu1=/sys/devices/system/cpu/cpu1/online
modprobe customtimer
lines=$(grep -c 'customtimer[0-9]' /proc/interrupts)

round() {
	# The timer is started on CPU 1 by whoever loads the module.
	taskset 2 modprobe customtimer_pacer period_us=1000 count=300 || return 1
	echo 0 >$cpu1 || return 1
	wait_for 10 sh -c 'dmesg | grep -q "300 calls every 1000 us"' || return 1
	rmmod customtimer_pacer
	echo 1 >$cpu1 || return 1
	[ "$(grep -c 'customtimer[0-9]' /proc/interrupts)" -eq "$lines" ] || return 1
	# And CPU 1 serves timers again.
	before=$(awk '/customtimer1$/ { print $3 }' /proc/interrupts)
	taskset 2 modprobe customtimer_pacer period_us=1000 count=50 || return 1
	wait_for 10 sh -c 'dmesg | grep -q "50 calls every 1000 us"' || return 1
	rmmod customtimer_pacer
	after=$(awk '/customtimer1$/ { print $3 }' /proc/interrupts)
	[ -z "$before" ] || [ "$after" -ge $((before + 50)) ]
}

failed=0
n=0
while [ $n -lt 10 ]; do
	dmesg -c >>/tmp/log
	round || failed=$((failed + 1))
	n=$((n + 1))
done
dmesg >>/tmp/log
is "$failed" 0 "10 times offline with a timer at work, and online again"
is "$(grep -c 'calls every.*none early' /tmp/log)" 20 "every timer ran to its end, none early"
check "timers were moved to another CPU" test "$(column moved)" -ge 10
is "$(column queued)" 0 "no timer is left"
check "the tick is alive" tick_alive
check "the module unloads" rmmod customtimer
is "$(interrupts customtimer)" 0 "no interrupt line is left"

echo 0 >$cpu1
check "it loads with a CPU offline" modprobe customtimer
echo 1 >$cpu1
[ "$lines" -eq 0 ] || is "$(grep -c 'customtimer[0-9]' /proc/interrupts)" "$lines" "the CPU that comes online gets its interrupt"
check "and unloads" rmmod customtimer
done_testing
