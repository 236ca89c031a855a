#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# /dev/customtimer and libcustomtimer: loads the module and runs programs that
# tests/programs has built, which print TAP.
# dev.t PARAMETERS COMMAND...
. /tests/guest/lib.sh

parameters=$1
shift

# part COMMAND: its tests, renumbered, and one that it has run them all
part() {
	# shellcheck disable=SC2086 # words
	"/root/programs/"$1 >/tmp/out 2>&1
	status=$?
	awk -v n="$tap_number" '
		/^(not )?ok [0-9]+/ { sub(/ok [0-9]+/, "ok " ++n) }
		!/^1\.\./' /tmp/out
	ran=$(grep -cE '^(not )?ok ' /tmp/out)
	tap_number=$((tap_number + ran))
	is "$status $(tail -n 1 /tmp/out)" "0 1..$ran" "$1: done"
}

# shellcheck disable=SC2086 # words
check "loaded" modprobe customtimer $parameters
for command; do
	part "$command"
done
is "$(sed -n 's/^device_timers: //p' /proc/customtimer)" 0 "no file is open"
is "$(column queued)" 0 "no timer is queued"
check "unloaded" rmmod customtimer
check "the device is gone" [ ! -e /dev/customtimer ]
done_testing
