# SPDX-License-Identifier: GPL-2.0
"""Starting QEMU, and what the bed asks of one that runs."""

import ctypes
import json
import shlex
import signal
import socket
import subprocess
import time

import images

# An answer takes no longer, however busy the host is.
PATIENCE = 120


def die_with_parent():
    """QEMU must not outlive a bed that was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG


def start(argv, errors, monitored=False):
    """A QEMU, and its Monitor or None. errors: a file for what it has to say."""
    program, environment = images.qemu()
    argv = program + argv
    ours = theirs = None
    if monitored:
        ours, theirs = socket.socketpair()
        argv += ["-chardev", f"socket,id=monitor,fd={theirs.fileno()}",
                 "-mon", "chardev=monitor,mode=control"]
    with open(errors, "wb") as err:
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=err,
                                   stderr=err, preexec_fn=die_with_parent,
                                   pass_fds=[theirs.fileno()] if theirs else [])
    if not theirs:
        return process, None
    theirs.close()
    return process, Monitor(ours, process)


class MonitorError(images.BedError):
    """QEMU has ended, does not answer, or refuses."""


class Monitor:
    """QEMU's own protocol (QMP) on a socket."""

    def __init__(self, sock, process):
        self.process = process
        self.rest = b""
        self.stopped = False    # the machine has asked for that
        self.greeted = False
        self.socket = sock
        self.socket.settimeout(0.02)

    def look(self):
        """Takes what has come, and waits 0.02 s for it. Returns the answers."""
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return []
        except OSError:
            data = b""
        if not data:
            time.sleep(0.02)
            return []
        *lines, self.rest = (self.rest + data).split(b"\n")
        said = [json.loads(line) for line in lines]
        if any(one.get("event") == "GUEST_PANICKED" for one in said):
            self.stopped = True
        return [one for one in said if "return" in one or "error" in one]

    def greet(self):
        """To be said before anything else; then events come as well."""
        if not self.greeted:
            self.greeted = True
            self.ask("qmp_capabilities")

    def ask(self, what, **arguments):
        """What the command returns."""
        self.greet()
        try:
            self.socket.sendall(json.dumps({"execute": what, "arguments": arguments}).encode())
        except OSError:
            raise MonitorError(f"QEMU ended before {what}") from None
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            for answer in self.look():
                if "error" in answer:
                    raise MonitorError(f"QEMU: {what}: {answer['error']['desc']}")
                return answer["return"]
            if self.process.poll() is not None:
                raise MonitorError(f"QEMU ended at {what}")
        raise MonitorError(f"QEMU does not answer to {what}")

    def resume(self):
        """Goes on after the machine has asked to be stopped."""
        self.stopped = False
        self.ask("cont")

    def save(self, path):
        """Writes the stopped machine's state to a file."""
        # There is nobody for whom bandwidth has to be left.
        self.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.ask("migrate", uri=f"exec:cat >{shlex.quote(path)}")
        while (state := self.ask("query-migrate").get("status")) != "completed":
            if state in ("failed", "cancelled"):
                raise MonitorError("QEMU could not write its state")
            time.sleep(0.02)

    def restore(self, path):
        """Reads what save() has written into a QEMU that waits for it (-incoming defer). resume() then
        continues the machine."""
        self.ask("migrate-incoming", uri=f"exec:cat {shlex.quote(path)}")
        while (state := self.ask("query-migrate").get("status")) != "completed":
            if state == "failed":
                raise MonitorError("QEMU could not read a machine's state")
            time.sleep(0.02)
