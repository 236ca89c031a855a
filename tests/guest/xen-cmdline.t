#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: what Xen made of its option custom-timer.
# xen-cmdline.t PERIOD PATTERN...: the min-period there should be, 0 if dom0 may
# not use the timer; what Xen's log should say
. /tests/guest/lib.sh

period=$1
shift
modprobe customtimer_xentest
if [ "$period" = 0 ]; then
	is "$(cat /proc/customtimer_offer)" "feature=0 get=-1 set=-1" "dom0 may not use it"
else
	is "$(cat /proc/customtimer_offer)" "feature=1 get=0 set=-62" "dom0 may use it"
	is "$(cut -d' ' -f6 /proc/customtimer_counters)" "$period" "min-period is $period"
fi
xl dmesg >/tmp/log
for pattern; do
	check "the log says: $pattern" grep -q -- "$pattern" /tmp/log
done
check "the tick is alive" tick_alive
done_testing
