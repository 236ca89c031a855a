#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel API, every function in every context: the test module's own TAP.
# Arguments are parameters of customtimer.ko, or, before them, race_ms=N: how long all
# CPUs start and cancel the same timers.
set -e
race=race_ms=3000
case ${1:-} in
race_ms=*)
	race=$1
	shift
	;;
esac
modprobe customtimer "$@"
modprobe customtimer_apitest "$race"
cat /proc/customtimer_apitest
sed 's/^/# /' /proc/customtimer
rmmod customtimer_apitest
# Parts that are on keep the module.
for part in clockevent clocksource; do
	echo 0 >/sys/module/customtimer/parameters/$part
done
rmmod customtimer
