#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: what the hypervisor tells of custom timers, by xentrace and by
# debug key 'a'. Two guests, /root/xen-stub, share CPU 1 meanwhile.
. /tests/guest/lib.sh

# stub NAME MODE
stub() {
	printf '%s\n' "name = \"$1\"" 'type = "pvh"' 'kernel = "/root/xen-stub"' 'memory = 16' \
		'vcpus = 1' 'cpus = "1"' "cmdline = \"$2\"" >/tmp/stub.cfg
	xl create -q /tmp/stub.cfg
}

xl dmesg -c >/dev/null
stub armed armed
wait_for 20 sh -c 'xl dmesg | grep -q "armed$"'
xl debug-keys a
check "debug key a shows a timer with its window" \
	sh -c 'xl dmesg | grep -q "ex= *3[56][0-9]*us +5000000ns .*custom_timer_fn"'
xl destroy armed

xentrace -D -e 0x00804000 -T 2 /tmp/trace >/dev/null 2>&1 &
sleep 0.2
stub one tick
stub two tick
# Dom0 stops timers.
modprobe customtimer_xentest
grep -c ^ok /proc/customtimer_bounds >/dev/null
wait
xl destroy one
xl destroy two

# A line for each record: event and words. The first word of a record holds the
# event, the number of words and whether a time stamp comes before them.
hexdump -v -e '1/4 "%08x\n"' /tmp/trace | awk '
	function number(hex,	n, i) {
		for (i = 1; i <= length(hex); i++)
			n = n * 16 + index("123456789abcdef", substr(hex, i, 1))
		return n
	}
	!left {
		first = number(substr($1, 1, 1))
		stamp = first >= 8 ? 2 : 0
		left = first % 8 + stamp
		line = substr($1, 2)
		next
	}
	{
		if (!stamp)
			line = line " " number($1)
		stamp -= stamp > 0
		if (!--left)
			print line
	}' | grep '^08040' >/tmp/records

for event in 1:set 2:fire 3:park 4:stop; do
	n=$(grep -c "^080400${event%:*} " /tmp/records)
	check "$n records of ${event#*:}" test "$n" -gt 0
done
# Of the two guests. Words: domain and vCPU, low and high half of expires, lateness.
awk '$1 == "0804001" && $2 >= 65536 { set[$2] = $3 " " $4 }
	$1 == "0804002" && $2 >= 65536 { wrong += set[$2] != $3 " " $4 || $5 > 100000000; n++ }
	$1 == "0804003" && $2 >= 65536 { wrong += set[$2] != $3 " " $4; n++ }
	END { print n + 0, wrong + 0 }' /tmp/records >/tmp/judged
read -r n wrong </tmp/judged
check "$n timers fired or were parked" test "$n" -gt 100
is "$wrong" 0 "each with the expiry that was set"
done_testing
