#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A program that sleeps with the library wakes up sooner than with the system's own
# calls.
. /tests/guest/lib.sh

modprobe customtimer
# The clocks of several vCPUs agree only some seconds after the boot.
sleep 10

# figure METHOD NAME
figure() {
	sed "s/.*$2=\([0-9]*\).*/\1/" "/tmp/$1"
}

for method in nanosleep timerfd custom; do
	check "$method: 2000 sleeps of 50 us, none early" sh -c "/root/programs/dev_sleep $method 50000 2000 >/tmp/$method"
	echo "# $(cat /tmp/$method)"
done
for method in nanosleep timerfd; do
	for name in p50 p99; do
		check "$name is less than with $method" [ "$(figure custom $name)" -lt "$(figure $method $name)" ]
	done
done
rmmod customtimer
done_testing
