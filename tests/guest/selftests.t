#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's own timer tests pass with every part of the clock driver, and whichever does
# not passes no more without the module.
. /tests/guest/lib.sh
source=/sys/devices/system/clocksource/clocksource0/current_clocksource

# verdicts FILE: one line for each, its name and its status. Those that keep the
# CPU busy are run for a short time: the emulator takes ten times as long.
verdicts() {
	for test in posix_timers nanosleep nsleep-lat set-timer-lat mqueue-lat \
		"inconsistency-check -t 2" raw_skew "threadtest -t 4 -n 4"; do
		# shellcheck disable=SC2086 # words
		timeout 900 /root/selftests/$test >/tmp/out 2>&1
		echo "$test: $?" >>"$1"
		tr '\r' '\n' </tmp/out | tail -n 12 | sed "s/^/# /"
		echo "# $(tail -n 1 "$1")"
	done
}

verdicts /tmp/without
modprobe customtimer clockevent=1 clocksource=1 ptp=1 rtc=1
echo customtimer >$source
mdev -s 2>/dev/null
verdicts /tmp/with
is "$(cat /tmp/with)" "$(cat /tmp/without)" "the same verdicts"
is "$(grep -vc ': 0$' /tmp/with)" 0 "all pass"
check "rtcpie, which needs our RTC" timeout 300 /root/selftests/rtcpie /dev/rtc0
check "the tick was ours throughout" grep -q customtimer /sys/devices/system/clockevents/clockevent0/current_device
echo 0 >/sys/module/customtimer/parameters/clockevent
echo 0 >/sys/module/customtimer/parameters/clocksource
check "the module unloads" rmmod customtimer
done_testing
