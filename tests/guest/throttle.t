#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A hypervisor that keeps interrupts further apart than the tick and sleeps ask:
# they come late, but they come.
# throttle.t PERIOD_MS: Xen's min-period
. /tests/guest/lib.sh

period_us=$(($1 * 1000))
parameter=/sys/module/customtimer/parameters/clockevent

# throttled: how many expiries Xen has delayed
throttled() {
	awk '{ n += $4 } END { print n }' /proc/customtimer_counters
}

# watch: a program on every CPU sleeps for 200 us, over and over, for 1 s
watch() {
	/root/clock/clockcheck 2000 0 >/tmp/clock &
	sleep 1
	kill $!
	wait $!
	sed 's/^/# /' /tmp/clock
}

modprobe customtimer_xentest
is "$(cut -d' ' -f6 /proc/customtimer_counters | sort -u)" "${period_us}000" "Xen's min-period is $1 ms"
check "the module loads" modprobe customtimer clockevent=1
is "$(dmesg | grep -c "keeps interrupts to a CPU ${period_us}000 ns apart")" 1 "a line says so, once"
check "the ticks are ours" ticks customtimer
check "and alive" alive

before=$(throttled)
watch
check "Xen delays interrupts" test "$(throttled)" -gt "$before"
check "so sleeps are late" test "$(field worst_us /tmp/clock)" -gt $((period_us / 2))
check "but no more than that" test "$(field worst_us /tmp/clock)" -lt $((period_us + 5000))
sleeps=$(field sleeps /tmp/clock)
# On every CPU one ends in each period.
check "and none is lost" test "$sleeps" -ge $((800000 / period_us * $(field threads /tmp/clock)))
is "$(field early /tmp/clock)" 0 "nor early"
is "$(field backward /tmp/clock)" 0 "the clock never goes back"

# A CPU that is busy has nothing but the tick to take it away.
start=$(cut -d. -f1 /proc/uptime)
timeout 1 sh -c 'while :; do :; done' 2>/dev/null
check "a busy program is stopped" test $(($(cut -d. -f1 /proc/uptime) - start)) -le 3
modprobe customtimer_pacer period_us=$((period_us * 3 / 2)) count=50
check "drivers' timers run" wait_for 30 sh -c "dmesg | grep -q '50 calls every.*none early'"
rmmod customtimer_pacer

echo 0 >$parameter
check "the ticks are Linux's again" ticks xen
watch
check "and sleeps short" test "$(field sleeps /tmp/clock)" -gt $((sleeps * 4))
check "the module unloads" rmmod customtimer
check "the tick is alive" tick_alive
done_testing
