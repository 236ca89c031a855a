#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loads the module and the sample driver, and shows what they have to say.
set -e
. /tests/guest/lib.sh

show() {
	echo "# $*"
	"$@"
}

show insmod "/lib/modules/$(uname -r)/extra/customtimer.ko"
show modprobe customtimer_pacer period_us=300 count=1000 compare=1
# Nothing else may run meanwhile: a fork takes a PV guest hundreds of microseconds
# with interrupts off, which neither timer can help.
sleep 2
wait_for 30 sh -c 'dmesg | grep -q "pacer: custom timer"'
dmesg | sed -n 's/^.*customtimer_pacer: //p' | while IFS=: read -r name result; do
	echo "$name:"
	echo "$result" | tr ',' '\n' | sed 's/^ */    /'
done
echo
show cat /proc/customtimer
echo
show grep customtimer /proc/interrupts
rmmod customtimer_pacer
rmmod customtimer
