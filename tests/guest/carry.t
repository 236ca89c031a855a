#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest, whose tick uses the custom timer, is saved here, goes on on a Xen
# without it, is saved there and comes back. All is printed at the end: what is on its way at a save
# may be lost.
. /tests/guest/lib.sh

backend() {
	sed -n 's/^backend: //p' /proc/customtimer
}

# ticks: what the CPUs' ticks use
ticks() {
	cat /sys/devices/system/clockevents/clockevent[0-9]*/current_device | sort -u
}

# A timer that does not end by itself, so that it is under way at the save however long
# that takes.
pacer() {
	dmesg -c >/dev/null
	modprobe customtimer_pacer period_us=5000 count=1000000
}

# pacer_done TEXT: what became of it
pacer_done() {
	check "$1: the guest had been suspended" sh -c "dmesg | grep -q suspending"
	calls=$(column expired)
	check "$1: the timer goes on" wait_for 120 more_than "$((calls + 200))"
	rmmod customtimer_pacer
	check "$1: none early" sh -c "dmesg | grep 'calls every 5000 us' | grep -q 'none early'"
}

stock() {
	pacer_done "on the stock Xen"
	is "$(backend)" hrtimer "hrtimers serve"
	is "$(ticks)" xen "the ticks are Linux's own"
	check "the log says why" sh -c "dmesg | grep -q 'customtimer: the hypervisor lacks the custom-timer patch'"
	is "$(interrupts 'customtimer[0-9]')" 0 "nothing is bound"
	modprobe customtimer_apitest
	cat /proc/customtimer_apitest >/tmp/api
	check "the API's tests pass" sh -c '! grep "^not ok" /tmp/api && grep -q ^1\\.\\. /tmp/api'
	rmmod customtimer_apitest
}

back() {
	pacer_done "on the patched Xen again"
	is "$(backend)" xen "Xen serves"
	is "$(ticks)" customtimer "so it does the ticks"
	is "$(grep -c 'customtimer[0-9]' /proc/interrupts)" "$lines" "every CPU has its interrupt again"
	modprobe customtimer_pacer period_us=1000 count=300
	check "a new timer runs" wait_for 60 sh -c "dmesg | grep -q '300 calls every 1000 us.*none early'"
	check "by that interrupt" test "$(interrupts 'customtimer[0-9]')" -ge 150
	rmmod customtimer_pacer
}

# Returns in the next life.
save() {
	bed-signal restored 0
	bed-signal save
	wait_for 100 sh -c '[ "$(bed-wait restored 10)" = 1 ]'
}

modprobe customtimer clockevent=1
lines=$(grep -c 'customtimer[0-9]' /proc/interrupts)
pacer
save
stock >/tmp/stock
tap_number=$(grep -c '^\(not \)*ok' /tmp/stock)
pacer
save
cat /tmp/stock
back
echo 0 >/sys/module/customtimer/parameters/clockevent
check "the module unloads" rmmod customtimer
check "the tick is alive" tick_alive
done_testing
