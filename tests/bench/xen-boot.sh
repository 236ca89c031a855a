#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In dom0: how long ago Xen started. xen-boot.sh BUILD
set -e
xl debug-keys r
now=$(xl dmesg | sed -n 's/.*NOW=\([0-9]*\).*/\1/p' | tail -n 1)
echo "row boot what=xen-and-dom0 build=$1 | ms=$((now / 1000000))"
