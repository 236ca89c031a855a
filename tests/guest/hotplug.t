#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A CPU goes offline with timers on it, and comes back. Needs two CPUs.
# hotplug.t [MS]: how long thousands of timers are started meanwhile
. /tests/guest/lib.sh

cpu1=/sys/devices/system/cpu/cpu1/online
modprobe customtimer
lines=$(grep -c 'customtimer[0-9]' /proc/interrupts)

round() {
	# The timer is started on CPU 1 by whoever loads the module. It does not end by itself,
	# however long that CPU takes to go.
	taskset 2 modprobe customtimer_pacer period_us=10000 count=1000000 || return 1
	echo 0 >$cpu1 || return 2
	calls=$(column expired)
	wait_for 60 more_than "$((calls + 50))" || return 3
	rmmod customtimer_pacer
	echo 1 >$cpu1 || return 4
	[ "$(grep -c 'customtimer[0-9]' /proc/interrupts)" -eq "$lines" ] || return 5
	# And CPU 1 serves timers again.
	before=$(awk '/customtimer1$/ { print $3 }' /proc/interrupts)
	taskset 2 modprobe customtimer_pacer period_us=1000 count=50 || return 6
	wait_for 60 sh -c 'dmesg | grep -q "50 calls every 1000 us"' || return 7
	rmmod customtimer_pacer
	after=$(awk '/customtimer1$/ { print $3 }' /proc/interrupts)
	# One interrupt may serve two calls if it comes late.
	[ -z "$before" ] || [ "$after" -gt "$before" ] || return 8
}

failed=0
n=0
while [ $n -lt 10 ]; do
	dmesg -c >>/tmp/log
	round || {
		echo "# round $n ended with $?"
		failed=$((failed + 1))
	}
	n=$((n + 1))
done
dmesg >>/tmp/log
is "$failed" 0 "10 times offline with a timer at work, and online again"
is "$(grep -c 'calls every.*none early' /tmp/log)" 20 "every timer went on, none early"
check "timers were moved to another CPU" test "$(column moved)" -ge 10
is "$(column queued)" 0 "no timer is left"

# Thousands of timers, started on every CPU while CPU 1 comes and goes.
modprobe customtimer_apitest flock_ms=${1:-5000}
cat /proc/customtimer_flock >/tmp/flock &
flock=$!
n=0
while [ ! -s /tmp/flock ]; do
	echo 0 >$cpu1
	sleep 0.2
	echo 1 >$cpu1
	sleep 0.2
	n=$((n + 1))
done
wait $flock
echo "# $(cat /tmp/flock), CPU 1 offline $n times"
check "thousands were started" test "$(sed 's/started=\([0-9]*\) .*/\1/' /tmp/flock)" -ge 5000
check "CPU 1 went offline meanwhile" test $n -ge 1
is "$(sed 's/.*\(lost=.*\)/\1/' /tmp/flock)" "lost=0 more=0 early=0" "each was called as often as it was started, none early"
is "$(column queued)" 0 "none is left in a queue"
rmmod customtimer_apitest

check "the tick is alive" tick_alive
check "the module unloads" rmmod customtimer
is "$(interrupts customtimer)" 0 "no interrupt line is left"

echo 0 >$cpu1
check "it loads with a CPU offline" modprobe customtimer
echo 1 >$cpu1
[ "$lines" -eq 0 ] || is "$(grep -c 'customtimer[0-9]' /proc/interrupts)" "$lines" "the CPU that comes online gets its interrupt"
check "and unloads" rmmod customtimer
done_testing
