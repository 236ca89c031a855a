#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# isolated.t: CPU 1 of three goes offline with a timer on it, and CPU 0 is isolated.
. /tests/guest/lib.sh

# What the row of CPU $1 in /proc/customtimer has in column $2.
of_cpu() {
	awk -v cpu="$1" -v name="$2" '
		$1 == "cpu" { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		at && $1 == cpu { print $at }' /proc/customtimer
}

is "$(cat /sys/devices/system/cpu/isolated)" 0 "CPU 0 is isolated"
modprobe customtimer backend=hrtimer
taskset 2 modprobe customtimer_pacer period_us=10000 count=1000000
check "a timer runs on CPU 1" wait_for 30 sh -c "awk '\$1 == 1 && \$6 > 0 { found = 1 } END { exit !found }' /proc/customtimer"
echo 0 >/sys/devices/system/cpu/cpu1/online
is "$(of_cpu 0 moved)" 0 "the isolated CPU took none of its timers"
check "CPU 2 took them" test "$(of_cpu 2 moved)" -ge 1
calls=$(of_cpu 2 expired)
check "they go on there" wait_for 30 more_than "$((calls + 20))"

rmmod customtimer_pacer
is "$(column queued)" 0 "no timer is left"
check "the module unloads" rmmod customtimer
done_testing
