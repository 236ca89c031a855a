#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A clock that moves only with the tick. The guest's command line has nohz=off highres=off,
# without which Linux does not go over to such a clock.
. /tests/guest/lib.sh

parameter=/sys/module/customtimer/parameters/clockevent
source=/sys/devices/system/clocksource/clocksource0/current_clocksource
stock=$(cat $source)

modprobe customtimer clockevent=1
check "the ticks are ours" ticks customtimer
check "and alive" alive
echo jiffies >$source
is "$(cat $source)" jiffies "the clock becomes one that moves only with the tick"
check "Linux has its ticks back" wait_for 10 ticks xen
check "time goes on" tick_alive
is "$(cat $parameter)" 0 "the parameter says so"
check "and a line in the log" sh -c "dmesg | grep -q 'clockevent: CLOCK_MONOTONIC now moves only with the tick'"

check "clockevent=1 is refused" sh -c "! echo 1 2>/dev/null >$parameter"
check "a line says why" sh -c "dmesg | grep -q 'clockevent: CLOCK_MONOTONIC moves only with the tick, which would wait for it'"
check "time goes on" tick_alive

before=$(column armed)
modprobe customtimer_pacer period_us=5300 count=100
check "drivers' timers run" wait_for 30 sh -c "dmesg | grep -q '100 calls every 5300 us.*none early'"
settings=$(($(column armed) - before))
check "none is set over and over: $settings settings for 100 timers" test "$settings" -le 150
rmmod customtimer_pacer

echo "$stock" >$source
check "with a clock that moves the ticks can be ours" sh -c "echo 1 >$parameter"
check "on every CPU" ticks customtimer
check "and alive" alive
echo 0 >$parameter
check "the module unloads" rmmod customtimer
done_testing
