#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Module parameters at their bounds and beyond.
. /tests/guest/lib.sh

dir=/sys/module/customtimer/parameters

# accepts NAME VALUE / refuses NAME VALUE
accepts() {
	check "$1=$2 is taken" sh -c "echo '$2' >$dir/$1 && [ \"\$(cat $dir/$1)\" = '$2' ]"
}
refuses() {
	was=$(cat "$dir/$1")
	dmesg -c >/dev/null
	check "$1=$2 is refused" sh -c "! echo '$2' 2>/dev/null >$dir/$1"
	check "$1=$2: a line says so" sh -c "dmesg | grep -q 'customtimer: $1 takes a number from 0 to'"
	is "$(cat "$dir/$1")" "$was" "$1=$2: the old value stays"
}

check "a wrong parameter at load is refused" sh -c '! modprobe customtimer backend=hrtimer max_lead_ns=-1 2>/dev/null'
check "and nothing is loaded" sh -c '! grep -q ^customtimer /proc/modules'
check "a good one is taken" modprobe customtimer backend=hrtimer max_lead_ns=1000000
for value in 0 1 1000000; do
	accepts max_lead_ns $value
done
for value in 1000001 -1 4294967296 99999999999999999999 garbage 1x ''; do
	refuses max_lead_ns "$value"
done
accepts max_wait_percent 0
accepts max_wait_percent 100
refuses max_wait_percent 101
refuses max_wait_percent -1
for name in dev_max_timers dev_max_rate; do
	accepts $name 0
	accepts $name 10000000
	refuses $name 10000001
	refuses $name -1
	refuses $name ''
done
is "$(sed -n 's/^max_wait_percent: //p' /proc/customtimer)" 100 "/proc/customtimer shows it"

echo 0 >$dir/max_wait_percent
modprobe customtimer_pacer period_us=200 count=200
check "timers run with no budget to wait" wait_for 60 sh -c "dmesg | grep -q '200 calls every 200 us.*none early'"
rmmod customtimer_pacer
for bad in period_us=0 period_us=1000001 count=0 count=1000001; do
	check "the sample refuses $bad" sh -c "! modprobe customtimer_pacer $bad 2>/dev/null"
done
rmmod customtimer
done_testing
