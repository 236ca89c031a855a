#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# precision.sh CASE METHODS LOADS SHAPES: how late callbacks start, in the guest. CASE
# goes into every row; the others are comma-separated lists:
#   METHODS  hrtimer, range (50 us), nolead, exact, guard
#   LOADS    idle, handlers (another event's, 20 us each), storm (32 other events at
#            once, 1 us each), ticks (handlers, and hrtimers of 20 us), ticksfirst
#            (the same, and VIRQ_TIMER not moved behind us), cpu (a busy program),
#            preempted (another vCPU's busy program on the same physical CPU)
#   SHAPES   one-shot delays (300us) and periods (p50us)
set -eu
case=$1
parameters=/sys/module/customtimer/parameters

# total COLUMN: of /proc/customtimer, over all CPUs
total() {
	awk -v want="$1" '$1 == "cpu" { for (i = 1; i <= NF; i++) if ($i == want) col = i; next }
		col { n += $col } END { printf "%.0f\n", n }' /proc/customtimer
}

# list A,B,C
list() {
	echo "$1" | tr , ' '
}

# ns 50us
ns() {
	case $1 in
	*us) echo "${1%us}000" ;;
	*ms) echo "${1%ms}000000" ;;
	esac
}

# measure METHOD LOAD SHAPE
measure() {
	lead=100000 guard=0 count=1000 timer=custom
	set -- "$1" "$2" "$3" "cpu=0"
	case $1 in
	hrtimer) timer=hrtimer ;;
	range) set -- "$@" window_ns=50000 ;;
	nolead) lead=0 ;;
	guard) guard=40000 ;;
	esac
	case $3 in
	p*) set -- "$@" "period_ns=$(ns "${3#p}")" && count=10000 ;;
	*) set -- "$@" "delay_ns=$(ns "$3")" ;;
	esac
	# Each starts with nothing learnt.
	modprobe customtimer max_lead_ns=$lead guard_ns=$guard
	method=$1 load=$2 shape=$3
	shift 3
	case $load in
	handlers) modprobe customtimer_disturb channels=1 ;;
	storm) modprobe customtimer_disturb channels=32 handler_ns=1000 ;;
	ticks) modprobe customtimer_disturb channels=1 tick_ns=20000 ;;
	ticksfirst) modprobe customtimer_disturb channels=1 tick_ns=20000 tick_first=1 ;;
	esac
	modprobe customtimer_latency "timer=$timer" "count=$count" "$@"
	read -r result </sys/module/customtimer_latency/parameters/result
	figures=$(echo "$result" | sed 's/timer=[a-z]* //; s/ reading=.*//')
	if [ $timer = custom ]; then
		figures="$figures waited_us=$(($(total waited_ns) / 1000)) hypercalls=$(($(total armed) + $(total stopped)))"
	else
		figures="$figures waited_us=- hypercalls=-"
	fi
	echo "row precision $case load=$load shape=$shape method=$method | $figures"
	if [ "$shape" = 300us ]; then
		# One error in a hundred, and every one of the last hundredth.
		awk -v row="row points $case load=$load shape=$shape method=$method" \
			'NR % 10 == 1 || NR > 990 { print row, "permille=" NR " | ns=" $1 }' \
			/proc/customtimer_latency
	fi
	rmmod customtimer_latency
	! grep -q ^customtimer_disturb /proc/modules || rmmod customtimer_disturb
	rmmod customtimer
}

# The clocks of several vCPUs agree only some seconds after the boot.
sleep 10
for load in $(list "$3"); do
	burner=
	case $load in
	cpu) taskset 1 sh -c 'while :; do :; done' & burner=$! ;;
	preempted) taskset 2 sh -c 'while :; do :; done' & burner=$! ;;
	esac
	for shape in $(list "$4"); do
		for method in $(list "$2"); do
			measure "$method" "$load" "$shape"
		done
	done
	[ -z "$burner" ] || kill "$burner"
done
