# SPDX-License-Identifier: GPL-2.0
"""Roots of Debian's releases, to run in what this machine's own release has no packages for.

make() builds a new one with mmdebstrap. kept() is one per release that stays in the cache, for
compilers; what it lacks satisfy() installs there. All of this needs root, for chroot."""

import glob
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import debian                                                   # noqa: E402
from debian import Absent                                       # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
STORE = os.path.join(debian.CACHE, "roots")

# Besides what a kernel's packages name: they depend on compilers, and not on make.
KEPT_PACKAGES = ["make", "binutils"]

# A kept root is made anew after so long, so that it has Debian's current compilers.
KEPT_SECONDS = 30 * debian.DAY_SECONDS

# Lies beside a kept root. The mounts are gone with the namespace, and MAKEFLAGS goes along
# because a make inside belongs to the one that has called.
ENTER = r"""#!/bin/sh
# enter [FOLDER]... -- COMMAND...: runs COMMAND in this Debian root. The root sees the FOLDERs,
# absolute paths, where they are outside; the first one is the current folder, and is not to be
# written to.
root=$(dirname "$(readlink -f "$0")")/root
exec unshare --mount sh -ec '
root=$1
shift
cd=$1
[ "$cd" != -- ] || cd=/
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do
	mkdir -p "$root$1"
	mount --rbind "$1" "$root$1"
	[ "$1" != "$cd" ] || mount -o remount,bind,ro "$root$1"
	shift
done
shift
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
exec chroot "$root" /usr/bin/env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
	${MAKEFLAGS:+"MAKEFLAGS=$MAKEFLAGS"} DEBIAN_FRONTEND=noninteractive DEBIAN_ROOT=y \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	sh -ec "cd \"\$1\"; shift; exec \"\$@\"" sh "$cd" "$@"
' sh "$root" "$@"
"""


# The Makefile of a kernel's tree whose tools are in a root: make is called once more, in there.
ENTERING = """\
ifdef DEBIAN_ROOT
{makefile}else
.PHONY: enter
$(or $(MAKECMDGOALS),all): enter ;
enter:
\t+@{enter} {kept} $(abspath $(wildcard $(M) $(CUSTOMTIMER_INCLUDE)) \\
\t\t$(dir $(KBUILD_EXTRA_SYMBOLS))) -- make -C {tree} $(MAKECMDGOALS)
endif
"""


def network_settings():
    """The machine's own way to the network: apt's proxies."""
    out = debian.run(["apt-config", "dump"]).stdout
    return "".join(line + "\n" for line in out.splitlines()
                   if re.match(r"Acquire::https?::(Proxy|[^:]*::Proxy|Proxy-Auto-Detect)\b", line))


def check_root():
    if os.geteuid() != 0:
        raise Absent("not root: chroot into a root of another release needs it")
    done = subprocess.run([os.path.join(HERE, "setup"), "--satisfy", "mmdebstrap"],
                          stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode:
        raise Absent("mmdebstrap is not there, see above")


def offered(line):
    """Is there such a suite? Not every release has backports, and mmdebstrap wants all."""
    name = line.split()[-2]
    return glob.glob(f"{debian.lists('deb')}/*_dists_{name}_*Release")


def make(suite, root, packages, backports=False):
    """A new root of this suite at root, with essential packages and these."""
    lines = "".join(line for line in debian.source_lines("deb", [suite]).splitlines(True)
                    if offered(line) and (backports or "-backports" not in line))
    done = debian.run(["mmdebstrap", "--variant=minbase",
                       f"--include={','.join(packages)}", suite, root, "-"], input=lines)
    if done.returncode:
        debian.check_space(done.stderr)
        raise Absent(f"mmdebstrap makes no root of {suite}: {debian.tail(done)}")
    for name in ("/etc/resolv.conf", "/etc/hosts"):
        if os.path.exists(name):
            shutil.copy(name, root + name)
    with open(f"{root}/etc/apt/apt.conf.d/99network", "w", encoding="utf-8") as f:
        f.write(network_settings())


def script(suite):
    """The script that enters the kept root of this suite."""
    return os.path.join(STORE, suite, "enter")


def entering(enter, kept, tree, makefile):
    """A Makefile for the tree, in the folder kept, that is makefile in the root of enter."""
    return ENTERING.format(enter=enter, kept=kept, tree=tree, makefile=makefile)


def kept(suite):
    """The folder with the kept root of this suite, and with the script that enters it."""
    folder = os.path.join(STORE, suite)
    made = f"{folder}/made"
    with debian.locked(f"root-{suite}"):
        if debian.age(made) is None or debian.age(made) > KEPT_SECONDS:
            check_root()
            debian.note(f"making a root of {suite} for its compilers")
            shutil.rmtree(f"{folder}.new", ignore_errors=True)
            os.makedirs(f"{folder}.new")
            make(suite, f"{folder}.new/root", KEPT_PACKAGES, backports=True)
            debian.touch(f"{folder}.new/made")
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(f"{folder}.new", folder)
        debian.put(script(suite), ENTER)
        os.chmod(script(suite), 0o755)
    return folder


def satisfy(suite, wants):
    """Sees to it that the kept root of this suite has what a list of dependencies wants, in the
    form that packages have it. Returns the root's folder."""
    folder = kept(suite)
    known = f"{folder}/satisfied"
    with debian.locked(f"root-{suite}"):
        debian.touch(known)
        with open(known, encoding="utf-8") as f:
            if f"{wants}\n" in f.readlines():
                return folder
        check_root()
        debian.note(f"installing in the root of {suite}: {wants}")
        install = ["apt-get", "-q", "-y", "--no-install-recommends", "--no-remove", "satisfy", wants]
        done = debian.run([script(suite), "--", *install])
        if done.returncode:
            debian.run([script(suite), "--", "apt-get", "-q", "update"])
            done = debian.run([script(suite), "--", *install])
        if done.returncode:
            debian.check_space(done.stderr)
            raise Absent(f"{suite} has no {wants}: {debian.tail(done)}")
        with open(known, "a", encoding="utf-8") as f:
            f.write(f"{wants}\n")
    return folder
