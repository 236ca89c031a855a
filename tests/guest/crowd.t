#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# With 100,000 timers queued an exact timer is on time while queues are searched: when a
# module is unloaded, and when the timers are listed. In virtual time.
. /tests/guest/lib.sh

# What the search may cost, in ns. Searching all at once takes three times as long.
most=1000000

# worst COMMAND...: the largest error of a timer of 200 us while COMMAND runs
worst() {
	dmesg -c >/dev/null
	modprobe customtimer_pacer period_us=200 count=1000000
	"$@" >/tmp/out
	rmmod customtimer_pacer
	dmesg | sed -n 's/.*calls every 200 us.* max \([0-9]*\),.*/\1/p'
}

unload() {
	for n in 1 2 3; do
		modprobe customtimer_xentest
		rmmod customtimer_xentest
	done
}

list() {
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	cat /sys/kernel/debug/customtimer/timers
}

modprobe customtimer
none=$(worst unload)
modprobe customtimer_crowd
check "100000 are queued" test "$(column queued)" -ge 100000
unloading=$(worst unload)
listing=$(worst list)
echo "# $none ns without them, $unloading ns, $listing ns while they are listed"
check "a module is unloaded: $unloading ns" test "$unloading" -lt $((none + most))
check "they are listed: $listing ns" test "$listing" -lt $((none + most))
is "$(grep -c far_fn /tmp/out)" 100000 "each of them once"
rmmod customtimer_crowd
is "$(column queued)" 0 "none is left"

dmesg -c >/dev/null
modprobe customtimer_crowd count=100 leave=1
rmmod customtimer_crowd
is "$(column queued)" 0 "what a module leaves behind is dropped"
check "and its author is told" sh -c "dmesg | grep -q 'customtimer_crowd was unloaded with 101 of its timers queued'"
check "the module unloads" rmmod customtimer
check "the tick is alive" tick_alive
done_testing
