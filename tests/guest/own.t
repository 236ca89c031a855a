#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Timers on every CPU while another guest does the same: each CPU gets its own
# interrupts, all of them, and no others. own.t NAME: of this guest, for the log
. /tests/guest/lib.sh

modprobe customtimer
modprobe customtimer_xentest
modprobe customtimer_apitest

# Interrupts of each CPU as the guest counts them, and as the hypervisor does.
handled() {
	awk '/customtimer[0-9]+$/ { n = substr($NF, 12); print n, $(n + 2) }' /proc/interrupts
}
raised() {
	awk '{ print $1, $3 }' /proc/customtimer_counters
}

handled >/tmp/handled.before
raised >/tmp/raised.before
bed-signal "ready-$1"
for guest in one two; do
	bed-wait "ready-$guest" 120 >/dev/null
done
cat /proc/customtimer_all_cpus
tap_number=$(grep -c ^processor /proc/cpuinfo)
handled >/tmp/handled.after
raised >/tmp/raised.after

join /tmp/handled.before /tmp/handled.after | awk '{ print $1, $3 - $2 }' >/tmp/handled
join /tmp/raised.before /tmp/raised.after | awk '{ print $1, $3 - $2 }' >/tmp/raised
is "$(cat /tmp/handled)" "$(cat /tmp/raised)" "each CPU handled just the interrupts that were raised for it"
check "they are as many as the calls at least" awk '$2 < 3000 { bad = 1 } END { exit bad }' /tmp/handled
sed 's/^/# /' /tmp/handled
done_testing
