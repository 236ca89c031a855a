#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# precision.sh CASE METHODS LOADS SHAPES: customtimer-bench in the guest. CASE goes into
# every row.
set -eu
# The clocks of several vCPUs agree only some seconds after the boot.
sleep 10
exec customtimer-bench --rows "$1" --methods "$2" --loads "$3" --shapes "$4"
