#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Three runs of a benchmark in virtual time give the same figures. TAP.
set -eu
cd "$(dirname "$0")/../.."
rows=$(mktemp -d)
trap 'rm -rf "$rows"' EXIT
trap 'exit 1' INT TERM

for run in 1 2 3; do
	tests/vm/run --no-build --guest pv --virtual-time --timeout 900 \
		--append xen_timer_slop=1 -- /tests/bench/precision.sh "guest=pv" \
		hrtimer,exact idle 300us >"$rows/$run"
done
for run in 2 3; do
	if grep -q '^row' "$rows/$run" && cmp -s "$rows/1" "$rows/$run"; then
		echo "ok $((run - 1)) - run $run as run 1: $(grep -c '^row' "$rows/$run") rows"
	else
		echo "not ok $((run - 1)) - run $run as run 1"
		diff "$rows/1" "$rows/$run" | head -n 20 | sed 's/^/# /'
	fi
done
echo 1..2
