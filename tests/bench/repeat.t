#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# repeat.t VERSION: two runs of a benchmark in virtual time on that Xen give the same
# figures, to 2 %. TAP.
set -eu
cd "$(dirname "$0")/../.."
rows=$(mktemp -d)
trap 'rm -rf "$rows"' EXIT
trap 'exit 1' INT TERM

for run in 1 2; do
	tests/vm/run --no-build --xen "$1" --guest pv --virtual-time --timeout 900 \
		--append xen_timer_slop=1 -- /tests/bench/precision.sh "guest=pv" \
		hrtimer,exact idle 300us >"$rows/out"
	grep '^row precision' "$rows/out" >"$rows/$run"
done
n=0
# The tail of an hrtimer depends on what else the guest has to do.
for what in hrtimer.p50 hrtimer.p90 exact.p50 exact.p90 exact.p99; do
	n=$((n + 1))
	sed -n "s/.* method=${what%.*} .* ${what#*.}=\([0-9]*\) .*/\1/p" "$rows"/[12] |
		awk -v what="$what" -v n="$n" '
		NR == 1 || $1 < least { least = $1 }
		$1 > most { most = $1 }
		END { printf "%sok %d - %s: %d to %d ns in %d runs\n",
			NR == 2 && most <= least * 1.02 + 2 ? "" : "not ", n, what, least, most, NR }'
done
echo "1..$n"
