#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Where there is no custom timer, the module does not load, one line says why,
# and the guest goes on as before.
# refusal.t PATTERN [OFFER]: what that line has to match, and what the hypervisor
# says of itself (see customtimer_xentest.c)
. /tests/guest/lib.sh

dmesg -c >/dev/null
message=$(modprobe customtimer 2>&1)
ok $((!$?)) "modprobe fails"
check "with ENODEV" test "${message%No such device}" != "$message"
# This modprobe asks the kernel twice: with finit_module(), then init_module().
dmesg | sed -n 's/^\[[^]]*\] //; /out-of-tree\|module verification/d; /customtimer:/p' | sort -u >/tmp/said
is "$(grep -c . /tmp/said)" 1 "one line in the log"
check "it says: $1" grep -q -- "$1" /tmp/said
sed 's/^/# /' /tmp/said

if [ $# -gt 1 ]; then
	modprobe customtimer_xentest
	is "$(cat /proc/customtimer_offer)" "$2" "what the hypervisor offers"
	rmmod customtimer_xentest
fi

customtimer doctor >/tmp/doctor
is $? 1 "customtimer doctor says that something is wrong"
grep '^fail  module' /tmp/doctor >/tmp/said
check "and what" grep -q -- "$1" /tmp/said

check "nothing is left in /proc/modules" sh -c '! grep -q ^customtimer /proc/modules'
check "nor in /proc" test ! -e /proc/customtimer
is "$(interrupts customtimer)" 0 "nor an interrupt"
check "the tick is alive" tick_alive

check "an unknown backend is refused" sh -c '! modprobe customtimer backend=sundial 2>/dev/null'
check "by name" sh -c 'dmesg | grep -q "backend=sundial is unknown"'
check "backend=hrtimer loads" modprobe customtimer backend=hrtimer
check "and says so" grep -q '^backend: hrtimer$' /proc/customtimer
check "and unloads" rmmod customtimer
check "the tick is still alive" tick_alive
done_testing
