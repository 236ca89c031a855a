#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A guest that makes no use of the hypervisor's timer: its hrtimers.
# xen-unused.sh GUEST BUILD
set -e
modprobe customtimer backend=hrtimer
modprobe customtimer_latency timer=hrtimer count=1000
sed "s/.* p50=\([0-9]*\).* p99=\([0-9]*\).*/row hrtimer guest=$1 build=$2 | p50_ns=\1 p99_ns=\2/" \
	/sys/module/customtimer_latency/parameters/result
