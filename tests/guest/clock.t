#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clock.t [OVER_NS]: timers while NTP slews the clock, also while it begins and ends to, and
# when the offset between the guest's clock and Xen's is wrong. In virtual time they are later
# than an hrtimer of the same distance by no more than OVER_NS.
. /tests/guest/lib.sh

over=$1
modprobe customtimer
modprobe customtimer_clocktest ${over:+over_ns=$over}

# timers WHAT: never early, none lost, not too late
timers() {
	# Of the last millisecond, at 10 %, and what an emulated guest needs.
	check "$1: at most 1 ms late" test "$(echo "$result" | sed 's/.*late_us=\(-*[0-9]*\) .*/\1/')" -le 1000
	[ -z "$over" ] || check "$1: later than an hrtimer by no more than $over ns" \
		test "$(echo "$result" | sed 's/.*over_ns=\(-*[0-9]*\) .*/\1/')" -le "$over"
	is "${result#* over_ns=* }" "early=0 lost=0" "$1: no timer is early and none is lost"
}

# slewed PPM: timers are never early, by a clock that deviates by about PPM
slewed() {
	result=$(cat /proc/customtimer_slew)
	echo "# $result"
	ppm=${result#ppm=}
	ppm=${ppm%% *}
	check "the clock runs at $1 ppm" test "$((ppm - $1))" -ge -20 -a "$((ppm - $1))" -le 20
	timers "$1 ppm"
}

adjtimex -q -f 0
slewed 0
adjtimex -q -f 32768000
slewed 500
adjtimex -q -f -32768000
slewed -500
# As chrony and adjtimex do to a clock that is far off.
adjtimex -q -f 0 -t 11000
slewed 100000
adjtimex -q -f 0 -t 9000
slewed -100000

# The rate changes while timers wait.
while [ ! -e /tmp/enough ]; do
	for tick in 11000 9000 10000; do
		adjtimex -q -t $tick
		sleep 0.037
	done
done &
result=$(cat /proc/customtimer_slew)
echo "# $result"
: >/tmp/enough
wait
over=
timers "a rate that changes"
adjtimex -q -f 0 -t 10000

offset() {
	sed -n 's/^clock_offset_ns: //p' /proc/customtimer
}

before=$(offset)
retries=$(column retries)
cat /proc/customtimer_offset >/tmp/offset
awk -v n="$tap_number" '/^(not )?ok [0-9]+/ { sub(/ok [0-9]+/, "ok " ++n) } { print }' /tmp/offset
tap_number=$((tap_number + $(grep -cE '^(not )?ok ' /tmp/offset)))
check "settings were repeated" test "$(column retries)" -gt "$retries"
is "$(column refused)" 0 "none was refused"
moved=$(($(offset) - before))
echo "# the offset moved by $moved ns"
# Xen's clock is read by a hypercall, which an emulated PVH guest needs 100 us for.
check "the offset is what it was, to within 200 us" test "$moved" -ge -200000 -a "$moved" -le 200000
sed 's/^/# /' /proc/customtimer
rmmod customtimer_clocktest
check "the module unloads" rmmod customtimer
done_testing
