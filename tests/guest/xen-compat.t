#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: the operations at their limits, from a 32-bit guest,
# /root/xen-stub. It prints TAP to the hypervisor's log.
. /tests/guest/lib.sh

printf '%s\n' 'name = "stub"' 'type = "pvh"' 'kernel = "/root/xen-stub"' 'memory = 16' 'vcpus = 1' \
	'cmdline = "bounds"' >/tmp/stub.cfg
xl dmesg -c >/dev/null
xl create -q /tmp/stub.cfg
wait_for 60 sh -c "xl dmesg | grep -q '^(d[0-9]*) 1\.\.'"
xl dmesg | sed -n 's/^(d[0-9]*) //p'
