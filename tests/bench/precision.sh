#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# precision.sh CASE METHODS LOADS SHAPES [SHAPES COUNT LOADS]: customtimer-bench in the
# guest. CASE goes into every row. The second SHAPES, which take long, are measured COUNT
# times and beside the second LOADS.
set -eu
# The clocks of several vCPUs agree only some seconds after the boot.
sleep 10
customtimer-bench --rows "$1" --methods "$2" --loads "$3" --shapes "$4"
[ $# -lt 5 ] || customtimer-bench --rows "$1" --methods "$2" --loads "$7" --shapes "$5" --count "$6"
