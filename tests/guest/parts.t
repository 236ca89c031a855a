#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The parts of the PV clock driver: event timer, clocksource, PTP clock, RTC.
. /tests/guest/lib.sh

tools=/root/clock
parameters=/sys/module/customtimer/parameters
cpu0=/sys/devices/system/clockevents/clockevent0
source=/sys/devices/system/clocksource/clocksource0

# within A B D: two numbers differ by no more than D
within() {
	[ $(($1 - $2)) -le "$3" ] && [ $(($2 - $1)) -le "$3" ]
}

stock=$(cat $source/current_clocksource)
# The debug kernel's machine stops for seconds when the host is busy.
late_us=100000
case $(uname -r) in *-debug*) late_us=4000000 ;; esac

# Off unless asked for.
modprobe customtimer
check "no part is on by itself" sh -c "! grep -v '^0$' $parameters/clockevent $parameters/clocksource $parameters/ptp $parameters/rtc"
check "the ticks are Linux's" ticks xen
check "no clocksource" sh -c "! grep -q customtimer $source/available_clocksource"
check "a second instance is refused" sh -c "insmod /lib/modules/\$(uname -r)/extra/customtimer.ko 2>&1 | grep -q 'File exists'"
rmmod customtimer

dmesg -c >/dev/null
date=$(date +%s)
check "all parts at load" modprobe customtimer clockevent=1 clocksource=1 ptp=1 rtc=1
check "the clock was not set by the RTC" within "$(date +%s)" "$date" 5
dmesg | sed 's/^/# /'

# The clocksource.
is "$(cat $source/current_clocksource)" "$stock" "the clocksource is not chosen by itself"
echo customtimer >$source/current_clocksource
is "$(cat $source/current_clocksource)" customtimer "it can be chosen"
check "time goes on" alive
echo 0 >$parameters/clocksource
# Which may be another than before: Linux distrusts the emulator's TSC sooner or later.
stock=$(cat $source/current_clocksource)
check "it goes when it is switched off, and Linux has its own" test "$stock" != customtimer
echo 1 >$parameters/clocksource

