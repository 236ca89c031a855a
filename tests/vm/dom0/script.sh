# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Runs the dom0 script beside the command.

bed_script_pid=
bed_script_status=0

bed_start_script() {
	[ -e /bed/script ] && [ -z "$bed_script_pid" ] || return 0
	{
		bed exec 1 /dev/hvc1 /bed/script.argv
		bed_script_status=$?
		echo "$bed_script_status" >/run/bed/script-ended
		bed write /bed/script-ended "$bed_script_status"
		exit "$bed_script_status"
	} &
	bed_script_pid=$!
}

bed_script_runs() {
	[ -n "$bed_script_pid" ] && [ ! -e /run/bed/script-ended ]
}

bed_finish_script() {
	[ -n "$bed_script_pid" ] || return 0
	wait "$bed_script_pid"
	bed_script_status=$?
}

# What a domain is up to: running, poweroff, reboot, suspend, crashed, or gone.
guest_state() {
	case $(xl list -v "$1" 2>/dev/null | awk 'NR == 2 { print $5, $8 }') in
	'') echo gone ;;
	*c*) echo crashed ;;
	*s*\ 0) echo poweroff ;;
	*s*\ 1) echo reboot ;;
	*s*\ 2) echo suspend ;;
	*s*\ 3) echo crashed ;;
	*) echo running ;;
	esac
}

# The consoles of the guests that the script started, for the log and the complaint scan.
bed_other_consoles() {
	for bed_log in /var/log/xen/console/guest-*.log; do
		case $bed_log in
		*/guest-guest.log | */guest-guest--incoming.log | *'*'*) ;;
		*)
			echo "--- console of ${bed_log##*/guest-}"
			bed plain "$bed_log"
			echo
			;;
		esac
	done >/dev/hvc1
}
