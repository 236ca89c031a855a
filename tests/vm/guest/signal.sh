# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Where bed-signal and bed-wait keep their keys.

case $(sed -n 's/^BED_ROLE=//p' /bed/conf) in
bare)
	echo "bed-signal, bed-wait: there is nobody to talk to without Xen" >&2
	exit 1
	;;
dom0) signal_root=/bed/signal ;;
host) signal_root=/local/domain ;;
*) signal_root=data/bed/signal ;;
esac

signal_path() {
	local id
	if [ "$signal_root" != /local/domain ]; then
		echo "$signal_root/$1"
	else
		id=$(xl domid "${GUEST:-guest}" 2>/dev/null) && echo "/local/domain/$id/data/bed/signal/$1"
	fi
}
