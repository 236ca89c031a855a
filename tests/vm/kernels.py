# SPDX-License-Identifier: GPL-2.0
"""Which kernels Debian offers for amd64, and the names by which the project's programs take them:

    7.3, 6.12-rt               the newest of a series, of a flavour
    trixie, trixie-backports   the newest of a release with its security updates, or of a suite;
    testing-cloud              of a flavour
    6.12.118+deb13-rt-amd64    just this one
"""

import re

import debian

FLAVOURS = ["rt", "cloud"]

# For messages.
NAMES = ("a series (6.1, 6.12-rt), a release of Debian or its backports (trixie, "
         "trixie-backports-rt, testing), `uname -r` of a kernel of Debian's")

RELEASE = re.compile(r"(\d+\.\d+)[\w.+~]*(?:-\d+)?(?:-(%s))?-amd64" % "|".join(FLAVOURS))
NAME = re.compile(r"([\d.]+|[a-z]+(?:-[a-z]+)??)(?:-(%s))?" % "|".join(FLAVOURS))


class Kernel:
    """A kernel that a suite offers. release is what `uname -r` says there, base the release of
    Debian whose compiler it is built with."""

    def __init__(self, release, version, suite):
        self.release, self.version, self.suite = release, version, suite
        self.base = suite.split("-")[0]
        self.series, self.flavour = RELEASE.fullmatch(release).groups(default="")


def offered(base):
    """All kernels of a release of Debian with its security, updates and backports suites,
    newest first."""
    def ask():
        found = debian.find_versions(r"linux-headers-%s" % RELEASE.pattern, [base])
        return [[name.removeprefix("linux-headers-"), version, suite]
                for name, version, suite in debian.newest_first(found, lambda entry: entry[1])
                # Not the packages that only stand for the newest of a series.
                if re.match(r"linux-headers-\d+\.\d+\.", name)]

    return [Kernel(*words) for words in debian.remembered("deb", ["kernels", base], ask)]


def split(name):
    """(what, flavour) of a kernel's name, None if it is no name of one of Debian's."""
    if RELEASE.fullmatch(name):
        return name, None
    m = NAME.fullmatch(name)
    if not m:
        return None
    what, flavour = m.groups(default="")
    if re.fullmatch(r"\d+\.\d+", what) or what.split("-")[0] in debian.suites():
        return what, flavour
    return None


def flavour(name):
    """The flavour that a kernel's name stands for."""
    m = RELEASE.fullmatch(name)
    return m.group(2) or "" if m else split(name)[1]


def candidates(name):
    """The kernels that a name may stand for, the best first: of this machine's own release,
    whose compiler is at hand, and the newest."""
    what, flavour = split(name)
    host = debian.host_suite()
    for base in [host] + [s for s in debian.suites() if s != host]:
        for kernel in offered(base):
            if kernel.release == what or kernel.flavour == flavour and (
                    what in (kernel.series, kernel.suite)
                    or what == base and not kernel.suite.endswith("-backports")):
                yield kernel
