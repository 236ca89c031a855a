#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guard.t EVENTS: the guard holds events back and loses none, also when its timer
# is cancelled under it; its parameter at its bounds; off, it leaves nothing behind.
. /tests/guest/lib.sh
events=$1
guard=/sys/module/customtimer/parameters/guard_ns

followed() {
	grep -c xen_evtchn_do_upcall /sys/kernel/tracing/enabled_functions
}

[ -d /sys/kernel/tracing/events ] || mount -t tracefs none /sys/kernel/tracing
check "a guard that is too long is refused at load" sh -c '! modprobe customtimer guard_ns=200001 2>/dev/null'
modprobe customtimer
is "$(cat $guard)" 0 "off by default"
is "$(followed)" 0 "and then nothing follows the upcall"

for value in 200001 -1 4294967296 garbage ''; do
	dmesg -c >/dev/null
	check "guard_ns=$value is refused" sh -c "! echo '$value' 2>/dev/null >$guard"
	check "guard_ns=$value: a line says so" sh -c "dmesg | grep -q 'guard_ns takes a number from 0 to'"
	is "$(cat $guard)" 0 "guard_ns=$value: the old value stays"
done
for value in 1 40000 200000; do
	check "guard_ns=$value is taken" sh -c "echo $value >$guard"
	is "$(sed -n 's/^guard_ns: //p' /proc/customtimer)" $value "/proc/customtimer shows it"
done
is "$(followed)" 1 "the upcall is followed"

# ftrace as a whole can be switched off.
ftrace=/proc/sys/kernel/ftrace_enabled
check "ftrace cannot be switched off under the guard" sh -c "! echo 0 2>/dev/null >$ftrace"
is "$(cat $ftrace)" 1 "it stays on"
echo 0 >$guard
check "without a guard it can be" sh -c "echo 0 >$ftrace"
dmesg -c >/dev/null
check "then the guard is refused" sh -c "! echo 40000 2>/dev/null >$guard"
is "$(dmesg | grep -c 'customtimer: .*kernel.ftrace_enabled')" 1 "one line says why"
is "$(cat $guard)" 0 "and the guard stays off"
check "doctor tells" sh -c "customtimer doctor | grep -q '^warn  ftrace '"
echo 1 >$ftrace
check "with ftrace on, it is taken again" sh -c "echo 200000 >$guard"

modprobe customtimer_guardtest "events=$events"
result=$(cat /sys/module/customtimer_guardtest/parameters/result)
rmmod customtimer_guardtest
echo "# $result"
check "$events events: none lost" sh -c "echo '$result' | grep -q 'sent=$events lost=0 '"
check "timers were cancelled and timers expired" sh -c "! echo '$result' | grep -Eq '(cancelled|expired)=0( |\$)'"
held=$(column held)
check "the guard held events back ($held times)" test "$held" -gt 0
check "the tick goes on" tick_alive

echo 1 >/sys/module/customtimer/parameters/clockevent
check "the tick can be held back as well" ticks customtimer
# crowded PERCENT STEP: at 100 % the lead, and what it takes to order an interrupt, must
# not be as long as STEP.
# A host that takes the CPU away during a wait uses up what may be waited; then the tick
# is not held back for a while, but it is once in a number of tries.
crowded() {
	echo "$1" >/sys/module/customtimer/parameters/max_wait_percent
	held=$(column held)
	took=0
	for crowded_try in 1 2 3 4 5 6 7 8 9 10; do
		[ "$took" -lt 60000 ] && [ "$(column held)" = "$held" ] || break
		[ $crowded_try = 1 ] || echo "# the tick was not held back: tried again"
		modprobe customtimer_guardtest crowd=8 step_ns="$2" events=1
		took=$(cat /sys/module/customtimer_guardtest/parameters/crowded_ms)
		rmmod customtimer_guardtest
	done
	check "a deadline every $2 ns, $1 %: the tick goes on, 20 sleeps of 1 ms took $took ms" test "$took" -lt 60000
	check "the tick was held back" test "$(column held)" -gt "$held"
}
crowded 50 20000
crowded 100 190000
limited=$(column limited)
modprobe customtimer_pacer period_us=10 count=250000
check "a timer that keeps its CPU waiting ends" wait_for 120 sh -c "dmesg | grep -q '250000 calls every 10 us'"
rmmod customtimer_pacer
check "meanwhile all else has a turn" test "$(column limited)" -gt "$limited"
echo 0 >/sys/module/customtimer/parameters/clockevent
echo 50 >/sys/module/customtimer/parameters/max_wait_percent

check "it can be switched off" sh -c "echo 0 >$guard"
is "$(followed)" 0 "and then nothing follows the upcall"
echo 40000 >$guard
check "the module can be unloaded with the guard up" rmmod customtimer
is "$(followed)" 0 "and then nothing follows the upcall"
check "the tick goes on after that" tick_alive
done_testing
