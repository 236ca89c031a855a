#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The sample driver: a periodic timer, a one-shot in each period, and one with a
# window that costs no interrupt of its own.
. /tests/guest/lib.sh

modprobe customtimer
modprobe customtimer_pacer period_us=300 count=3000 pulse_us=100 watch_ms=50
wait_for 60 sh -c "dmesg | grep -q 'pulses of 100 us'"
dmesg | grep 'pacer:' | sed 's/^/# /'
# A PV guest that forks has its interrupts off for longer than a period.
check "all calls, none early" sh -c "dmesg | grep '3000 calls every 300 us' | grep -q 'none early'"
# The last period reports without waiting for the end of its pulse.
check "a pulse in each" sh -c "dmesg | grep -q '\(2999\|3000\) pulses of 100 us'"
check "there was progress all the time" sh -c "! dmesg | grep -q 'no call for'"
# Two to a period, and now and then one in vain; the third timer ran 17 times.
expired=$(column expired)
interrupts=$(column interrupts)
echo "# $expired expiries in $interrupts interrupts, $(column coalesced) shared"
check "three timers ran" test "$expired" -ge 6015
check "the one with a window shared an interrupt mostly" test "$(column coalesced)" -ge 10
check "the sample unloads with a timer queued" rmmod customtimer_pacer
is "$(column queued)" 0 "and leaves none behind"
for bad in pulse_us=300 watch_ms=1001; do
	check "it refuses $bad" sh -c "! modprobe customtimer_pacer $bad 2>/dev/null"
done
check "the module unloads" rmmod customtimer
done_testing
