# SPDX-License-Identifier: GPL-2.0
"""What Debian's archive holds, through the repositories that the machine's own apt uses.

Packages are found with all that they depend on by apt's own solver, downloaded once and
kept. apt works on lists of its own here, so nothing needs root, the machine's
configuration stays as it is, and other releases of Debian can be asked as well.
"""

import contextlib
import errno
import fcntl
import functools
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME")
                     or os.path.expanduser("~/.cache"), "xen-customtimer")
APT = os.path.join(CACHE, "apt")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# So long are lists good for, and the knowledge that a file is absent.
DAY_SECONDS = 24 * 3600
# What nothing has used for so long is removed when something new comes.
UNUSED_SECONDS = 60 * DAY_SECONDS

# Room for the lists of packages or sources.
LISTS_BYTES = 200 << 20
# Room for a few packages.
DOWNLOAD_BYTES = 100 << 20

# The exit status of a program that needs what cannot be had now.
ABSENT = 123


class DebianError(Exception):
    """Something is wrong; the text says what, and what to do."""


class Absent(DebianError):
    """Nothing is broken, but what is asked for cannot be had now."""


class Unreachable(Absent):
    """The mirror could not be asked."""


def note(text):
    print(f"tests/vm: {text}", file=sys.stderr, flush=True)


def report(name, error):
    """Tells the error in the name of a program; returns its exit status."""
    if isinstance(error, OSError):
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise error
        error = disk_full()
    absent = isinstance(error, Absent)
    print(f"{name}: {'absent' if absent else 'error'}: {error}", file=sys.stderr, flush=True)
    return ABSENT if absent else 1


def disk_full():
    return DebianError(f"the disk is full: {CACHE} and the build folder need more room; "
                       "XDG_CACHE_HOME names another place for the former")


def run(argv, **kw):
    if "input" not in kw:
        kw["stdin"] = subprocess.DEVNULL
    try:
        return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False,
                              # What apt says is read here.
                              env={**os.environ, "LC_ALL": "C.UTF-8"}, **kw)
    except FileNotFoundError:
        raise DebianError(f"no program '{argv[0]}': the project runs on Debian; "
                          "tests/vm/setup installs what it needs") from None


@contextlib.contextmanager
def locked(name):
    """Other processes wait here until this one is done."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, f".lock-{name}"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def own_suffix():
    """Tells apart the files that processes and threads write at the same time."""
    return f".{os.getpid()}-{threading.get_ident()}.part"


def put(path, text):
    """The file has this text or, for whoever looks meanwhile, the old one."""
    new = f"{path}{own_suffix()}"
    with open(new, "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(new, path)


def age(path):
    """Seconds since the file was touched; None if there is none."""
    try:
        return time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return None


def touch(path):
    open(path, "a").close()
    os.utime(path)


def drop_unused(pattern):
    """Removes the files and folders that nothing has touched for long."""
    for path in glob.glob(pattern):
        if (age(path) or 0) > UNUSED_SECONDS:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)


# --- repositories and lists -------------------------------------------------------

@functools.cache
def host_suite():
    """The code name of the release that this machine runs."""
    with contextlib.suppress(FileNotFoundError):
        with open("/etc/os-release", encoding="utf-8") as f:
            m = re.search(r"^VERSION_CODENAME=\"?(\w+)", f.read(), re.M)
            if m:
                return m.group(1)
    raise DebianError("/etc/os-release names no release of Debian: this is for Debian 12 or later")


def suites(kind="deb"):
    """The releases of Debian that are asked, oldest first: those whose Xen, QEMU and
    kernels the machines of the test bed run, this machine's own, and the one that is to come."""
    return list(dict.fromkeys(["bookworm", "trixie", host_suite(), "testing"]
                              + (["unstable"] if kind == "deb-src" else [])))


def own_state():
    """Changes whenever the machine's own apt is set up anew."""
    paths = [path for pattern in ("/etc/apt/*", "/etc/apt/*.d/*", "/var/lib/apt/lists")
             for path in glob.glob(pattern)]
    return [f"{path} {os.stat(path).st_mtime_ns}" for path in sorted(paths)]


