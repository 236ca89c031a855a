#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest: how late programs wake up. user.sh GUEST DELAY...
set -eu
guest=$1
shift
modprobe customtimer
# The clocks of several vCPUs agree only some seconds after the boot.
sleep 10
for delay; do
	for method in nanosleep timerfd custom; do
		echo "row user guest=$guest delay=$delay method=$method |" \
			"$(/root/programs/dev_sleep $method "${delay%us}000" 10000)"
	done
done
