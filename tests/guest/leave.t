#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# leave.t [PARAMETER...]: of customtimer.ko. Of a module whose timers start each other on two
# CPUs none is left when it is unloaded, while the search takes long because of other timers.
. /tests/guest/lib.sh

modprobe customtimer "$@"
taskset 1 modprobe customtimer_crowd
before=$(column expired)
for n in 1 2 3 4 5 6 7 8; do
	modprobe customtimer_pingpong
	wait_for 10 more_than $((before + n * 100)) || echo "# they do not go on"
	rmmod customtimer_pingpong
	dmesg -c >/tmp/log
	check "unloaded, and the one that was left is dropped" \
		grep -q 'customtimer_pingpong was unloaded with 1 of its timers queued\|customtimer_pingpong was unloaded while it started timers' /tmp/log
done
is "$(column queued)" 100000 "no other is"
rmmod customtimer_crowd
check "the module unloads" rmmod customtimer
done_testing