@functools.cache
def own_lines():
    """[[base URI, suite, component]] of Debian's in the machine's own apt."""
    path = os.path.join(APT, "own.json")
    state = own_state()
    with contextlib.suppress(FileNotFoundError, ValueError):
        with open(path, encoding="utf-8") as f:
            known = json.load(f)
        if known["state"] == state:
            return known["lines"]
    out = run(["apt-get", "indextargets", "--format",
               "$(ORIGIN)\t$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)", "Created-By: Packages"]).stdout
    lines = [line.split("\t") for line in out.splitlines()]
    found = sorted({(uri.rstrip("/"), suite, component)
                    for origin, uri, suite, component in lines if origin == "Debian"})
    if not found:
        raise DebianError("apt knows no Debian repository: run as root: apt-get update")
    os.makedirs(APT, exist_ok=True)
    put(path, json.dumps({"state": state, "lines": found}))
    return found


def repositories():
    """The base URIs of Debian's repositories."""
    return sorted({uri for uri, _, _ in own_lines()})


def source_lines(kind, wanted):
    """sources.list for these suites, with their updates, security and backports; kind is deb
    or deb-src."""
    signed = f"[signed-by={KEYRING}] " if os.path.exists(KEYRING) else ""
    lines = set()
    for uri, suite, component in own_lines():
        for name in wanted:
            branch = suite[len(suite.split("-")[0]):]
            lines.add(f"{kind} {signed}{uri} {name}{branch} {component}\n")
            if not branch:
                lines.add(f"{kind} {signed}{uri} {name}-backports {component}\n")
    return "".join(sorted(lines))


