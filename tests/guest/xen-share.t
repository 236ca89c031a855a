#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# More vCPUs than CPUs, each with timers: every timer raises one interrupt, also
# when its vCPU was not running at the time.
# xen-share.t [ROUNDS]: timers on each vCPU
. /tests/guest/lib.sh

modprobe customtimer_xenload rounds="${1:-100}"
cat /proc/customtimer_shots >/tmp/shots
cat /tmp/shots
tap_number=5
# field NAME: of the summary
field() {
	sed -n "s/^# .*$1=\([0-9]*\).*/\1/p" /tmp/shots
}
check "timers have expired while they were parked" test "$(field away)" -gt 0
check "the tick is alive" tick_alive
done_testing
