#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What stands in for a broadcast device while the ticks are ours, and gives way to a better.
. /tests/guest/lib.sh

clockevents=/sys/devices/system/clockevents
parameter=/sys/module/customtimer/parameters/clockevent

broadcast() {
	cat $clockevents/broadcast/current_device
}

modprobe customtimer clockevent=1
check "the ticks are ours" ticks customtimer
is "$(broadcast)" none "Linux's own device was not made the broadcast device"
modprobe customtimer_outrank c3stop=1
is "$(cat $clockevents/clockevent0/current_device)" outrank "a tick that needs broadcasts"
check "and a CPU that asks for one: time goes on" alive
rmmod customtimer_outrank
check "the ticks are ours again" ticks customtimer

modprobe customtimer_broadcast rating=550
is "$(broadcast)" broadcast "a better device takes the place"
echo 0 >$parameter
check "the ticks are Linux's" ticks xen
echo 1 >$parameter
check "the ticks are ours with it" ticks customtimer
is "$(broadcast)" broadcast "and it has kept the place"
echo 0 >$parameter
check "the ticks are Linux's again" ticks xen
rmmod customtimer
check "time goes on without the module" tick_alive
done_testing