def options(kind, wanted):
    """Options that make apt look at these suites alone, and at nothing of the machine's."""
    folder = os.path.join(APT, kind)
    for name in ("lists/partial", "archives/partial"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    cache = os.path.join(folder, "+".join(wanted))
    os.makedirs(cache, exist_ok=True)
    put(f"{cache}/sources.list", source_lines(kind, wanted))
    put(f"{cache}/preferences", absent_preferences())
    if not os.path.exists(f"{folder}/status"):
        put(f"{folder}/status", "")
    return ["-o", f"Dir::State={folder}", "-o", f"Dir::State::lists={folder}/lists",
            "-o", f"Dir::State::status={folder}/status",
            "-o", f"Dir::Cache={cache}", "-o", f"Dir::Cache::archives={folder}/archives",
            "-o", f"Dir::Etc::sourcelist={cache}/sources.list", "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", f"Dir::Etc::preferences={cache}/preferences",
            "-o", "Dir::Etc::preferencesparts=/dev/null", "-o", "APT::Sandbox::User=",
            "-o", "APT::Architecture=amd64", "-o", "APT::Architectures=amd64",
            "-o", "APT::Default-Release=", "-o", "APT::Get::List-Cleanup=false",
            "-o", "Acquire::Languages=none", "-o", "Acquire::ForceHash=SHA256"]


def tail(done):
    """What apt has said last of what is wrong."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    return (lines or done.stderr.splitlines() or ["it does not say why"])[0][:300]


def update_failures(text):
    """What apt-get update has said of lists that it did not get, though their suite is there. It
    may end with status 0 all the same."""
    return [line[:300] for line in text.splitlines()
            if line.startswith(("E: Failed to fetch", "W: Failed to fetch"))]


@functools.cache
def lists(kind):
    """Sees to it that the package lists are there: today's, or where there is no network the
    last ones. Returns their folder."""
    folder = os.path.join(APT, kind)
    stamp, known = f"{folder}/stamp", f"{folder}/known"
    with locked(f"apt-{kind}"):
        lines = source_lines(kind, suites(kind))
        opts = options(kind, suites(kind))
        try:
            with open(known, encoding="utf-8") as f:
                same = f.read() == lines
        except FileNotFoundError:
            same = False
        asked = age(stamp)
        if not same or asked is None or asked >= DAY_SECONDS:
            what = "Sources" if kind == "deb-src" else "Packages"
            note("fetching Debian's " + ("lists of sources" if kind == "deb-src"
                                         else "package lists"))
            check_space(need=LISTS_BYTES)
            done = run(["apt-get", *opts, "-q", "update"])
            failed = update_failures(done.stdout + done.stderr)
            # A repository may have no such suite, or no longer: what counts is what is here.
            here = glob.glob(f"{folder}/lists/*_{what}*")
            if not here:
                raise Absent(f"Debian's package lists cannot be fetched: {(failed or [tail(done)])[0]}")
            put(known, lines)
            touch(stamp)
            if failed:
                note(f"some lists are as they were: {failed[0]}")
                # Not every program that asks has to wait for a network that is not there.
                soon = time.time() - DAY_SECONDS + 1800
                os.utime(stamp, (soon, soon))
    return f"{folder}/lists"


def lists_state(kind):
    """Changes whenever the lists, or what is known to be absent, do."""
    state = [absent_preferences()]
    for path in sorted(glob.glob(f"{lists(kind)}/*_dists_*")):
        st = os.stat(path)
        state.append(f"{os.path.basename(path)} {st.st_size} {st.st_mtime_ns}")
    return "\n".join(state)


# --- what the mirror lacks --------------------------------------------------------

def absent_folder():
    return os.path.join(APT, "absent")


def remember_absent(name):
    """The index names this file, or PACKAGE_VERSION, and the mirror does not have it. It may
    have it tomorrow."""
    os.makedirs(absent_folder(), exist_ok=True)
    touch(os.path.join(absent_folder(), urllib.parse.quote(name, safe="")))


def known_absent():
    """What was found to be absent less than a day ago."""
    found = []
    for path in sorted(glob.glob(f"{absent_folder()}/*")):
        if (age(path) or 0) < DAY_SECONDS:
            found.append(urllib.parse.unquote(os.path.basename(path)))
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    return found


def absent_preferences():
    """Lets apt's solver do without the versions of packages that the mirror lacks."""
    return "".join("Package: {}\nPin: version {}\nPin-Priority: -1\n\n".format(*name.split(" "))
                   for name in known_absent() if " " in name)


# --- downloads --------------------------------------------------------------------

def file_sum(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            h.update(block)
    return h.hexdigest()


def helper(wanted):
    """Downloads [(URI, path, sha256)]. Returns what apt said; what did not come is not there."""
    check_space(need=DOWNLOAD_BYTES)
    argv = ["/usr/lib/apt/apt-helper", *options("deb", [host_suite()]), "-q", "download-file"]
    done = run(argv + [word for uri, path, sha in wanted for word in (uri, path, f"SHA256:{sha}")])
    for _, path, sha in wanted:
        if os.path.exists(path) and file_sum(path) != sha:
            os.unlink(path)
    return done.stdout + done.stderr


def reasons(text):
    """{URI: why it did not come}, out of what apt has said."""
    return {uri: re.sub(r"\s+", " ", reason.partition(" [IP:")[0])[:120] for uri, reason in
            re.findall(r"^E: Failed to fetch (\S+)\s+(.*)$", text, re.M)}


def lacks(reason):
    """Does the mirror not have the file? Everything else may be otherwise in a moment."""
    return reason.startswith(("404", "Hash Sum mismatch", "File not found"))


def check_space(text="", need=1 << 20):
    """apt hangs, or blames the network, where there is no room."""
    if "No space left on device" in text or shutil.disk_usage(CACHE).free < need:
        raise disk_full()


def download(uris, sha256, path):
    """Leaves the file with that sum at path; uris are the places where it may be."""
    part = path + own_suffix()
    failure = Absent
    reason = "no repository is known"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        for uri in uris:
            text = helper([(uri, part, sha256)])
            if os.path.exists(part):
                os.rename(part, path)
                return
            check_space(text)
            what = reasons(text).get(uri, "the download failed")
            # The file may well be at a place that could not be asked.
            if failure is Absent:
                reason, failure = what, Absent if lacks(what) else Unreachable
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
    raise failure(f"{os.path.basename(urllib.parse.unquote(uris[0])) if uris else path}: {reason}")


# --- questions --------------------------------------------------------------------

def remembered(kind, words, ask):
    """What ask() has answered before, with the same words and lists."""
    folder = os.path.join(APT, "answers")
    key = hashlib.sha256(json.dumps([words, lists_state(kind)]).encode()).hexdigest()[:20]
    path = os.path.join(folder, key)
    with contextlib.suppress(FileNotFoundError, ValueError):
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    answer = ask()
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(f"{folder}/*"):
        if (age(old) or 0) > 2 * DAY_SECONDS:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(old)
    put(path, json.dumps(answer))
    return answer


# --- sources ----------------------------------------------------------------------

class Source:
    """One version of a source package: its upstream tarball."""

    def __init__(self, version, name, sha256, size, folders):
        self.version, self.name, self.sha256, self.size = version, name, sha256, size
        self.uris = [f"{base}/{folder}/{urllib.parse.quote(name)}"
                     for folder in sorted(set(folders)) for base in repositories()]


def newer(a, b):
    """Is version a later than b?"""
    return run(["dpkg", "--compare-versions", a, "gt", b]).returncode == 0


def newest_first(things, version=lambda thing: thing):
    def compare(a, b):
        a, b = version(a), version(b)
        return 0 if a == b else 1 if newer(a, b) else -1

    return sorted(things, reverse=True, key=functools.cmp_to_key(compare))


def sources(package):
    """Every version that one of the suites names, newest first."""
    def ask():
        with locked("apt-deb-src"):
            text = run(["apt-cache", *options("deb-src", suites("deb-src")), "showsrc",
                        package]).stdout
        found = {}
        for entry in re.split(r"\n\n+", text):
            field = dict(re.findall(r"^([\w-]+):[ \n]((?:.*(?:\n .*)*))", entry, re.M))
            tarball = re.search(r"([0-9a-f]{64}) (\d+) (\S+\.orig\.tar\.[a-z0-9]+)(?:\n|$)",
                                field.get("Checksums-Sha256", ""))
            if tarball and field.get("Package", "").strip() == package:
                sha, size, name = tarball.groups()
                there = found.setdefault(sha, [field["Version"].strip(), name, sha, int(size), []])
                there[-1].append(field["Directory"].strip())
        return newest_first(list(found.values()), lambda words: words[0])

    return [Source(*words) for words in remembered("deb-src", ["sources", package], ask)]


# --- packages ---------------------------------------------------------------------

class Deb:
    """A package file. Equal ones have equal contents."""

    def __init__(self, uri, file, sha256):
        self.uri, self.file, self.sha256 = uri, file, sha256
        self.package, version = file.split("_")[:2]
        self.version = urllib.parse.unquote(version)
        self.path = os.path.join(CACHE, "debs", f"{sha256[:16]}-{file}")

    def __repr__(self):
        return f"{self.file} {self.sha256}"


def find_packages(pattern, wanted):
    """[(name, version)] of the packages of these suites whose names match, as the solver would
    choose."""
    def ask():
        with locked("apt-deb"):
            opts = options("deb", wanted)
            names = [name for name in run(["apt-cache", *opts, "pkgnames"]).stdout.split()
                     if re.fullmatch(pattern, name)]
            text = run(["apt-cache", *opts, "policy", *names]).stdout if names else ""
        found = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (\S+)", text, re.M)
        return [(name, version) for name, version in found if version != "(none)"]

    return remembered("deb", ["find", pattern, *wanted], ask)


def find_versions(pattern, wanted):
    """[(name, version, suite)]: each version of the packages whose names match, with the suite
    of these releases that has it. In two suites it is there twice."""
    with locked("apt-deb"):
        opts = options("deb", wanted)
        names = [name for name in run(["apt-cache", *opts, "pkgnames"]).stdout.split()
                 if re.fullmatch(pattern, name)]
        text = run(["apt-cache", *opts, "madison", *names]).stdout if names else ""
    return [tuple(words) for words in
            re.findall(r"^ *(\S+) \| +(\S+) \| \S+ ([^\s/]+)/\S+ amd64 Packages$", text, re.M)]


def solve(names, wanted, target=""):
    """The packages and all that they depend on, on a machine that has nothing; versions of the
    suite target come first."""
    first = ["--target-release", target] if target else []
    def ask():
        with locked("apt-deb"):
            done = run(["apt-get", *options("deb", wanted), "install", "--print-uris", "-qq", "-y",
                        "--no-install-recommends", *first, *names])
        found = re.findall(r"^'([^']*)' (\S+) \d+ SHA256:([0-9a-f]{64})", done.stdout, re.M)
        if done.returncode or not found:
            said = re.findall(r"[\w.+-]+", done.stdout + done.stderr) + names
            gone = [name for name in known_absent() if " " in name and name.split(" ")[0] in said]
            raise Absent(f"{' '.join(names)} of {' or '.join(wanted)} cannot be had: " + tail(done)
                         + ("; the mirror lacks " + ", ".join(gone) if gone else ""))
        return sorted(found)

    return [Deb(*words) for words in remembered(
        "deb", ["solve", *first, *names, "of", *wanted], ask)]


def fetch(debs):
    """Downloads what the cache does not have. Returns the packages that the mirror lacks."""
    missing = [deb for deb in debs if not os.path.exists(deb.path)]
    if not missing:
        return []
    note(f"downloading {len(missing)} Debian packages")
    store = os.path.join(CACHE, "debs")
    os.makedirs(store, exist_ok=True)
    drop_unused(f"{store}/*")
    part = own_suffix()
    text = helper([(deb.uri, deb.path + part, deb.sha256) for deb in missing])
    lacking = []
    for deb in missing:
        try:
            # apt gives a file the date that the mirror names; here it tells the last use.
            os.utime(deb.path + part)
            os.rename(deb.path + part, deb.path)
        except FileNotFoundError:
            lacking.append(deb)
    for path in glob.glob(f"{store}/*{part}*"):
        os.unlink(path)
    if lacking:
        check_space(text)
        said = reasons(text)
        for deb in lacking:
            reason = said.get(deb.uri, "the download failed")
            if not lacks(reason):
                raise Unreachable(f"{deb.file} cannot be fetched: {reason}")
    return lacking


def obtain(names, *wanted, only="", target=""):
    """The packages of these suites, and all that they depend on, in the cache: the newest
    versions that the mirror holds, those of the suite target first. Of no use but to the machine
    itself may be what does not begin with the word only: that is left out."""
    held_back = set()
    while True:
        debs = [deb for deb in solve(names, wanted, target) if deb.package.startswith(only)]
        lacking = fetch(debs)
        if not lacking:
            break
        for deb in lacking:
            if deb.file in held_back:
                raise Absent(f"the mirror does not have {deb.file}, and apt knows no other")
            held_back.add(deb.file)
            note(f"the mirror does not have {deb.file}; looking for another version")
            remember_absent(f"{deb.package} {deb.version}")
    for deb in debs:
        os.utime(deb.path)
    return debs


def unpack(debs, folder):
    for deb in debs:
        done = run(["dpkg-deb", "-x", deb.path, folder])
        if done.returncode:
            check_space(done.stderr)
            raise DebianError(f"unpacking {deb.file}: {done.stderr.strip()[-300:]}")


def depends(deb):
    """The package's Depends, as a list of its clauses."""
    text = run(["dpkg-deb", "-f", deb.path, "Pre-Depends", "Depends"]).stdout
    clauses = re.sub(r"^[\w-]+:", ",", text, flags=re.M).replace("\n", "")
    return [clause.strip() for clause in clauses.split(",") if clause.strip()]
