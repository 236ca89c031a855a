#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# cyclictest by Linux's own event timer and by ours; interrupts of an idle guest; an
# exact timer beside them.
# clockevent.t FACTOR: sleeps of 50 us are so many times less late, in the median.
. /tests/guest/lib.sh

/tests/bench/clockevent.sh test >/tmp/rows
sed 's/^/# /' /tmp/rows
check "all was measured" test "$(grep -c ^row /tmp/rows)" -eq 13

# figure TABLE WORD NAME: a figure of the row of TABLE that has WORD
figure() {
	awk -v table="$1" -v word="$2" -v name="$3" '$2 == table && index($0 " ", " " word " ") {
		for (i = 1; i <= NF; i++) if (split($i, kv, "=") == 2 && kv[1] == name) print kv[2] }' /tmp/rows
}

# at_least A B: A >= B, which need not be whole
at_least() {
	awk "BEGIN { exit !($1 >= $2) }"
}

check "50 us: the median $1 times less late" at_least "$(figure gain interval_us=50 p50)" "$1"
for interval in 50 100 1000; do
	for name in p50 p99; do
		check "$interval us: $name no worse" at_least "$(figure gain interval_us=$interval $name)" 1
	done
done
# What else wakes the guest up is not the same twice.
check "idle: no more interrupts" at_least "$(($(figure idle device=xen interrupts) * 115 / 100))" \
	"$(figure idle device=customtimer interrupts)"
check "work takes no longer" at_least "$(($(figure work device=xen us) * 102 / 100))" \
	"$(figure work device=customtimer us)"

# Callbacks of hrtimers, 20 us each, beside an exact timer of a driver.
modprobe customtimer
echo 1 >/sys/module/customtimer/parameters/clockevent
customtimer-bench --rows clockevent -n 300 -m exact,tick -l ticks -s 300us | grep '^row precision' >/tmp/rows
sed 's/^/# /' /tmp/rows
check "an exact timer comes after an hrtimer's callback" at_least "$(figure precision method=exact p99)" 10000
check "but not with the guard" at_least 1000 "$(figure precision method=tick p99)"
echo 0 >/sys/module/customtimer/parameters/clockevent
rmmod customtimer
done_testing
