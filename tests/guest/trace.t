#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The tracepoints tell what /proc/customtimer counts.
. /tests/guest/lib.sh

tracing=/sys/kernel/tracing
modprobe customtimer
grep -q " $tracing " /proc/mounts || mount -t tracefs tracefs $tracing
events=$tracing/events/customtimer
echo 4096 >$tracing/buffer_size_kb

# traced EVENT: how often it was recorded
traced() {
	grep -c " customtimer_$1: " /tmp/trace
}

is "$(cd $events && echo */ | tr -d /)" \
	"customtimer_arm customtimer_cancel customtimer_expire_entry customtimer_expire_exit customtimer_interrupt customtimer_start" \
	"the events"
echo 1 >$events/enable
modprobe customtimer_pacer period_us=1000 count=500
wait_for 60 sh -c "dmesg | grep -q '500 calls every 1000 us'"
# While the module is there to be named.
is "$(sed -n 's/.*expire_entry:.* function=\([a-z_]*\) .*/\1/p' $tracing/trace | sort -u)" custom_fn \
	"callbacks by name"
rmmod customtimer_pacer
# Cancelled while queued.
modprobe customtimer_pacer period_us=1000000 count=2
rmmod customtimer_pacer
echo 0 >$events/enable
# Before what was set for the cancelled one interrupts in vain.
interrupts=$(column interrupts)
grep -v '^#' $tracing/trace >/tmp/trace
head -n 8 /tmp/trace | sed 's/^/# /'
is "$(cat $tracing/per_cpu/cpu*/stats | grep -c '^overrun: 0$')" "$(grep -c ^processor /proc/cpuinfo)" "nothing was overwritten"

is "$(traced start)" "$(column started)" "as many starts as counted"
is "$(traced start)" 2 "which is two"
is "$(traced cancel)" "$(column cancelled)" "as many cancellations as counted"
is "$(traced cancel)" 1 "which is one"
is "$(traced expire_entry)" 500 "an event before each callback"
is "$(traced expire_exit)" 500 "and one after it"
is "$(traced interrupt)" "$interrupts" "as many interrupts as counted"
# A setting that is repeated is one order.
check "as many settings as counted, repetitions left out" test \
	"$(traced arm)" -ge "$(($(column armed) - $(column retries)))"
check "at least one for each period" test "$(traced arm)" -ge 500
is "$(grep -c 'expire_exit:.* restart=1' /tmp/trace)" 499 "all but the last want to go on"
check "none early" sh -c '! grep -q "error=-" /tmp/trace'
sed -n 's/.*expire_entry:.* error=//p' /tmp/trace | sort -n | awk '{ e[NR] = $1 }
	END { print "# errors: least " e[1] ", median " e[int(NR / 2)] ", most " e[NR] }'

# Off again, nothing is recorded.
echo >$tracing/trace
modprobe customtimer_pacer period_us=1000 count=50
wait_for 60 sh -c "dmesg | grep -q '50 calls every 1000 us'"
rmmod customtimer_pacer
is "$(grep -vc '^#' $tracing/trace)" 0 "nothing is recorded when it is off"

echo 'error > 1000000000' >$events/customtimer_expire_entry/filter
is "$(cat $events/customtimer_expire_entry/filter)" 'error > 1000000000' "events can be filtered by their fields"

# /sys/kernel/debug/customtimer
debug=/sys/kernel/debug
grep -q " $debug " /proc/mounts || mount -t debugfs debugfs $debug
grep -v ^cpu $debug/customtimer/histogram >/tmp/histogram
is "$(awk '{ n += $4 } END { print n }' /tmp/histogram)" "$(column expired)" "histogram: as many errors as expiries"
is "$(tail -n 1 /tmp/histogram | cut -d' ' -f3)" "$(column worst_ns)" "histogram: the last bucket ends with the worst"
check "histogram: buckets in order, none empty" \
	awk '$2 > $3 || (NR > 1 && $2 <= last) || $4 < 1 { bad = 1 } { last = $3 } END { exit bad }' /tmp/histogram
is "$(grep -vc '^now\|^cpu' $debug/customtimer/timers)" 0 "timers: none is queued"
modprobe customtimer_pacer period_us=1000000 count=2
sed 's/^/# /' $debug/customtimer/timers
is "$(awk '/custom_fn/ { print $1, $4, $5 }' $debug/customtimer/timers)" "0 0 custom_fn" "timers: the one that is queued, by its callback"
check "timers: its deadline is within a second" awk '/^now/ { now = $2 }
	/custom_fn/ { ahead = $3 - now } END { exit !(ahead > 0 && ahead <= 1000000000) }' $debug/customtimer/timers
rmmod customtimer_pacer
modprobe customtimer_apitest abandon=1000
sed '1,2d' $debug/customtimer/timers >/tmp/timers
is "$(wc -l </tmp/timers)" 1000 "timers: a thousand of which many have the same deadline"
is "$(cut -d' ' -f2 /tmp/timers | sort -u | wc -l)" 1000 "timers: each is shown once"
check "timers: in the order of their deadlines" \
	awk '$3 < last { bad = 1 } { last = $3 } END { exit bad }' /tmp/timers
rmmod customtimer_apitest
is "$(grep -vc '^now\|^cpu' $debug/customtimer/timers)" 0 "timers: all are gone with their module"
check "the module unloads" rmmod customtimer
check "and takes its files along" test ! -e $debug/customtimer
done_testing
