#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest is saved here and comes back on a Xen without the custom timer.
. /tests/guest/lib.sh

modprobe customtimer
modprobe customtimer_pacer period_us=5000 count=2000
bed-signal save
bed-wait restored 100 >/dev/null
check "the timer runs to its end" wait_for 120 sh -c "dmesg | grep -q '2000 calls every 5000 us'"
check "none early" sh -c "dmesg | grep '2000 calls every 5000 us' | grep -q 'none early'"
check "it had been under way at the save" sh -c \
	"dmesg | awk '/suspending|customtimer_pacer: custom/ { print }' | tail -n 1 | grep -q pacer"
is "$(sed -n 's/^backend: //p' /proc/customtimer)" hrtimer "hrtimers serve"
check "the log says why" sh -c "dmesg | grep -q 'customtimer: the hypervisor lacks the custom-timer patch'"
is "$(interrupts 'customtimer[0-9]')" 0 "nothing is bound"
rmmod customtimer_pacer
modprobe customtimer_apitest
cat /proc/customtimer_apitest >/tmp/api
check "the API's tests pass" sh -c '! grep "^not ok" /tmp/api && grep -q ^1\\.\\. /tmp/api'
rmmod customtimer_apitest
check "the module unloads" rmmod customtimer
check "the tick is alive" tick_alive
done_testing
