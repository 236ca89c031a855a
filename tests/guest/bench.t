#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# customtimer-bench: it measures, puts everything back, and refuses what it cannot do.
. /tests/guest/lib.sh

# refused STATUS PATTERN ARGUMENT...
refused() {
	want=$1 pattern=$2 status=0
	shift 2
	customtimer-bench "$@" >/tmp/out 2>/tmp/err || status=$?
	is "$status" "$want" "status of: $*"
	check "one line says why: $(cat /tmp/err)" grep -q "$pattern" /tmp/err
	is "$(wc -l </tmp/err)" 1 "no more than that"
	check "nothing is printed" test ! -s /tmp/out
}

refused 64 "'hypertimer' is none of" --methods exact,hypertimer
refused 64 "'load' is none of" -l load
refused 64 "'300' is no time" -s 300
refused 64 "from 1 to" -s 0us
refused 64 "from 1 to 4000" -s 5000ms
refused 64 "from 1 to" -n 0
refused 64 "from 1 to" -n 1e3
refused 64 "'more' is too much" more
refused 1 "customtimer_latency cannot be loaded" --cpu 77
check "help" sh -c 'customtimer-bench --help | grep -q ^usage'
is "$(customtimer-bench --version)" "customtimer-bench $(modinfo -F version customtimer)" "version"

modprobe customtimer max_lead_ns=70000 guard_ns=1000
dmesg -c >/dev/null
customtimer-bench -n 50 -m hrtimer,exact,guard,tick -l idle,storm,neighbour,ticksfirst -s 200us >/tmp/table
is $? 0 "it measures"
is "$(wc -l </tmp/table)" 18 "a line for each, and a head"
is "$(awk -F'|' 'NR > 2 && $6 != 0' /tmp/table)" "" "none early"
is "$(sed -n 2p /tmp/table | tr -dc '|')" "$(sed -n 1p /tmp/table | tr -dc '|')" "a rule under the head"
sed 's/^/# /' /tmp/table
is "$(cat /sys/module/customtimer/parameters/max_lead_ns)" 70000 "the lead is as it was"
is "$(cat /sys/module/customtimer/parameters/guard_ns)" 1000 "the guard is as it was"
is "$(cat /sys/module/customtimer/parameters/clockevent)" 0 "the tick is as it was"
check "nothing stays loaded" sh -c '! grep "customtimer_" /proc/modules'
customtimer-bench --json -n 20 -m range,full -l handlers,cpu -s p300us,1ms >/tmp/json
is "$(grep -c '"early": 0, "missed": [0-9]*,' /tmp/json)" 8 "JSON"
sed 's/^/# /' /tmp/json
rmmod customtimer
customtimer-bench -n 10 -m exact,tick -l idle >/dev/null
check "what was not loaded is not loaded afterwards" sh -c '! grep customtimer /proc/modules'
done_testing
