#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Lives beside a hostile guest: its tick, its sleeps and its own custom timer
# have to work all the time.
. /tests/guest/lib.sh

modprobe customtimer || exit 1
n=0
while [ $n -lt 5 ]; do
	tick_alive || exit 1
	dmesg -c >/dev/null
	modprobe customtimer_pacer period_us=1000 count=500 || exit 1
	wait_for 60 sh -c "dmesg | grep -q '500 calls every 1000 us.*none early'" || exit 1
	rmmod customtimer_pacer || exit 1
	n=$((n + 1))
done
