#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest is suspended with timers pending: it is saved and restored, saved but
# goes on, and migrated.
. /tests/guest/lib.sh

modprobe customtimer
modprobe customtimer_xentest
ports=$(cat /proc/customtimer_ports)
lines=$(grep -c 'customtimer[0-9]' /proc/interrupts)
check "every CPU has its interrupt" test "$lines" -eq "$(grep -c ^processor /proc/cpuinfo)"

for round in restored resumed migrated; do
	dmesg -c >/dev/null
	modprobe customtimer_pacer period_us=5000 count=1000000
	bed-signal "ready-$round"
	bed-wait "$round" 200 >/dev/null
	calls=$(column expired)
	check "$round: the timer goes on" wait_for 60 more_than "$((calls + 200))"
	rmmod customtimer_pacer
	check "$round: none early" sh -c "dmesg | grep 'calls every 5000 us' | grep -q 'none early'"
	check "$round: it had been under way" sh -c "dmesg | grep -q 'suspending xenstore'"
	dmesg | sed 's/^/# /'
	is "$(grep -c 'customtimer[0-9]' /proc/interrupts)" "$lines" "$round: every CPU has its interrupt again"
	is "$(sed -n 's/^backend: //p' /proc/customtimer)" xen "$round: the backend is Xen"
	is "$(cat /proc/customtimer_ports)" "$ports" "$round: as many event channels as before"
done
modprobe customtimer_apitest
cat /proc/customtimer_apitest >/tmp/api
check "the API's tests pass afterwards" sh -c '! grep "^not ok" /tmp/api && grep -q ^1\\.\\. /tmp/api'
sed 's/^/# /' /proc/customtimer
rmmod customtimer_apitest
check "the module unloads" rmmod customtimer
check "the tick is alive" tick_alive
done_testing
