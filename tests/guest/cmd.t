#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The customtimer command beside the module it is for.
# cmd.t [PARAMETER...]: of customtimer.ko. Without any the guest is a Xen guest in
# virtual time, and the custom timer has to win.
. /tests/guest/lib.sh

# refuses STATUS PATTERN TEXT COMMAND...: ends so, with one line on standard error
# that matches
refuses() {
	refuse_status=$1 refuse_pattern=$2 refuse_text=$3
	shift 3
	"$@" >/tmp/out 2>/tmp/err
	refuse_have=$?
	if [ $refuse_have = "$refuse_status" ] && [ "$(wc -l </tmp/err)" = 1 ] &&
		grep -q "^customtimer: .*$refuse_pattern" /tmp/err; then
		ok 0 "$refuse_text"
	else
		ok 1 "$refuse_text"
		echo "# status $refuse_have"
		sed 's/^/# /' /tmp/err
	fi
}

# figure METHOD NAME: from latency's JSON in /tmp/out, where a method's own figures
# come before its name
figure() {
	awk -v method="\"$1\"" -v name="\"$2\":" '
		/^  [{]/ { value = "" }
		$1 == name && value == "" { value = $2 }
		$1 == "\"method\":" && index($2, method) { print value + 0 }' /tmp/out
}

metric() {
	customtimer status -P | awk -v name="customtimer_$1" -F '[{ ]' '$1 == name { n += $NF } END { print n + 0 }'
}

# as_nobody COMMAND...
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
# Busybox's cannot change users.
setpriv --reuid=0 true 2>/dev/null || as_nobody() {
	su -s /bin/sh nobody -c "$*"
}

instances() {
	find /sys/kernel/tracing/instances -mindepth 1 -maxdepth 1 | wc -l
}

# Without the module.
refuses 1 "modprobe customtimer" "status without the module" customtimer status
refuses 1 "modprobe customtimer" "hist without the module" customtimer hist
refuses 1 "modprobe customtimer" "trace without the module" customtimer trace
refuses 1 "modprobe customtimer" "latency without the device" customtimer latency -m custom
customtimer doctor >/tmp/out
is $? 1 "the doctor finds something"
check "that the module is not loaded" grep -q '^fail  module' /tmp/out

modprobe customtimer "$@"
sed 's/^/# /' /proc/customtimer
customtimer doctor >/tmp/out
is $? 0 "with the module nothing is wrong"
sed 's/^/# /' /tmp/out

# Without anything to show.
check "hist: nothing has expired" sh -c 'customtimer hist | grep -q "No exact timer"'
refuses 0 "no timer has expired" "trace: nor does anything" customtimer trace -s 0.5
is "$(instances)" 0 "no tracing is left behind"

# Callbacks of a driver.
modprobe customtimer_pacer period_us=1000 count=1000000
customtimer trace -n 20 >/tmp/out
is "$(grep -c ' custom_fn$' /tmp/out)" 20 "trace: so many events, callbacks by name"
head -n 4 /tmp/out | sed 's/^/# /'
customtimer trace -a -n 50 >/tmp/out
check "trace --all: what the interrupt was set for" grep -q ' arm  *expires=[0-9]* ' /tmp/out
check "trace ends when nobody reads" sh -c 'customtimer trace -n 1000000 | head -n 3 >/dev/null'
# What an earlier command has written is no sign of this one.
rm -f /tmp/out
customtimer trace -n 1000000 >/tmp/out 2>/tmp/err &
pid=$!
wait_for 60 catches $pid 2
wait_for 20 grep -q custom_fn /tmp/out
kill -INT $pid
wait $pid
is $? 130 "trace can be interrupted"
is "$(instances)" 0 "no tracing is left behind"
is "$(cat /sys/kernel/tracing/events/customtimer/enable)" 0 "nor switched on for others"
rmmod customtimer_pacer

is "$(metric expired_total)" "$(column expired)" "status: as many expiries as the module has counted"
customtimer hist | awk '/ \.\. / { n += $6 } END { print n }' >/tmp/out
is "$(cat /tmp/out)" "$(column expired)" "hist: all of them are shown"
customtimer status | sed 's/^/# /'
customtimer hist | sed 's/^/# /'

# Side by side.
customtimer latency -i 300us -l 1000 -p 80 -j >/tmp/out
is $? 0 "latency"
for method in nanosleep timerfd custom kernel-hrtimer kernel-custom; do
	is "$(figure $method count)" 1000 "latency: $method: all sleeps"
	is "$(figure $method early)" 0 "latency: $method: none woke early"
	echo "# $method: p50 $(figure $method p50_ns) p99 $(figure $method p99_ns) max $(figure $method max_ns)"
done
if [ $# = 0 ]; then
	for method in nanosleep timerfd; do
		for rank in p50 p99; do
			check "custom is nearer than $method at $rank" test \
				"$(figure custom ${rank}_ns)" -lt "$(figure $method ${rank}_ns)"
		done
	done
	check "kernel-custom is nearer than kernel-hrtimer" test \
		"$(figure kernel-custom p99_ns)" -lt "$(figure kernel-hrtimer p50_ns)"
fi
customtimer latency -m custom -l 100 --threshold 10s >/tmp/out 2>&1
is $? 0 "latency: a threshold that is kept"
refuses 2 "above the threshold" "latency: one that is not" customtimer latency -m custom -l 100 --threshold 1ns
customtimer latency -m custom,timerfd -l 200 -t 2 -h 100us | sed 's/^/# /'

for interval in 1ms 1h; do
	customtimer latency -m custom -l 0 -w 0 -i $interval -j >/tmp/out 2>/tmp/err &
	pid=$!
	wait_for 60 catches $pid 2
	sleep 1
	kill -INT $pid
	wait $pid
	is $? 130 "latency can be interrupted, interval $interval"
	check "and shows what there is" grep -q '"partial": true' /tmp/out
done

# Disk full, gnuplot missing.
mkdir -p /tmp/small
mount -t tmpfs -o size=16k tmpfs /tmp/small
refuses 1 "install gnuplot" "latency --plot without gnuplot" customtimer latency --plot=/tmp/small/plot.svg
mkdir -p /tmp/bin
printf '#!/bin/sh\nexec head -c 100000 /dev/zero\n' >/tmp/bin/gnuplot
chmod +x /tmp/bin/gnuplot
refuses 1 "No space left on device: nothing was written" "latency --plot on a full disk" \
	env PATH="/tmp/bin:$PATH" customtimer latency -m custom -l 10 --plot=/tmp/small/plot.svg
dd if=/dev/zero of=/tmp/small/fill bs=4k 2>/dev/null
refuses 1 "No space left on device: nothing was written" "status --output on a full disk" \
	customtimer status -j -o /tmp/small/status
is "$(ls /tmp/small)" fill "nothing half-written is left"
umount /tmp/small

# Watched while it goes and comes.
refuses 1 "is not online" "status of a CPU that is not there" customtimer status --cpu 4000
rm -f /tmp/out /tmp/err
customtimer status -j --watch=0.1 >/tmp/out 2>/tmp/err &
pid=$!
wait_for 20 grep -q '"backend"' /tmp/out
check "the module unloads while it is watched" rmmod customtimer
wait_for 20 grep -q 'modprobe customtimer' /tmp/err
seen=$(wc -l </tmp/out)
modprobe customtimer "$@"
check "status --watch goes on when it is back" wait_for 20 sh -c "test \$(wc -l </tmp/out) -gt $((seen + 1))"
kill $pid
wait $pid
is $? 0 "and ends when told to"

# Without permission.
as_nobody customtimer status >/tmp/out
is $? 0 "everybody may see the status"
refuses 1 "run as root" "but not the histogram" as_nobody customtimer hist
refuses 1 "run as root" "nor the trace" as_nobody customtimer trace
refuses 1 "join the group customtimer" "nor use the device" as_nobody customtimer latency -m custom
refuses 1 "ulimit -r" "nor have a priority" as_nobody customtimer latency -m nanosleep -p 80 -l 1
chmod 664 /dev/customtimer
refuses 1 "exact timers: join the group" "nor exact timers, where everybody may use others" \
	as_nobody customtimer latency -m custom
as_nobody customtimer doctor >/tmp/out
check "the doctor tells of that" grep -q '^warn  device .* range timers only' /tmp/out
chmod 600 /dev/customtimer
as_nobody customtimer doctor >/tmp/out
check "the doctor tells how to get it" sh -c "grep -A1 '^fail  device' /tmp/out | grep -q 'usermod -aG customtimer'"
check "the module unloads" rmmod customtimer
done_testing
