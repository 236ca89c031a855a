#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a kernel that is locked down (kernel_lockdown(7)) the customtimer command names that as
# the cause, and gives no advice that cannot help. The module has no signature.
. /tests/guest/lib.sh

# names STATUS TEXT COMMAND...: ends so, with one line that names lockdown
names() {
	names_status=$1 names_text=$2
	shift 2
	"$@" >/dev/null 2>/tmp/err
	names_have=$?
	[ $names_have = "$names_status" ] && [ "$(wc -l </tmp/err)" = 1 ] &&
		grep -q "kernel lockdown" /tmp/err
	ok $? "$names_text"
	sed "s/^/# $names_have /" /tmp/err
}

doctor() {
	customtimer doctor >/tmp/out
	grep -A 1 "$1" /tmp/out | sed 's/^/# /'
	grep -A 1 "$1" /tmp/out | grep -q "lock"
}

lock=/sys/kernel/security/lockdown
[ -e $lock ] || mount -t securityfs securityfs /sys/kernel/security

modprobe customtimer backend=hrtimer
echo integrity >$lock
sed 's/^/# /' $lock
names 1 "latency: the measuring module cannot be loaded" customtimer latency -m kernel-custom -l 100
check "status is not touched by it" customtimer status
check "nor hist" customtimer hist
check "doctor: a module has to be signed" doctor '  lockdown'

echo confidentiality >$lock
names 1 "trace is forbidden" customtimer trace -n 1
check "doctor: so is tracing" doctor '^warn  tracing'

rmmod customtimer
check "an unsigned module cannot be loaded" sh -c '! modprobe customtimer backend=hrtimer 2>/dev/null'
names 1 "status: the module has to be signed" customtimer status
names 1 "hist: the same" customtimer hist
names 1 "latency: the same" customtimer latency -m custom
check "doctor: the same" doctor '^fail  module'
done_testing
