#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# From an idle vCPU's deadline to the callback, without a lead: what the path
# through the hypervisor and the guest takes. xen-delivery.sh GUEST BUILD
set -e
modprobe customtimer max_lead_ns=0
modprobe customtimer_latency timer=custom count=1000
sed "s/.* p50=\([0-9]*\).* p99=\([0-9]*\).*/row delivery guest=$1 build=$2 | p50_ns=\1 p99_ns=\2/" \
	/sys/module/customtimer_latency/parameters/result
