#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loads and unloads the module over and over while timers run: nothing may leak.
# reload.t CYCLES
. /tests/guest/lib.sh

cycles=$1
modprobe customtimer_xentest

cycle() {
	modprobe customtimer &&
		modprobe customtimer_pacer period_us=100 count=1000000 &&
		[ "$(column queued)" -ge 0 ] &&
		! rmmod customtimer 2>/dev/null &&
		rmmod customtimer_pacer &&
		[ "$(column queued)" -eq 0 ] &&
		rmmod customtimer
}

check "the first cycle" cycle
ports=$(cat /proc/customtimer_ports)
failed=0
n=1
while [ $n -lt $cycles ]; do
	cycle || failed=$((failed + 1))
	n=$((n + 1))
done
is "$failed" 0 "$cycles cycles"
is "$(cat /proc/customtimer_ports)" "$ports" "event channels: as many and no higher port than after the first"
is "$(interrupts customtimer)" 0 "no interrupt line is left"
check "the tick is alive" tick_alive

modprobe customtimer
modprobe customtimer_apitest abandon=1
rmmod customtimer_apitest
check "a module that forgets a timer is named" sh -c \
	"dmesg | grep -q 'module customtimer_apitest was unloaded with 1 of its timers queued'"
is "$(column queued)" 0 "its timer is dropped"
# It would be due meanwhile.
sleep 11
modprobe customtimer_pacer period_us=500 count=200
check "timers run after all that" wait_for 60 sh -c "dmesg | grep -q '200 calls every 500 us'"
check "none early" sh -c "dmesg | grep '200 calls every 500 us' | grep -q 'none early'"
rmmod customtimer_pacer
rmmod customtimer
done_testing
