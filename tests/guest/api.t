#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel API, every function in every context: the test module's own TAP.
# Arguments are parameters of customtimer.ko.
set -e
modprobe customtimer "$@"
modprobe customtimer_apitest
cat /proc/customtimer_apitest
sed 's/^/# /' /proc/customtimer
