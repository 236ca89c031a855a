#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each value that the hypervisor takes from a guest, at its limits and beyond.
set -e
modprobe customtimer_xentest
cat /proc/customtimer_bounds
