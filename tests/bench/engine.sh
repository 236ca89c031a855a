#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest: what the engine costs, as rows. engine.sh GUEST [quick]
set -eu
guest=$1
sizes="1 100 10000 100000"
[ "${2:-}" != quick ] || sizes="1 10000"
engine=/proc/customtimer_engine

modprobe customtimer
modprobe customtimer_engine

# engine COMMAND...: its result
engine() {
	echo "$*" >$engine
	cat $engine
}

# column NAME: of /proc/customtimer, summed over all CPUs
column() {
	awk -v want="$1" '$1 == "cpu" { for (i = 1; i <= NF; i++) if ($i == want) col = i; next }
		col { n += $col } END { print n + 0 }' /proc/customtimer
}

# row TABLE CASE CUSTOM HRTIMER: with both and their relation
row() {
	echo "row $1 guest=$guest $2 | custom_ns=$3 hrtimer_ns=$4 percent=$((100 * $3 / $4))"
}

for queued in $sizes; do
	for cpus in one all; do
		for place in last random first; do
			row start+cancel "queued=$queued on=$cpus deadline=$place" \
				"$(engine pairs custom $place "$queued" $cpus)" \
				"$(engine pairs hrtimer $place "$queued" $cpus)"
		done
	done
done
for queued in $sizes; do
	row restart "queued=$queued" "$(engine restart custom "$queued")" \
		"$(engine restart hrtimer "$queued")"
done

# Windows of 1 ms over 100 ms.
for count in 100 1000 10000; do
	# shellcheck disable=SC2046 # words
	set -- $(engine ranges hrtimer $count 1000000 100000000)
	hrtimer=$2
	hrtimer_least=$1
	before=$(column interrupts)
	# shellcheck disable=SC2046 # words
	set -- $(engine ranges custom $count 1000000 100000000)
	echo "row coalescing guest=$guest timers=$count window_us=1000 span_ms=100 | optimum=$1 custom=$(($(column interrupts) - before)) hrtimer_optimum=$hrtimer_least hrtimer=$hrtimer"
done

before=$(($(column armed) - $(column retries)))
echo bulk 10000 >$engine
after=$(($(column armed) - $(column retries)))
echo drop >$engine
echo "row hypercalls guest=$guest timers=10000 | started=10000 hypercalls=$((after - before)) per_start=$(awk "BEGIN { print ($after - $before) / 10000 }")"

# shellcheck disable=SC2046 # words
set -- $(engine sizes)
echo "row memory guest=$guest | custom_timer=$1 hrtimer=$2 per_cpu=$3"
rmmod customtimer_engine
