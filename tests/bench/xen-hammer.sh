#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# xen-hammer.sh MODE[-wait]: a hostile guest, see customtimer_xenload.c
set -e
wait=0
[ "${1%-wait}" = "$1" ] || wait=1
modprobe customtimer_xenload hammer="${1%-wait}" wait=$wait
bed-signal hammering
sleep 10000
