#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# More vCPUs than CPUs, each with timers: every timer raises one interrupt, also
# when its vCPU was not running at the time.
# xen-share.t [ROUNDS]: timers on each vCPU
. /tests/guest/lib.sh

modprobe customtimer_xenload rounds="${1:-100}"
# field NAME: of the summary
field() {
	sed -n "s/^# .*$1=\([0-9]*\).*/\1/p" /tmp/shots
}
# Whether a timer expires while its vCPU is away is chance, which needs time to work.
for try in 1 2 3 4 5 6 7 8 9 10; do
	cat /proc/customtimer_shots >/tmp/shots
	! grep -q '^not ok' /tmp/shots && [ "$(field away)" = 0 ] || break
	echo "# none has expired while it was parked: $try times"
done
cat /tmp/shots
tap_number=5
check "timers have expired while they were parked" test "$(field away)" -gt 0
check "the tick is alive" tick_alive
done_testing
