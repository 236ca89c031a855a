# SPDX-License-Identifier: GPL-2.0
"""What the test bed boots: kernels, initramfs parts and the helper program.

Every part is a folder under build/vm that is named by the hash of what it is
made of, so a part is rebuilt when its inputs change and shared by all runs.
"""

import contextlib
import fcntl
import functools
import glob
import hashlib
import io
import lzma
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, "build", "vm")
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME")
                     or os.path.expanduser("~/.cache"), "xen-customtimer")

# Debian's kernels that the machines can boot, and the package that names the newest.
DEBIAN_KERNELS = {"6.1": "linux-headers-amd64", "6.12": "linux-headers-6.12-amd64"}
# Kernels of tests/kernel for guests. dom0 has the first of Debian's then.
OWN_KERNELS = ["debug", "debug-pv"]

# Debian's packages unpacked into every machine: a shell that scripts expect and the
# libraries of user-space tools built on the host.
COMMON_DEBS = ["bash", "libtinfo6", "libc6", "libgcc-s1", "libjansson4"]

# The Debian suite whose tool stack belongs to a Xen version; None: this machine's.
XEN_SUITES = {"4.17": None, "4.20": "trixie"}

# The tool stack of dom0 and the libraries its programs are linked with.
DOM0_DEBS = ["xen-utils-{}", "xen-utils-common", "xenstore-utils", "libxenmisc{}",
             "libxencall1", "libxendevicemodel1", "libxenevtchn1",
             "libxenforeignmemory1", "libxengnttab1", "libxenhypfs1",
             "libxenstore4", "libxentoolcore1", "libxentoollog1", "libyajl2",
             "liblzma5", "libncurses6", "libuuid1", "zlib1g", "libzstd1"]

# Not needed to run anything.
DEB_SKIP = re.compile(
    r"^usr/share/(doc|man|locale|bug|lintian|python3|info|menu|debianutils|bash-completion)/"
    r"|^usr/lib/x86_64-linux-gnu/(gconv|audit|perl)/|/python/|/boot/|xenfsimage"
    r"|^usr/bin/(bashbug|clear_console|localedef|iconv|catchsegv|zdump|pldd)"
    r"|^etc/init.d/|^lib/systemd/|^usr/lib/xen-[^/]*/bin/(oxenstored|test-|xen-kdd|"
    r"xenpaging|xen-access|flask-|convert-|verify-|pygrub|init-xenstore|xen-livepatch)")

# Modules of the kernel's own that the machines load.
KERNEL_MODULES = ["xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev",
                  "xen-gntalloc", "xen-blkback", "virtio_pci", "virtio_console"]


# A part that no run has used for so long is removed when a new one is made.
UNUSED_SECONDS = 2 * 24 * 3600


class BedError(Exception):
    """The bed could not be set up; the text says what to do."""


def note(text):
    print(f"tests/vm: {text}", file=sys.stderr, flush=True)


def command(argv, what, text=True, **kw):
    """Runs a host program and returns its output, which is shown only when it fails."""
    if "input" not in kw:
        kw["stdin"] = subprocess.DEVNULL
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, **kw)
    except FileNotFoundError:
        raise BedError(f"{what}: no program '{argv[0]}': run tests/vm/setup") from None
    if done.returncode:
        tail = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise BedError(f"{what}: {' '.join(argv[:3])}... failed: {tail[-600:]}")
    return done.stdout.decode(errors="replace") if text else done.stdout


def digest(*parts):
    h = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        h.update(b"%d:" % len(data))
        h.update(data)
    return h.hexdigest()[:20]


def contents(path):
    with open(path, "rb") as f:
        return f.read()


