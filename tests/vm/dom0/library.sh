# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For scripts that run in dom0 beside the command (tests/vm/run --dom0-script FILE). FILE is sourced by bash after this; its
# status counts. What it can use:
#
#   $GUEST                      the name of the guest that runs the command
#   guest_start NAME KIND VCPUS [LINE]... -- COMMAND...
#                               another guest, pv or pvh, that runs COMMAND. LINEs go into its xl configuration;
#                               for instance 'cpus = "1"'. It is 256 MiB large and not pinned unless they say so.
#   guest_wait NAME [SECONDS]   waits (60 s unless told otherwise) until NAME's command has ended, and returns its status;
#                               124: it did not end; 126: the guest crashed, or its kernel is tainted; 125: it is gone
#   guest_output NAME           what NAME's command has printed so far
#   guest_state NAME            running, poweroff, reboot, suspend, crashed or gone
#   bed-signal, bed-wait        see there; GUEST=NAME bed-signal ... talks to another guest
#   xl                          all of it
#
# After `xl destroy` or `xl save` of $GUEST the run goes on as long as the script does.

GUEST=guest
export GUEST
# shellcheck source=tests/vm/dom0/script.sh
. /bed/script.sh

guest_start() {
	local name=$1 kind=$2 vcpus=$3 lines=() dir
	shift 3
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		lines+=("$1")
		shift
	done
	if [ $# -lt 2 ]; then
		echo "guest_start: no COMMAND: write it after --" >&2
		return 2
	fi
	shift
	if [ "$kind" = pv ] && grep -q '^BED_KERNEL=debug$' /bed/conf; then
		echo "guest_start: the debug kernel of PVH guests does not run in PV guests: make $name a pvh one" >&2
		return 2
	fi
	dir=/run/bed/start-$name
	mkdir -p "$dir/bed"
	printf '%s\0' "$@" >"$dir/bed/argv"
	printf 'BED_ROLE=guest\nBED_NAME=%s\n' "$name" >"$dir/bed/conf"
	# The kernel takes the last of several files of one name.
	{
		cat /bed/guest.initrd
		(cd "$dir" && find bed | sort | cpio -o -H newc 2>/dev/null)
	} >"$dir/initrd"
	{
		sed -n '/^cmdline/p;/^tsc_mode/p;/^on_/p;/^kernel/p' /bed/guest.cfg
		printf '%s\n' "name = \"$name\"" "type = \"$kind\"" "vcpus = $vcpus" "memory = 256" \
			"ramdisk = \"$dir/initrd\"" "${lines[@]}"
	} >"$dir/cfg"
	xl create -qe "$dir/cfg" || return
	rm -f "$dir/initrd"
}

guest_wait() {
	local name=$1 end=$((SECONDS + ${2:-60})) left event id verdict watch status=124
	exec {watch}< <(exec bed watch /local/domain @releaseDomain)
	local watcher=$!
	while left=$((end - SECONDS)) && [ "$left" -gt 0 ] && read -r -t "$left" -u "$watch" event; do
		case $event in
		/local/domain | @releaseDomain | */data/bed/verdict) ;;
		*) continue ;;
		esac
		if id=$(xl domid "$name" 2>/dev/null) && verdict=$(bed read "/local/domain/$id/data/bed/verdict"); then
			status=${verdict#status=} status=${status%% *}
			# W, D, B, L: its kernel has complained.
			[ $((${verdict##*tainted=} & (1 << 9 | 1 << 7 | 1 << 5 | 1 << 14))) = 0 ] || status=126
			break
		fi
		case $(guest_state "$name") in
		crashed) status=126 && break ;;
		gone | poweroff | reboot) status=125 && break ;;
		esac
	done
	kill "$watcher" 2>/dev/null
	exec {watch}<&-
	return "$status"
}

guest_output() {
	bed decode "/var/log/xen/console/guest-$1.log"
}
