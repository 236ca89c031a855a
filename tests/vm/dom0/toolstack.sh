# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced by dom0's first process: brings up what xl needs.

bed_say() {
	echo "bed: $*" >/dev/console
}

# The last thing any run does. Nothing else writes to this port.
bed_verdict() {
	echo "verdict $* dom0_tainted=$(cat /proc/sys/kernel/tainted)" >/dev/ttyS1
	while :; do sleep 1000; done
}

bed_broken() {
	bed_say "$*"
	bed_verdict "status=- end=$(echo "$*" | tr ' ' _)"
}

# The port for all output is a virtio console, the next after Xen's own.
for module in virtio_pci virtio_console; do
	modprobe "$module" || bed_broken "dom0 cannot load $module"
done
until [ -c /dev/hvc1 ]; do sleep 0.1; done

# xenfs finds out at mount time what privcmd offers, so privcmd comes first.
for module in xen-privcmd xenfs xen-evtchn xen-gntdev xen-gntalloc; do
	modprobe "$module" || bed_broken "dom0 cannot load $module"
done
mount -t xenfs xenfs /proc/xen || bed_broken "dom0 cannot mount xenfs"
mkdir -p /run/xen /run/lock /run/bed /var/lib/xen/dump /var/lib/xenstored /var/log/xen/console /etc/xen
cat >/etc/xen/xl.conf <<'END'
autoballoon="off"
run_hotplug_scripts=0
END
xenstored --pid-file /run/xen/xenstored.pid >/dev/console 2>&1 || bed_broken "xenstored does not start"
xen-init-dom0 >/dev/console 2>&1 || bed_broken "xen-init-dom0 failed"
xenconsoled --log=guest --log-dir=/var/log/xen/console --pid-file=/run/xen/xenconsoled.pid >/dev/console 2>&1 ||
	bed_broken "xenconsoled does not start"
