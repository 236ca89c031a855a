#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Random hypercalls beside a module at work. The test module's own TAP, then a
# look at what is left.
. /tests/guest/lib.sh

modprobe customtimer_xentest
cat /proc/customtimer_fuzz | grep -v '^1\.\.'
tap_number=4
is "$(cat /proc/customtimer_offer)" "feature=1 get=0 set=-62" "the hypervisor offers the timer, and refuses the past"
check "the tick is alive" tick_alive

modprobe customtimer
cat /proc/customtimer_fuzz >/tmp/second
is "$(grep -c ^ok /tmp/second)" 4 "the same with the module loaded"
sed 's/^/# /' /tmp/second
modprobe customtimer_pacer period_us=500 count=200
check "its timers run on" wait_for 60 sh -c "dmesg | grep -q '200 calls every 500 us.*none early'"
rmmod customtimer_pacer
check "the module unloads" rmmod customtimer
check "the tick is still alive" tick_alive
done_testing
