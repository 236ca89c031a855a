#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# From a deadline to the callback without a lead, in instructions (2 ns each in
# virtual time): up to the expiry in the hypervisor, on to the guest's upcall,
# and on to the callback. Medians; xen-delivery.dom0 watches the hypervisor.
# xen-delivery.sh GUEST BUILD idle|busy: what the vCPU does meanwhile
set -e
parameters=/sys/module/customtimer_upcall/parameters
modprobe customtimer max_lead_ns=0
busy=
if [ "$3" = busy ]; then
	while :; do :; done &
	busy=$!
fi
bed-signal tracing
bed-wait watching >/dev/null
modprobe customtimer_upcall
bed-signal traced
expiry=$(bed-wait expiry)
[ -z "$busy" ] || kill "$busy"
upcall=$(cat $parameters/to_upcall)
callback=$(cat $parameters/to_callback)
echo "row delivery guest=$1 vcpu=$3 build=$2 | to_expiry=$((expiry / 2)) to_upcall=$(((upcall - expiry) / 2)) to_callback=$((callback / 2)) sum=$(((upcall + callback) / 2))"
