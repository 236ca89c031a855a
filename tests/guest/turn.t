#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A timer that is due faster than the CPU can serve it leaves time for everything else.
. /tests/guest/lib.sh

running() {
	! dmesg | grep -q 'calls every'
}

# Nothing but the shell's own work.
work() {
	n=0
	while [ $n -lt 4000 ]; do n=$((n + 1)); done
}

modprobe customtimer
modprobe customtimer_pacer period_us=10 count=1000000
check "the module that has started it goes on" running
check "a program goes on" work
check "all this while the timer ran" running
check "the tick is alive" tick_alive
check "the timer was limited" test "$(column limited)" -gt 0
rmmod customtimer_pacer
check "none early" sh -c "dmesg | grep 'calls every 10 us' | grep -q 'none early'"
sed 's/^/# /' /proc/customtimer
rmmod customtimer
done_testing
