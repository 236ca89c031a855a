#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# latency.t [MAX]: in virtual time, the custom timer is nearer to its deadline than an
# hrtimer in the same boot, by MAX ns at most in the median, and never before it.
. /tests/guest/lib.sh

measure() {
	modprobe customtimer_latency "timer=$1" count=1000 delay_ns=300000
	cat /sys/module/customtimer_latency/parameters/result
	rmmod customtimer_latency
}

# field NAME: of a result on standard input
field() {
	tr ' ' '\n' | sed -n "s/^$1=//p"
}

modprobe customtimer
# The clocks of several vCPUs agree only some seconds after the boot.
[ $# -eq 0 ] || sleep 10
hrtimer=$(measure hrtimer)
custom=$(measure custom)
echo "# $hrtimer"
echo "# $custom"
is "$(echo "$custom" | field n)" 1000 "all expired"
is "$(echo "$custom" | field early)" 0 "none early"
check "the median error is below the hrtimer's" test \
	"$(echo "$custom" | field p50)" -lt "$(echo "$hrtimer" | field p50)"
check "the 99th percentile too" test \
	"$(echo "$custom" | field p99)" -lt "$(echo "$hrtimer" | field p99)"
[ $# -eq 0 ] || check "the median error is at most $1 ns" test \
	"$(echo "$custom" | field p50)" -le "$1"
sed 's/^/# /' /proc/customtimer
done_testing