@contextlib.contextmanager
def locked(name):
    os.makedirs(BUILD, exist_ok=True)
    with open(os.path.join(BUILD, f".lock-{name}"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def part(kind, key, make):
    """The folder of a part; make(folder) fills it if it is not there."""
    path = os.path.join(BUILD, "parts", f"{kind}-{key}")

    def there():
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    if there():
        return path
    with locked(kind):
        if there():
            return path
        for old in glob.glob(os.path.join(BUILD, "parts", f"{kind}-*")):
            if os.stat(old).st_mtime < time.time() - UNUSED_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        for left in glob.glob(os.path.join(BUILD, "parts", f".new-{kind}-*")):
            shutil.rmtree(left, ignore_errors=True)
        new = os.path.join(BUILD, "parts", f".new-{kind}-{key}")
        os.makedirs(new)
        make(new)
        os.rename(new, path)
    return path


class Cpio:
    """A newc archive. Nothing of the host (time, owner, inode) goes into it."""

    def __init__(self):
        self.out = io.BytesIO()
        self.seen = set()
        self.ino = 0

    def _entry(self, name, mode, data=b"", rdev=(0, 0)):
        self.ino += 1
        raw = name.encode() + b"\0"
        head = "070701" + "".join(
            f"{v:08X}" for v in (self.ino, mode, 0, 0, 1, 0, len(data), 0, 0,
                                 rdev[0], rdev[1], len(raw), 0))
        for chunk in (head.encode() + raw, data):
            self.out.write(chunk)
            self.out.write(b"\0" * (-self.out.tell() % 4))

    def _parents(self, name):
        above = os.path.dirname(name)
        if above and above not in self.seen:
            self.folder(above)

    def folder(self, name):
        name = name.strip("/")
        if name and name not in self.seen:
            self._parents(name)
            self.seen.add(name)
            self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        name = name.strip("/")
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        name = name.strip("/")
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def node(self, name, major, minor, mode=0o600):
        name = name.strip("/")
        self._parents(name)
        self._entry(name, stat.S_IFCHR | mode, rdev=(major, minor))

    def copy(self, path, name):
        """A host file or folder, links as links."""
        st = os.lstat(path)
        if stat.S_ISLNK(st.st_mode):
            self.link(name, os.readlink(path))
        elif stat.S_ISDIR(st.st_mode):
            self.folder(name)
            for below in sorted(os.listdir(path)):
                self.copy(os.path.join(path, below), os.path.join(name, below))
        elif stat.S_ISREG(st.st_mode):
            self.file(name, contents(path), stat.S_IMODE(st.st_mode) & 0o755 | 0o444)

    def bytes(self):
        body = self.out.getvalue()
        end = Cpio()
        end._entry("TRAILER!!!", 0)
        body += end.out.getvalue()
        return body + b"\0" * (-len(body) % 512)


# --- Debian packages -------------------------------------------------------------

@functools.cache
def apt_options(suite):
    """What makes apt look into that suite of the repositories that the machine's own apt
    uses, with a state of its own; nothing for the machine's own suite."""
    if not suite:
        return []
    folder = os.path.join(CACHE, "apt", f"bed-{suite}")
    for name in ("state/lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    signed = f"[signed-by={keyring}] " if os.path.exists(keyring) else ""
    lines = set()
    for line in command(["apt-get", "indextargets", "--format",
                         "$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)",
                         "Created-By: Packages"], "package sources").splitlines():
        origin, uri, release, component = line.split()
        if origin == "Debian" and "-backports" not in release:
            release = re.sub("^[^-]*", suite, release)
            lines.add(f"deb {signed}{uri} {release} {component}\n")
    if not lines:
        raise BedError("apt knows no Debian repository: run apt-get update")
    sources, stamp = os.path.join(folder, "sources.list"), os.path.join(folder, "stamp")
    options = ["-o", f"Dir::State={folder}/state", "-o", "Dir::State::status=/dev/null",
               "-o", f"Dir::Cache={folder}/cache", "-o", f"Dir::Etc::sourcelist={sources}",
               "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Sandbox::User=",
               "-o", "APT::Architecture=amd64", "-o", "Acquire::Languages=none"]
    text = "".join(sorted(lines))
    with locked("apt"):
        if not os.path.exists(sources) or contents(sources).decode() != text:
            with open(sources, "w") as f:
                f.write(text)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(stamp)
        # Once a day; without a network the last answer stands.
        if not os.path.exists(stamp) or os.stat(stamp).st_mtime < time.time() - 24 * 3600:
            note(f"fetching the package lists of {suite}")
            try:
                command(["apt-get", *options, "-qq", "update"], f"package lists of {suite}")
                open(stamp, "w").close()
            except BedError:
                if not os.path.exists(stamp):
                    raise
                note("they cannot be had; going on with the old ones")
    return options


def lists_state(suite):
    """Changes whenever the package lists do."""
    lists = f"{CACHE}/apt/bed-{suite}/state" if suite else "/var/lib/apt"
    state = []
    for path in sorted(glob.glob(f"{lists}/lists/*Packages*")):
        st = os.stat(path)
        state.append(f"{os.path.basename(path)} {st.st_size} {st.st_mtime_ns}")
    return "\n".join(state)


def resolve(names, suite=None):
    """[(package file, sha256)] of the versions that apt would install."""
    options = apt_options(suite)

    def make(folder):
        out = command(["apt-get", *options, "download", "-q", "--print-uris", *names],
                      "finding packages (are the package lists there? apt-get update)")
        found = re.findall(r"^'[^']*' (\S+) \d+ SHA256:([0-9a-f]{64})", out, re.M)
        if len(found) != len(names):
            raise BedError(f"apt knows only {len(found)} of these packages: "
                           f"{' '.join(names)}: run apt-get update")
        with open(os.path.join(folder, "debs"), "w") as f:
            f.writelines(f"{name} {sha}\n" for name, sha in sorted(found))

    key = digest(lists_state(suite), *names)
    text = contents(os.path.join(part("resolved", key, make), "debs")).decode()
    return [tuple(line.split()) for line in text.splitlines()]


def fetch(debs, suite=None):
    """Paths of packages, downloaded unless the cache has them."""
    store = os.path.join(CACHE, "debs")
    os.makedirs(store, exist_ok=True)
    paths = {deb: os.path.join(store, f"{deb[1][:16]}-{deb[0]}") for deb in debs}
    missing = [deb for deb, path in paths.items() if not os.path.exists(path)]
    if missing:
        note(f"downloading {len(missing)} Debian packages")
        tmp = os.path.join(store, f".new-{os.getpid()}")
        os.makedirs(tmp)
        try:
            wanted = []
            for name, _ in missing:
                package, version, _ = name.split("_")
                wanted.append(f"{package}={version.replace('%3a', ':')}")
            sandbox = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
            command(["apt-get", *apt_options(suite), "download", "-q", *sandbox, *wanted],
                    "downloading packages", cwd=tmp)
            for deb in missing:
                got = os.path.join(tmp, deb[0])
                if not os.path.exists(got) or \
                        hashlib.sha256(contents(got)).hexdigest() != deb[1]:
                    raise BedError(f"{deb[0]}: what was downloaded is not what the "
                                   "package lists name: run apt-get update")
                os.rename(got, paths[deb])
        finally:
            shutil.rmtree(tmp, ignore_errors=True)
    return [paths[deb] for deb in debs]


def deb_tree(debs, folder, suite=None):
    for path in fetch(debs, suite):
        command(["dpkg-deb", "-x", path, folder], f"unpacking {os.path.basename(path)}")


def tree_cpio(folder, extra=lambda cpio: None):
    """The files of an unpacked tree in a merged-/usr layout, and what extra adds."""
    cpio = Cpio()
    files = {}
    for base, dirs, names in os.walk(folder):
        for name in names + [d for d in dirs if os.path.islink(os.path.join(base, d))]:
            path = os.path.join(base, name)
            rel = os.path.relpath(path, folder)
            if DEB_SKIP.search(rel):
                continue
            if re.match(r"(s?bin|lib|lib64)/", rel):
                rel = "usr/" + rel
            files[rel.replace("usr/sbin/", "usr/bin/")] = path
    for rel in sorted(files):
        cpio.copy(files[rel], rel)
    extra(cpio)
    return cpio, files


def check_libraries(files, have):
    """Every library that a program of the tree names must be in one of the trees."""
    there = {os.path.basename(f) for f in files} | have
    elfs = [p for p in files.values() if os.path.isfile(p) and not os.path.islink(p)
            and contents(p)[:4] == b"\x7fELF"]
    out = command(["objdump", "-p", *elfs], "reading programs")
    missing = set(re.findall(r"NEEDED\s+(\S+)", out)) - there
    if missing:
        raise BedError("the package lists in tests/vm/images.py lack a package with "
                       + ", ".join(sorted(missing)))
    return there


# --- the parts -------------------------------------------------------------------

def kernel_release(series):
    """The newest release of one of Debian's kernels: of those whose headers are installed
    where the metapackage is, else of those that apt knows."""
    package = DEBIAN_KERNELS[series]
    try:
        out = command(["dpkg-query", "-W", "-f", "Depends: ${Depends}\n", package], package)
    except BedError:
        out = command(["apt-cache", "show", package], "kernels (run apt-get update)")
    m = re.search(r"^Depends:.*?linux-headers-(\d[^ ,]*)", out, re.M)
    if not m or not m.group(1).startswith(series + "."):
        raise BedError(f"{package} is not for Linux {series}: {out.strip()}")
    return m.group(1)


def payload(bzimage):
    """The ELF kernel inside a bzImage: what Xen and QEMU boot without unpacking it first."""
    data = contents(bzimage)
    setup_sectors, = struct.unpack_from("B", data, 0x1f1)
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    packed = data[start:start + length]
    kernel = b""
    if packed.startswith(b"\xfd7zXZ\0"):
        kernel = lzma.LZMADecompressor().decompress(packed)
    elif packed.startswith(b"\x28\xb5\x2f\xfd"):
        # The unpacked size follows.
        kernel = command(["zstd", "-dcq"], "unpacking the kernel", text=False,
                         input=packed[:-4])
    if kernel[:4] != b"\x7fELF":
        raise BedError(f"{bzimage}: no ELF kernel inside that is packed with xz or zstd")
    return kernel


def kernel_tree(name):
    """What modules are built against; see tests/kernel/build."""
    done = subprocess.run([os.path.join(TOP, "tests", "kernel", "build"), name],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    tree = done.stdout.decode().strip()
    if done.returncode or not os.path.isdir(tree):
        raise BedError(f"tests/kernel/build {name} failed with status {done.returncode}")
    return tree


def own_kernel(name):
    tree = kernel_tree(name)

    def make(folder):
        command(["strip", "-o", f"{folder}/vmlinux", f"{tree}/vmlinux"], "stripping the kernel")
        # It has no modules of its own.
        os.mkdir(f"{folder}/modules")
        for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
            open(f"{folder}/modules/{name}", "wb").close()

    return (contents(f"{tree}/kernel.release").decode().strip(),
            part("kernel", digest("own 1", tree), make))


def kernel(name):
    """(release, folder with vmlinux and modules/)."""
    if name in OWN_KERNELS:
        return own_kernel(name)
    release = kernel_release(name)
    debs = resolve([f"linux-image-{release}"])

    def make(folder):
        note(f"unpacking kernel {release}")
        tree = os.path.join(folder, "tree")
        deb_tree(debs, tree)
        shutil.copy(f"{tree}/boot/vmlinuz-{release}", f"{folder}/vmlinuz")
        shutil.copy(f"{tree}/boot/config-{release}", f"{folder}/config")
        with open(f"{folder}/vmlinux", "wb") as f:
            f.write(payload(f"{folder}/vmlinuz"))
        source = f"{tree}/lib/modules/{release}"
        found = {os.path.basename(p).split(".")[0].replace("-", "_"): p
                 for p in glob.glob(f"{source}/kernel/**/*.ko*", recursive=True)}
        builtin = {os.path.basename(line)[:-3].replace("-", "_") for line in
                   contents(f"{source}/modules.builtin").decode().splitlines()}
        todo, done = [m.replace("-", "_") for m in KERNEL_MODULES], set()
        while todo:
            name = todo.pop()
            if name in done or name in builtin:
                continue
            if name not in found:
                raise BedError(f"kernel {release} has no module {name}")
            done.add(name)
            rel = os.path.relpath(found[name], source).removesuffix(".xz")
            dest = f"{folder}/modules/{rel}"
            os.makedirs(os.path.dirname(dest), exist_ok=True)
            module = contents(found[name])
            with open(dest, "wb") as f:
                f.write(lzma.decompress(module) if found[name].endswith(".xz") else module)
            depends = command(["modinfo", "-F", "depends", dest], "module information")
            todo += [d.replace("-", "_") for d in depends.strip().split(",") if d]
        for name in ("modules.builtin", "modules.order", "modules.builtin.modinfo"):
            shutil.copy(f"{source}/{name}", f"{folder}/modules/{name}")
        shutil.rmtree(tree)

    return release, part("kernel", digest("4", debs, KERNEL_MODULES), make)


def helper():
    source = os.path.join(HERE, "bed.c")

    def make(folder):
        command(["gcc", "-O2", "-Wall", "-Wextra", "-static", "-o", f"{folder}/bed", source],
                "building the helper")

    return os.path.join(part("helper", digest("1", contents(source)), make), "bed")


def common(suite=None):
    """User space of every machine; in dom0 of the suite that its tool stack is from."""
    debs = resolve(COMMON_DEBS, suite)
    busybox = shutil.which("busybox")
    if not busybox:
        raise BedError("no busybox: run tests/vm/setup")
    bed = helper()
    scripts = sorted(glob.glob(os.path.join(HERE, "guest", "*")))

    def make(folder):
        note("building the machines' common user space")
        deb_tree(debs, f"{folder}/tree", suite)
        applets = command([busybox, "--list"], "busybox").split()

        def extra(cpio):
            for name in ("dev", "proc", "sys", "run", "tmp", "root", "var/log", "var/lib",
                         "etc", "usr/bin", "usr/lib", "usr/lib64"):
                cpio.folder(name)
            for name in ("bin", "sbin"):
                cpio.link(name, "usr/bin")
            cpio.link("usr/sbin", "bin")
            cpio.link("lib", "usr/lib")
            cpio.link("lib64", "usr/lib64")
            cpio.link("var/run", "/run")
            cpio.node("dev/console", 5, 1)
            cpio.node("dev/null", 1, 3, 0o666)
            cpio.file("etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n"
                                    b"nobody:x:65534:65534:nobody:/:/bin/false\n")
            cpio.file("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
            cpio.file("etc/hosts", b"127.0.0.1 localhost\n")
            cpio.file("usr/bin/busybox", contents(busybox), 0o755)
            for applet in applets:
                if applet not in ("busybox", "init", "rpm", "dpkg", "dpkg-deb", "bash"):
                    cpio.link(f"usr/bin/{applet}", "busybox")
            cpio.file("usr/bin/bed", contents(bed), 0o755)
            for path in scripts:
                name = os.path.basename(path)
                cpio.file({"init": "init"}.get(name, f"bed/{name}")
                          if not name.startswith("bed-") else f"usr/bin/{name}",
                          contents(path), 0o755)

        cpio, files = tree_cpio(f"{folder}/tree", extra)
        there = check_libraries(files, set())
        with open(f"{folder}/libraries", "w") as f:
            f.write("\n".join(sorted(there)))
        with open(f"{folder}/cpio", "wb") as f:
            f.write(cpio.bytes())
        shutil.rmtree(f"{folder}/tree")

    key = digest(contents(__file__), debs, contents(busybox), contents(bed),
                 *(os.path.basename(p).encode() + contents(p) for p in scripts))
    return part("common", key, make)


def dom0(version):
    """dom0's user space: the common one and the tool stack of this Xen version."""
    suite = XEN_SUITES[version]
    debs = resolve([name.format(version) for name in DOM0_DEBS], suite)
    base = common(suite)
    scripts = sorted(glob.glob(os.path.join(HERE, "dom0", "*")))

    def make(folder):
        note(f"building dom0's user space for Xen {version}")
        deb_tree(debs, f"{folder}/tree", suite)

        def extra(cpio):
            for path in scripts:
                cpio.file(f"bed/{os.path.basename(path)}", contents(path), 0o755)
            for path in sorted(glob.glob(f"{folder}/tree/usr/lib/xen-{version}/bin/*")):
                name = os.path.basename(path)
                if not DEB_SKIP.search(os.path.relpath(path, f"{folder}/tree")) and \
                        not os.path.exists(f"{folder}/tree/usr/bin/{name}"):
                    cpio.link(f"usr/bin/{name}", f"/usr/lib/xen-{version}/bin/{name}")

        for wrapper in glob.glob(f"{folder}/tree/usr/sbin/*"):
            os.unlink(wrapper)
        cpio, files = tree_cpio(f"{folder}/tree", extra)
        check_libraries(files, set(contents(f"{base}/libraries").decode().split("\n")))
        with open(f"{folder}/cpio", "wb") as f:
            f.write(contents(f"{base}/cpio"))
            f.write(cpio.bytes())
        shutil.rmtree(f"{folder}/tree")

    key = digest(contents(__file__), debs, base,
                 *(os.path.basename(p).encode() + contents(p) for p in scripts))
    return part("dom0", key, make)


def hypervisor(version):
    """The path of xen.gz. "4.17-debian" is Debian's own binary, "4.17:FILE" any other."""
    version, _, path = version.partition(":")
    if path:
        return path
    if version.endswith("-debian"):
        series = version.removesuffix("-debian")
        suite = XEN_SUITES[series]
        debs = resolve([f"xen-hypervisor-{series}-amd64"], suite)

        def make(folder):
            deb_tree(debs, f"{folder}/tree", suite)
            shutil.copy(f"{folder}/tree/boot/xen-{series}-amd64.gz", f"{folder}/xen.gz")
            shutil.rmtree(f"{folder}/tree")

        return os.path.join(part("xen", digest("1", debs), make), "xen.gz")
    build = os.path.join(TOP, "hypervisor-patch", "build")
    if not os.path.exists(build):
        raise BedError("hypervisor-patch/build is not there; --xen 4.17-debian boots "
                       "Debian's own hypervisor")
    done = subprocess.run([build, version], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=False)
    path = done.stdout.decode().strip()
    if done.returncode or not os.path.isfile(path):
        raise BedError(f"hypervisor-patch/build {version} failed with status "
                       f"{done.returncode}")
    return path


# --- what changes with the work tree ---------------------------------------------

def make_target(target, *settings):
    """Runs a target of the project's Makefile; False if there is no such target."""
    if not os.path.exists(os.path.join(TOP, "Makefile")):
        return False
    argv = ["make", "--no-print-directory", "-j2", "-C", TOP, target, *settings]
    with locked("make"):
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace")
    if done.returncode and f"No rule to make target '{target}'" in text:
        return False
    if done.returncode:
        raise BedError(f"make {target} failed:\n{text[-4000:]}")
    return True


def kernel_modules(name, parts, scratch, own=True, build=True):
    """(folder, place in a machine): the kernel's modules, and the project's if own is set."""
    release, kernel_folder = parts
    root = f"{scratch}/lib/modules/{release}"
    shutil.copytree(f"{kernel_folder}/modules", root)
    if own and build:
        tree = f"/usr/src/linux-headers-{release}"
        if not os.path.isdir(tree):
            tree = kernel_tree(name)
        if not make_target("modules", f"KVER={release}", f"KDIR={tree}"):
            note("warning: no 'modules' target in the Makefile: the guest gets no modules")
    if own:
        os.makedirs(f"{root}/extra")
        with locked("make"):
            for path in sorted(glob.glob(f"{TOP}/build/modules/{release}/**/*.ko", recursive=True)):
                shutil.copy(path, f"{root}/extra/")
    command(["depmod", "-b", scratch, release], "module dependencies")
    return root, f"usr/lib/modules/{release}"


def project(build=True):
    """[(path, place in a machine)]: the project's tests and tools."""
    if build:
        make_target("user")
    return ([(f"{TOP}/tests/{name}", f"tests/{name}") for name in ("guest", "bench")
             if os.path.isdir(f"{TOP}/tests/{name}")]
            + [(path, f"usr/bin/{os.path.basename(path)}")
               for path in sorted(glob.glob(f"{TOP}/build/user/bin/*"))]
            + [(path, f"usr/lib/{os.path.basename(path)}")
               for path in sorted(glob.glob(f"{TOP}/build/user/lib/*.so*"))])
