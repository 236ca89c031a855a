# SPDX-License-Identifier: GPL-2.0
"""How long the host keeps a process from running: waiting for a CPU, or stopped."""

import os
import time

# The host tells how long a thread has waited only when the thread gets its CPU. Summed up in
# shorter intervals, waits of several threads that overlap would count more than once.
INTERVAL = 0.5


def contents(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:             # it has ended, or the kernel does not tell
        return b""


class Clock:
    """Measures time since it was made, with and without what the host took from @pid: from
    the thread that lost most, be it a vCPU's or one of QEMU's own, for which vCPUs wait."""

    def __init__(self, pid):
        self.folder = f"/proc/{pid}/task"
        self.begin = self.looked = self.summed = time.monotonic()
        self.waits = {t: self.waited(t) for t in self.threads()}
        self.stops = {}         # of each thread, since self.summed
        self.lost = 0.0

    def threads(self):
        try:
            return os.listdir(self.folder)
        except OSError:
            return []

    def waited(self, thread):
        """How long it has waited for a CPU so far, in seconds."""
        fields = contents(f"{self.folder}/{thread}/schedstat").split()
        return int(fields[1]) / 1e9 if len(fields) > 1 else 0.0

    def is_stopped(self, thread):
        # The name of the program stands in brackets and may hold anything.
        return contents(f"{self.folder}/{thread}/stat").rpartition(b")")[2].split()[:1] == [b"T"]

    def look(self):
        """To be called often: a stop that nobody sees does not count."""
        now = time.monotonic()
        threads = self.threads()
        for t in filter(self.is_stopped, threads):
            self.stops[t] = self.stops.get(t, 0.0) + now - self.looked
        self.looked = now
        if now - self.summed >= INTERVAL:
            self.sum_up(threads)

    def sum_up(self, threads):
        waits = {t: self.waited(t) for t in threads}
        self.lost += max((waits[t] - self.waits.get(t, 0.0) + self.stops.get(t, 0.0)
                          for t in threads), default=0.0)
        self.lost = min(self.lost, self.wall())
        self.waits, self.stops, self.summed = waits, {}, self.looked

    def wall(self):
        """Seconds since this clock was made."""
        return self.looked - self.begin

    def ran(self):
        """Seconds of these in which the process ran, or could have."""
        return self.wall() - self.lost

    def __str__(self):
        return f"the host took the CPU away for {self.lost:.0f} s of {self.wall():.0f} s"
