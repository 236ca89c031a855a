# SPDX-License-Identifier: GPL-2.0
"""dom0s that have booted.

Whatever guest a run tests, its dom0 boots in the same way. So that is done once: when dom0 is ready
for a guest it stops the machine (dom0/host), and QEMU writes the machine's state to a file. Every
run in virtual time with the same hypervisor, kernel, options and devices continues that state,
with files of its own in the memory of a device. A state is a folder under build/vm:

    xen, initrd     what was booted; QEMU wants files of these names again, but the large one is empty
    console         what Xen and dom0 said
    state           the machine
"""

import glob
import os
import shutil
import tempfile
import time

import images
import qemu
import steal

HOSTS = os.path.join(images.BUILD, "hosts")

# Seconds in which the host of all this lets QEMU run.
PATIENCE = 300

# States that are kept: what is used again was used not long ago.
MOST = 24


def host(key, write, argv):
    """The folder of a state, or None if dom0 does not come up. write(folder) makes what is booted,
    argv(folder, path) are QEMU's arguments for it."""
    folder = os.path.join(HOSTS, key)
    with images.locked(f"host-{key}"):
        if not os.path.exists(folder):
            drop_old()
            new = folder + ".new"
            shutil.rmtree(new, ignore_errors=True)
            os.makedirs(new)
            write(new)
            if not boot(new, argv):
                shutil.rmtree(new)
                return None
            os.rename(new, folder)
        os.utime(folder)
    return folder


def drop(folder):
    """Removes a state at once, as others see it; those that read it have its files open."""
    away = tempfile.mkdtemp(prefix=".gone-", dir=HOSTS)
    try:
        os.rename(folder, os.path.join(away, "host"))
    except FileNotFoundError:
        pass                    # another was quicker
    shutil.rmtree(away, ignore_errors=True)


def drop_old():
    """Removes the states that have not been used for long, and what killed runs have left."""
    os.makedirs(HOSTS, exist_ok=True)
    found = {}
    for path in glob.glob(os.path.join(HOSTS, "*")):
        try:
            found[path] = os.path.getmtime(path)
        except FileNotFoundError:
            pass
    by_age = sorted(found, key=found.get)
    old = time.time() - images.UNUSED_SECONDS
    for path in {*by_age[:-MOST], *(path for path in by_age if found[path] < old)}:
        drop(path)


def boot(folder, argv):
    """Boots dom0 until it is ready, and writes its state. Returns whether it was ready."""
    def path(name):
        return os.path.join(folder, name)

    for name in "console", "verdict", "own":
        open(path(name), "wb").close()
    process, monitor = qemu.start(argv(folder, path), path("errors"), monitored=True)
    try:
        clock = steal.Clock(process.pid)
        monitor.greet()
        while not monitor.stopped:
            monitor.look()
            clock.look()
            if process.poll() is not None or clock.ran() > PATIENCE or os.path.getsize(path("verdict")):
                return False
        monitor.save(path("state"))
    except qemu.MonitorError:
        return False
    finally:
        process.kill()
        process.wait()
    for name in "verdict", "own", "errors", "output", "saved":
        os.unlink(path(name))
    os.truncate(path("initrd"), 0)
    return True
