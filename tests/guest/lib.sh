# SPDX-License-Identifier: GPL-2.0
# TAP for the guest tests, and what several of them ask the guest.

tap_number=0

# ok STATUS TEXT: one test, passed if STATUS is 0
ok() {
	tap_number=$((tap_number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_number - $2"
	else
		echo "not ok $tap_number - $2"
	fi
}

# is HAVE WANT TEXT: one test, passed if HAVE is WANT
is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		echo "# have: $1"
		echo "# want: $2"
	fi
}

# check TEXT COMMAND...: one test, passed if COMMAND succeeds
check() {
	tap_text=$1
	shift
	if "$@"; then ok 0 "$tap_text"; else ok 1 "$tap_text"; fi
}

done_testing() {
	echo "1..$tap_number"
}

# interrupts PATTERN: the sum over all CPUs of the lines of /proc/interrupts that
# match
interrupts() {
	awk -v pattern="$1" '$0 ~ pattern { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i }
		END { print n + 0 }' /proc/interrupts
}

# tick_alive: time passes, a sleep ends when it should, timer interrupts come
tick_alive() {
	tick_before=$(interrupts '(LOC:|[^m]timer[0-9]+$)')
	tick_start=$(cut -d. -f1 /proc/uptime)
	sleep 1
	tick_took=$(($(cut -d. -f1 /proc/uptime) - tick_start))
	tick_after=$(interrupts '(LOC:|[^m]timer[0-9]+$)')
	[ "$tick_took" -ge 1 ] && [ "$tick_took" -le 10 ] &&
		[ "$tick_after" -gt "$tick_before" ] && return
	echo "# a second took $tick_took s and $((tick_after - tick_before)) interrupts"
	return 1
}

# ticks NAME: NAME is the clock event device of every CPU online
ticks() {
	for cpu in $(seq 0 $(($(grep -c ^processor /proc/cpuinfo) - 1))); do
		[ "$(cat /sys/devices/system/clockevents/clockevent$cpu/current_device)" = "$1" ] || return 1
	done
}

# alive: as tick_alive, whatever the tick's interrupt
alive() {
	alive_start=$(cut -d. -f1 /proc/uptime)
	alive_before=$(interrupts 'timer[0-9]+$')
	sleep 1
	alive_took=$(($(cut -d. -f1 /proc/uptime) - alive_start))
	alive_after=$(interrupts 'timer[0-9]+$')
	[ "$alive_took" -le 10 ] && [ "$alive_after" -gt "$alive_before" ] && return
	echo "# a second took $alive_took s and $((alive_after - alive_before)) interrupts"
	return 1
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds
wait_for() {
	wait_left=$(($1 * 10))
	shift
	until "$@"; do
		[ "$wait_left" -gt 0 ] || return 1
		wait_left=$((wait_left - 1))
		sleep 0.1
	done
}

# more_than NUMBER: so many timers have expired. For wait_for, as evidence that a timer
# goes on.
more_than() {
	[ "$(column expired)" -gt "$1" ]
}

# catches PID NUMBER: the program has a handler for signal NUMBER by now. For wait_for:
# a background program starts with SIGINT ignored.
catches() {
	catches_mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status")
	[ -n "$catches_mask" ] && [ $((0x$catches_mask >> ($2 - 1) & 1)) = 1 ]
}

# field NAME FILE: the number in NAME=number
field() {
	sed -n "s/.*\b$1=\(-\{0,1\}[0-9]*\).*/\1/p" "$2"
}

# The value of column $1 in /proc/customtimer, summed over all CPUs.
column() {
	awk -v want="$1" '$1 == "cpu" { for (i = 1; i <= NF; i++) if ($i == want) col = i; next }
		col { n += $col } END { print n + 0 }' /proc/customtimer
}