# The PTP clock.
ptp=$(grep -ls '^customtimer$' /sys/class/ptp/*/clock_name | cut -d/ -f5)
if [ ! -d /sys/class/ptp ]; then
	check "a kernel without PTP clocks: a line says so" sh -c "dmesg | grep -q 'ptp: this kernel was built without PTP clocks'"
	is "$(cat $parameters/ptp)" 0 "and there is none"
else
	check "a PTP clock" test -n "$ptp"
	seconds=$("$tools/run" phc_ctl /dev/$ptp get 2>&1 | sed -n 's/.*clock time is \([0-9]*\).*/\1/p')
	check "phc_ctl reads it" within "$seconds" "$(date +%s)" 10
	check "it cannot be set" sh -c "'$tools/run' phc_ctl /dev/$ptp set 2>&1 | grep -q 'not supported'"
	check "nor moved" sh -c "'$tools/run' phc_ctl /dev/$ptp adj 1 2>&1 | grep -q 'not supported'"
	"$tools/clockdevs" ptp /dev/$ptp >/tmp/ptp
	sed 's/^/# /' /tmp/ptp
	check "cross timestamps and readings agree to 20 us" \
		within "$(field cross_max /tmp/ptp)" "$(field between_min /tmp/ptp)" 20000
	cat >/tmp/chrony.conf <<-END
		refclock PHC /dev/$ptp poll 0 dpoll -2 filter 4
		bindcmdaddress /tmp/chronyd.sock
		pidfile /tmp/chronyd.pid
	END
	# Prints an offset, sets nothing, and ends.
	"$tools/run" chronyd -Q -t 20 -u root -f /tmp/chrony.conf >/tmp/chrony 2>&1
	sed 's/^/# /' /tmp/chrony
	check "chronyd reads it, the same" within "$(($(field cross_max /tmp/ptp) / 1000000))" \
		"$(sed -n 's/.*System clock wrong by \([-0-9.]*\) .*/\1/p' /tmp/chrony | awk '{ printf "%d", $1 * 1000 }')" 200
fi

# The RTC.
rtc=$(basename "$(dirname "$(grep -l customtimer-rtc /sys/class/rtc/*/name)")")
mdev -s 2>/dev/null
check "an RTC" test -c "/dev/$rtc"
seconds=$(cat "/sys/class/rtc/$rtc/since_epoch")
# Until a clocksource is chosen Linux counts ticks, of which a slow boot loses some;
# afterwards by the TSC, which is a little off in the emulator.
slack=$((10 + $(cut -d. -f1 /proc/uptime)))
echo "# RTC $seconds, system $(date +%s)"
check "it agrees with the system" within "$seconds" "$(date +%s)" $slack
check "hwclock reads it" sh -c "hwclock -r -u -f /dev/$rtc | grep -q '$(date +%Y)'"
if [ -e /proc/xen/capabilities ] && grep -q control_d /proc/xen/capabilities; then
	date -s "@$(($(date +%s) + 7200))" >/dev/null
	check "dom0 sets it" hwclock -w -u -f "/dev/$rtc"
	check "and reads what it has set" within "$(cat "/sys/class/rtc/$rtc/since_epoch")" "$(date +%s)" 1
	[ -z "$ptp" ] || check "the PTP clock follows" within \
		"$("$tools/run" phc_ctl /dev/$ptp get 2>&1 | sed -n 's/.*clock time is \([0-9]*\).*/\1/p')" "$(date +%s)" 1
else
	# What offers no way to set it is left alone; of any other error Linux tries again for ever.
	check "it has no way to be set in this guest" sh -c "hwclock -w -u -f /dev/$rtc 2>&1 | grep -qi 'invalid argument'"
fi
"$tools/clockdevs" alarm "/dev/$rtc" 2 >/tmp/alarm
sed 's/^/# /' /tmp/alarm
check "its alarm comes, and in time" within "$(field late_us /tmp/alarm)" 0 $late_us

# The event timer.
check "the ticks are ours" ticks customtimer
virqs=$(interrupts '[^m]timer[0-9]+$')
ours=$(interrupts customtimer)
check "and alive" alive
is "$(interrupts '[^m]timer[0-9]+$')" "$virqs" "Linux's own timer is idle"
check "ours is not" test "$(interrupts customtimer)" -gt "$ours"
check "the module cannot go" sh -c '! rmmod customtimer 2>/dev/null'
modprobe customtimer_pacer period_us=300 count=500
check "drivers' timers run beside the tick" wait_for 30 sh -c "dmesg | grep -q '500 calls every 300 us.*none early'"
rmmod customtimer_pacer
if [ -w /sys/devices/system/cpu/cpu1/online ]; then
	echo 0 >/sys/devices/system/cpu/cpu1/online
	check "without CPU 1" sleep 0.2
	echo 1 >/sys/devices/system/cpu/cpu1/online
	check "CPU 1 has it again" wait_for 5 ticks customtimer
fi
echo 0 >$parameters/clockevent
check "the ticks are Linux's again" ticks xen
check "and alive" tick_alive
for round in 1 2 3; do
	echo 1 >$parameters/clockevent
	ticks customtimer && sleep 0.1 && echo 0 >$parameters/clockevent && ticks xen || break
done
check "back and forth" ticks xen

# A device that Linux prefers, on the first CPU.
if [ -d $cpu0/../clockevent1 ]; then
	modprobe customtimer_outrank
	is "$(cat $cpu0/current_device)" outrank "CPU 0 has a better device"
	check "so ours is refused" sh -c "! echo 1 2>/dev/null >$parameters/clockevent"
	check "a line says why" sh -c "dmesg | grep -q 'clockevent: CPU 0 has a device that Linux prefers'"
	is "$(cat $parameters/clockevent)" 0 "so says the parameter"
	check "time goes on" alive
	rmmod customtimer_outrank
	check "when it is gone, ours can be had" sh -c "echo 1 >$parameters/clockevent"
	check "on every CPU" ticks customtimer

	modprobe customtimer_outrank
	is "$(cat $cpu0/current_device)" outrank "a better device comes while ours is in use"
	check "a line says so" wait_for 5 sh -c "dmesg | grep -q 'clockevent: CPU 0 has gone over to another device'"
	is "$(dmesg | grep -c 'has gone over')" 1 "and it never was said for nothing"
	is "$(cat $cpu0/../clockevent1/current_device)" customtimer "the other CPU keeps ours"
	check "time goes on" alive
	rmmod customtimer_outrank
	check "when it goes, ours comes back" ticks customtimer
	check "and alive" alive

	modprobe customtimer_outrank
	check "ours can go meanwhile" sh -c "echo 0 >$parameters/clockevent"
	rmmod customtimer_outrank
	check "then the ticks are Linux's" ticks xen
	check "and alive" tick_alive

	# By name Linux finds what was registered last.
	echo 1 >$parameters/clockevent
	echo customtimer >$cpu0/../clockevent1/unbind_device
	is "$(cat $cpu0/../clockevent1/current_device)" xen "the administrator takes it from CPU 1"
	check "a line says so" wait_for 5 sh -c "dmesg | grep -q 'clockevent: CPU 1 has gone over to another device'"
	check "time goes on" alive
	echo 0 >$parameters/clockevent
	echo 1 >$parameters/clockevent
	check "off and on: it has it again" ticks customtimer
	echo 0 >$parameters/clockevent
fi

# The hypervisor refuses: the guest has to live on.
echo 1 >$parameters/clockevent
modprobe customtimer_refusal
check "the hypervisor refuses: Linux has its ticks back" wait_for 10 ticks xen
is "$(cat $parameters/clockevent)" 0 "so says the parameter"
check "and a line in the log" sh -c "dmesg | grep -q 'clockevent: the hypervisor refuses to set the timer'"
check "time goes on" tick_alive
modprobe customtimer_pacer period_us=2000 count=100
check "drivers' timers go on with an hrtimer" wait_for 30 sh -c "dmesg | grep -q '100 calls every 2000 us.*none early'"
rmmod customtimer_pacer customtimer_refusal
echo 1 >$parameters/clockevent
check "when it refuses no more, the ticks can be ours" ticks customtimer
check "and alive" alive
echo 0 >$parameters/clockevent

check "nonsense is refused" sh -c "! echo 2 2>/dev/null >$parameters/clockevent"

# In use at unload.
echo customtimer >$source/current_clocksource
check "a clocksource in use keeps the module" sh -c '! rmmod customtimer 2>/dev/null'
echo "$stock" >$source/current_clocksource
exec 5<"/dev/$rtc"
check "an RTC that is open keeps the module" sh -c '! rmmod customtimer 2>/dev/null'
exec 5<&-
check "then it unloads" rmmod customtimer
check "no part is left" sh -c "! grep -qs customtimer $source/available_clocksource /sys/class/ptp/*/clock_name /sys/class/rtc/*/name"

# What does not depend on the hypervisor's patch, and what does.
modprobe customtimer backend=hrtimer clockevent=1 clocksource=1
check "no tick on an hrtimer" ticks xen
check "a line says why" sh -c "dmesg | grep -q 'clockevent: needs the Xen backend'"
check "the rest runs" grep -q customtimer $source/available_clocksource
rmmod customtimer
check "the tick is alive in the end" tick_alive
done_testing
