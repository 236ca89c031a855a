#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Timers run on every vCPU while dom0 moves, stops and starts them (see
# xen-moves.dom0): every timer still raises one interrupt.
. /tests/guest/lib.sh

rounds=/sys/module/customtimer_xenload/parameters/rounds
# Each CPU has its own idea of the time, and in the emulator they differ a lot.
modprobe customtimer_xenload rounds=1000000 slack_ns=3000000
cat /proc/customtimer_shots >/tmp/shots &
bed-signal running
bed-wait moved 1000 >/tmp/moves
echo 0 >$rounds
wait
cat /tmp/shots
tap_number=5
# field NAME: of the summary
field() {
	sed -n "s/^# .*$1=\([0-9]*\).*/\1/p" /tmp/shots
}
check "timers were parked meanwhile" test "$(field parked)" -gt 0
is "$(cat /tmp/moves)" ok "dom0 could do all that it wanted"
check "the tick is alive" tick_alive
done_testing
