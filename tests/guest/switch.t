#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The parts of the PV clock driver go on and off under load, and the module with
# them, while CPUs come and go and a program on every CPU watches the clock.
# switch.t ROUNDS [save]: with "save", the guest is saved halfway.
. /tests/guest/lib.sh

rounds=$1
parameters=/sys/module/customtimer/parameters
source=/sys/devices/system/clocksource/clocksource0
cpu1=/sys/devices/system/cpu/cpu1/online

# A sleep of 200 us that takes 2 s has missed a tick; CPUs of the emulator stop
# each other for less. A guest that is saved freezes its programs meanwhile, each once.
stops=0
[ -z "${2:-}" ] || stops=1
/root/clock/clockcheck 2000 $stops >/tmp/clock 2>&1 &
checker=$!
modprobe customtimer_xentest

# Every one of the steps has to succeed.
round() {
	modprobe customtimer clockevent=$(($1 % 2)) &&
		echo $(($1 / 2 % 2)) >$parameters/clocksource &&
		echo 1 >$parameters/rtc || return 1
	# The debug kernel has no PTP clocks.
	[ ! -d /sys/class/ptp ] || echo 1 >$parameters/ptp || return 1
	[ $(($1 / 2 % 2)) = 0 ] || echo customtimer >$source/current_clocksource || return 1
	echo 1 >$parameters/clockevent || return 1
	[ "$(cat /sys/devices/system/clockevents/clockevent0/current_device)" = customtimer ] || return 1
	modprobe customtimer_pacer period_us=200 count=1000000 || return 1
	if [ -w $cpu1 ]; then
		echo 0 >$cpu1 && sleep 0.05 && echo 1 >$cpu1 || return 1
	fi
	if [ "$2" ]; then
		bed-signal ready-1
		bed-wait restored-1 200 >/dev/null || return 1
		[ "$(cat /sys/devices/system/clockevents/clockevent0/current_device)" = customtimer ] || return 1
	fi
	sleep 0.1
	echo 0 >$parameters/clockevent &&
		[ "$(cat /sys/devices/system/clockevents/clockevent0/current_device)" = xen ] &&
		rmmod customtimer_pacer && {
		echo 0 >$parameters/rtc
		echo 0 >$parameters/clocksource
		[ "$(cat $source/current_clocksource)" != customtimer ] && rmmod customtimer
	}
}

check "the first round" round 3
ports=$(cat /proc/customtimer_ports)
failed=0
n=1
while [ "$n" -lt "$rounds" ]; do
	save=
	[ "$n" != $((rounds / 2)) ] || save=${2:-}
	round "$n" "$save" || {
		failed=$((failed + 1))
		dmesg | tail -n 5 | sed 's/^/# /'
	}
	n=$((n + 1))
done
is "$failed" 0 "$rounds rounds"
is "$(cat /proc/customtimer_ports)" "$ports" "event channels: as many and no higher port than after the first"
kill $checker
wait $checker
sed 's/^/# /' /tmp/clock
check "the clock was watched" grep -q 'reads=[1-9][0-9]' /tmp/clock
check "it never went back" grep -q ' backward=0 ' /tmp/clock
check "no sleep was too short" grep -q ' early=0 ' /tmp/clock
limit=$((stops * $(grep -c ^processor /proc/cpuinfo)))
check "none got stuck" test "$(sed -n 's/.* stuck=\([0-9]*\) .*/\1/p' /tmp/clock)" -le "$limit"
check "no CPU took another device" sh -c "! dmesg | grep 'has gone over'"
check "the tick is alive" tick_alive
done_testing
