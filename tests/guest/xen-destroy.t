#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0: domains destroyed with their timers queued, firing or parked
# leave nothing behind. xen-destroy.t COUNT [MODE]...: so many domains on CPU 1, which
# take turns with the MODEs of /root/xen-stub.
. /tests/guest/lib.sh

count=$1
shift
modes=("${@:-armed}")

# The hypervisor's free pages, and its timers that belong to vCPUs.
free_pages() {
	xl dmesg -c >/dev/null
	xl debug-keys H
	xl dmesg -c | awk '/heap\[/ { for (i = 1; i < NF; i++) if ($(i + 1) ~ /^pages/) n += $i } END { print n + 0 }'
}
vcpu_timers() {
	xl dmesg -c >/dev/null
	xl debug-keys a
	xl dmesg -c | grep -c custom_timer_fn
}

# life MODE: a domain comes, sets its timer, and goes
life() {
	printf '%s\n' 'name = "stub"' 'type = "pvh"' 'kernel = "/root/xen-stub"' 'memory = 16' \
		'vcpus = 1' 'cpus = "1"' "cmdline = \"$1\"" >/tmp/stub.cfg
	xl dmesg -c >/dev/null
	xl create -q /tmp/stub.cfg || return
	wait_for 20 sh -c 'xl dmesg | grep -q "armed$"' || return
	[ "$1" != armed ] || [ "$(vcpu_timers)" -ge 1 ] || return
	xl destroy stub
}

tried=0 done=0 before=
while [ $tried -lt "$count" ]; do
	# The first ones fill caches.
	[ $tried != 5 ] || before=$(free_pages)
	life "${modes[tried % ${#modes[@]}]}" && done=$((done + 1))
	tried=$((tried + 1))
done
is $done "$count" "$count domains set their timers and were destroyed (${modes[*]})"
check "all are gone" wait_for 10 sh -c '[ "$(xl list | wc -l)" = 2 ]'
sleep 1
after=$(free_pages)
echo "# free pages after 5 domains: $before; after $count: $after"
check "they took no memory with them" test "$after" -ge $((before - 4))
is "$(vcpu_timers)" 0 "no timer of theirs is queued"
done_testing
