#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest is saved and restored with timers pending, twice.
. /tests/guest/lib.sh

modprobe customtimer
modprobe customtimer_xentest
ports=$(cat /proc/customtimer_ports)
lines=$(grep -c 'customtimer[0-9]' /proc/interrupts)
check "every CPU has its interrupt" test "$lines" -eq "$(grep -c ^processor /proc/cpuinfo)"

for round in 1 2; do
	dmesg -c >/dev/null
	# Long enough to be under way at the save.
	modprobe customtimer_pacer period_us=5000 count=2000
	bed-signal "ready-$round"
	bed-wait "restored-$round" 200 >/dev/null
	check "$round: the timer runs to its end" wait_for 120 sh -c "dmesg | grep -q '2000 calls every 5000 us'"
	check "$round: none early" sh -c "dmesg | grep '2000 calls every 5000 us' | grep -q 'none early'"
	check "$round: it had been under way at the save" sh -c \
		"dmesg | awk '/suspending|xenwatch|customtimer_pacer: custom|PM: |resum|Xen/ { print }' | tail -n 1 | grep -q pacer"
	dmesg | sed 's/^/# /'
	rmmod customtimer_pacer
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
