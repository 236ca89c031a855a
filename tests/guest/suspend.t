#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The system is suspended and hibernated as far as it can be tried without hardware, with
# timers, files, the guard and the clock parts in use: nothing is lost. Needs two CPUs.
# suspend.t PARAMETERS
. /tests/guest/lib.sh

cpu1=/sys/devices/system/cpu/cpu1
echo 1 >/sys/module/suspend/parameters/pm_test_delay

# expired CPU: what its timers have done
expired() {
	awk -v cpu="$1" '$1 == "cpu" { for (i = 1; i <= NF; i++) if ($i == "expired") col = i; next }
		col && $1 == cpu { print $col }' /proc/customtimer
}

cpu_more_than() {
	[ "$(expired "$1")" -gt "$2" ]
}

# A program on CPU 0 that waits for the device again and again.
reader() {
	while [ -e /tmp/reads ]; do
		taskset 1 customtimer latency --method custom --duration 1 --quiet --json >/tmp/reader 2>&1 || return
		[ ! -e /tmp/reads ] || echo again >>/tmp/reads
	done
}

reads() {
	wc -l </tmp/reads
}

more_reads() {
	[ "$(reads)" -gt "$1" ]
}

# trial STATE LEVEL: one suspend that ends before it reaches the hardware
trial() {
	dmesg -c >/dev/null
	echo "$2" >/sys/power/pm_test || return
	echo "$1" >/sys/power/state || echo "# $1 with $2: refused"
	echo none >/sys/power/pm_test
	name="$1, $2"
	check "$name: it had been under way" sh -c "dmesg | grep -q 'PM: '"
	is "$(dmesg | grep -c 'already in use\|are dropped\|has no timer')" 0 "$name: no complaint"
	check "$name: the timer on CPU 1 goes on" wait_for 60 cpu_more_than 1 $(($(expired 1) + 50))
	check "$name: so does a program that waits for the device" wait_for 60 more_reads $(($(reads) + 1))
}

# shellcheck disable=SC2086 # words
check "loaded" modprobe customtimer $1
taskset 2 modprobe customtimer_pacer period_us=5000 count=1000000 watch_ms=20
: >/tmp/reads
reader &
check "a program waits for the device" wait_for 60 more_reads 0
check "the guest can be suspended" grep -q . /sys/power/state
echo "# states $(cat /sys/power/state), levels $(cat /sys/power/pm_test)"

for state in $(cat /sys/power/state); do
	for level in freezer devices platform processors core; do
		[ "$state" != freeze ] || [ $level = freezer ] || [ $level = devices ] || [ $level = platform ] || continue
		trial "$state" $level
	done
done

# CPU 1 does not come back: another CPU has its timers.
fail=$(sed -n 's/^ *\([0-9]*\): random:online$/\1/p' /sys/devices/system/cpu/hotplug/states)
dmesg -c >/dev/null
check "CPU 1 is made to fail" sh -c "echo $fail >$cpu1/hotplug/fail"
echo processors >/sys/power/pm_test
echo "${state:?}" >/sys/power/state
echo none >/sys/power/pm_test
is "$(cat /sys/devices/system/cpu/online)" 0 "it did not come back"
calls=$(expired 0)
check "CPU 0 has its timers" wait_for 60 cpu_more_than 0 $((calls + 400))
check "they were moved" test "$(column moved)" -ge 1

rm /tmp/reads
wait
rmmod customtimer_pacer
check "no call was early" sh -c "dmesg | grep 'calls every 5000 us' | grep -q 'none early'"
# The tick is a timer, too.
[ "$1" = backend=hrtimer ] || echo 0 >/sys/module/customtimer/parameters/clockevent
is "$(column queued)" 0 "no timer is left"
check "it unloads" rmmod customtimer
check "the tick is alive" tick_alive
done_testing
