# SPDX-License-Identifier: GPL-2.0
"""What the test bed boots: kernels, initramfs parts and the helper program.

Every part is a folder under build/vm that is named by the hash of what it is
made of, so a part is rebuilt when its inputs change and shared by all runs.
"""

import contextlib
import fcntl
import glob
import hashlib
import lzma
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import debian                                                   # noqa: E402
import kernels                                                  # noqa: E402
from debian import Absent, DebianError, note                    # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, "build", "vm")
CACHE = debian.CACHE

# Debian's kernel that dom0 boots beside a kernel of tests/kernel. kernels.py knows all.
DOM0_KERNEL = "6.1"
# Kernels of tests/kernel for guests.
OWN_KERNELS = ["debug", "debug-pv"]
# For messages.
KERNEL_NAMES = f"{kernels.NAMES}, {', '.join(OWN_KERNELS)}"
# "debug" becomes the one of the two that the guest can run.
GUEST_KERNEL_NAMES = f"{kernels.NAMES}, debug"

# User space of every machine: a shell that scripts expect, everything else, the C library's
# own programs and what it loads by itself when a thread is cancelled, and the library that the
# project's tools are linked with.
COMMON_DEBS = ["bash", "busybox-static", "libc6", "libgcc-s1", "libjansson4"]

# The Debian suite whose tool stack belongs to a Xen version.
XEN_SUITES = {"4.17": "bookworm", "4.20": "trixie"}

# The tool stack of dom0.
DOM0_DEBS = ["xen-utils-{}", "xen-utils-common", "xenstore-utils"]

# What dom0 needs besides for HVM guests: the device model, its firmware, and what loads a
# kernel there; {} is Xen's version.
DEVICE_MODEL_DEBS = ["qemu-system-xen", "qemu-system-data", "seabios", "xen-utils-{}"]
DEVICE_MODEL_FILES = re.compile(
    r"usr/libexec/xen-qemu-system-i386$|usr/share/qemu/((linuxboot(_dma)?|kvmvapic)\.bin|keymaps/.*)$"
    r"|usr/share/seabios/bios-256k\.bin$|usr/lib/xen-[^/]*/boot/hvmloader$")

# The suite with QEMU 7.2: no later one has a virtual time that Xen boots in.
QEMU_SUITE = "bookworm"

# Not needed to run anything.
DEB_SKIP = re.compile(
    r"^usr/share/(doc|man|locale|bug|lintian|python3|info|menu|debianutils|bash-completion)/"
    r"|^usr/lib/x86_64-linux-gnu/(gconv|audit|perl)/|/python/|/boot/|xenfsimage"
    r"|^usr/bin/(bashbug|clear_console|localedef|iconv|catchsegv|zdump|pldd)"
    r"|^etc/init.d/|^(usr/)?lib/systemd/|^usr/lib/xen-[^/]*/bin/(oxenstored|test-|xen-kdd|"
    r"xenpaging|xen-access|flask-|convert-|verify-|pygrub|init-xenstore|xen-livepatch)")

# Modules of the kernel's own that the machines load.
KERNEL_MODULES = ["xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev",
                  "xen-gntalloc", "xen-blkback", "virtio_pci", "virtio_console"]


# A part that no run has used for so long is removed when a new one is made.
UNUSED_SECONDS = 2 * 24 * 3600


class BedError(DebianError):
    """The bed could not be set up; the text says what to do."""


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
        self.chunks = []
        self.seen = set()
        self.ino = 0

    def _entry(self, name, mode, chunks=(), rdev=(0, 0)):
        self.ino += 1
        raw = name.encode() + b"\0"
        size = sum(len(chunk) for chunk in chunks)
        head = ("070701" + "".join(
            f"{v:08X}" for v in (self.ino, mode, 0, 0, 1, 0, size, 0, 0,
                                 rdev[0], rdev[1], len(raw), 0))).encode() + raw
        self.chunks += [head + b"\0" * (-len(head) % 4), *chunks, b"\0" * (-size % 4)]

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
        """data: bytes, or a list of what is to follow each other."""
        name = name.strip("/")
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, [data] if isinstance(data, bytes) else data)

    def link(self, name, target):
        name = name.strip("/")
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, [target.encode()])

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

    def archive(self):
        """The whole archive, as a list of bytes: copying a hundred MB takes its time."""
        end = Cpio()
        end._entry("TRAILER!!!", 0)
        chunks = self.chunks + end.chunks
        return [*chunks, b"\0" * (-sum(len(chunk) for chunk in chunks) % 512)]


# --- Debian packages -------------------------------------------------------------

def tree_files(folder):
    """{place in a machine with a merged /usr: path} of what an unpacked package needs to run."""
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
    return files


def needed(paths):
    """The names of the libraries that these programs and libraries ask for."""
    elfs = [p for p in paths if os.path.isfile(p) and not os.path.islink(p)
            and contents(p)[:4] == b"\x7fELF"]
    if not elfs:
        return set()
    return set(re.findall(r"NEEDED\s+(\S+)", command(["objdump", "-p", *elfs], "reading programs")))


def add_libraries(files, others, there):
    """Adds to files what its programs are linked with, out of the files in others, unless
    a machine has it already. Returns the names of all the libraries that are there then."""
    by_name = {os.path.basename(rel): (rel, path) for rel, path in sorted(others.items())
               if ".so" in rel}
    there = there | {os.path.basename(rel) for rel in files}
    new = list(files.values())
    while new:
        missing = needed(new) - there
        new = []
        for name in sorted(missing):
            if name not in by_name:
                raise BedError(f"none of the packages has the library {name}")
            rel, path = by_name[name]
            files[rel] = path
            new.append(path)
            if os.path.islink(path):
                target = os.readlink(path)
                files[os.path.join(os.path.dirname(rel), target)] = \
                    os.path.join(os.path.dirname(path), target)
                new.append(os.path.realpath(path))
        there |= missing
    return there


def programs(roots, debs, folder, there):
    """({place: path}, names of libraries) of the packages named in roots, with the libraries
    that they need out of debs; unpacked below folder."""
    for kind, chosen in (("roots", [d for d in debs if d.package in roots]),
                         ("others", [d for d in debs if d.package not in roots])):
        os.makedirs(f"{folder}/{kind}")
        debian.unpack(chosen, f"{folder}/{kind}")
    files = tree_files(f"{folder}/roots")
    return files, add_libraries(files, tree_files(f"{folder}/others"), there)


def archive(files, extra):
    """An initramfs of files and of what extra adds."""
    cpio = Cpio()
    for rel in sorted(files):
        cpio.copy(files[rel], rel)
    extra(cpio)
    return b"".join(cpio.archive())


# --- the parts -------------------------------------------------------------------

def debian_kernel(name):
    """(kernel, packages) of the best of the kernels that this name may stand for and that can be
    had: its image and its headers."""
    reason = "no suite has it"
    for kernel in kernels.candidates(name):
        names = [f"linux-{part}-{kernel.release}" for part in ("image", "headers")]
        try:
            return kernel, debian.obtain(names, kernel.base, only="linux-", target=kernel.suite)
        except Absent as e:
            reason = str(e)
            note(f"Linux {kernel.release} cannot be had; looking for another {name}")
    raise Absent(f"Linux {name}: {reason}")


def suits_dom0(name):
    """Can dom0 boot that kernel? PREEMPT_RT stops there while it boots, the cloud flavour lacks
    drivers, and the project's own kernels have none."""
    return name not in OWN_KERNELS and not kernels.flavour(name)


def image_packages(release):
    """What holds a kernel and its modules: one package, or since 7.3 several."""
    return [f"linux-{part}-{release}" for part in ("image", "base", "binary", "modules")]


def either(*paths):
    """The path that is there: Debian's packages differ."""
    return next((path for path in paths if os.path.exists(path)), paths[0])


def known_kernel(name):
    """Is that the name of a kernel of Debian's or the project's?"""
    return name in OWN_KERNELS or kernels.split(name) is not None


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


def ask(argv, what):
    """The path that one of the project's own programs prints."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if done.returncode == debian.ABSENT:
        raise Absent(f"{what} cannot be had, see above")
    if done.returncode:
        raise BedError(f"{os.path.relpath(argv[0], TOP)} {' '.join(argv[1:])} failed "
                       f"with status {done.returncode}")
    return done.stdout.decode().strip()


def kernel_tree(name):
    """What modules are built against; see tests/kernel/build."""
    return ask([os.path.join(TOP, "tests", "kernel", "build"), name], f"Linux {name}")


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
    debians, debs = debian_kernel(name)
    release = debians.release
    debs = [deb for deb in debs if deb.package in image_packages(release)]

    def make(folder):
        note(f"unpacking kernel {release}")
        tree = os.path.join(folder, "tree")
        debian.unpack(debs, tree)
        source = either(f"{tree}/lib/modules/{release}", f"{tree}/usr/lib/modules/{release}")
        for name in ("vmlinuz", "config"):
            shutil.copy(either(f"{tree}/boot/{name}-{release}", f"{source}/{name}"),
                        f"{folder}/{name}")
        with open(f"{folder}/vmlinux", "wb") as f:
            f.write(payload(f"{folder}/vmlinuz"))
        found = {os.path.basename(p).split(".")[0].replace("-", "_"): p
                 for p in glob.glob(f"{source}/kernel/**/*.ko*", recursive=True)}
        builtin = {os.path.basename(line)[:-3].replace("-", "_") for line in
                   contents(f"{source}/modules.builtin").decode().splitlines()}
        todo, done = [m.replace("-", "_") for m in KERNEL_MODULES], set()
        while todo:
            name = todo.pop()
            if name in done or name in builtin:
                continue
            if name not in found and not suits_dom0(release):
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

    return release, part("kernel", digest("5", debs, KERNEL_MODULES), make)


def helper():
    source = os.path.join(HERE, "bed.c")

    def make(folder):
        command(["gcc", "-O2", "-Wall", "-Wextra", "-static", "-o", f"{folder}/bed", source],
                "building the helper")

    return os.path.join(part("helper", digest("1", contents(source)), make), "bed")


def common(suite=None):
    """User space of every machine. In dom0 it is of another suite if its tool stack is."""
    suite = suite or debian.host_suite()
    debs = debian.obtain(COMMON_DEBS, suite)
    bed = helper()
    scripts = sorted(glob.glob(os.path.join(HERE, "guest", "*")))

    def make(folder):
        note("building the machines' common user space")
        files, there = programs(COMMON_DEBS, debs, f"{folder}/tree", set())
        busybox, = [path for rel, path in files.items() if rel == "usr/bin/busybox"]
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
            for applet in applets:
                if applet not in ("busybox", "init", "rpm", "dpkg", "dpkg-deb", "bash"):
                    cpio.link(f"usr/bin/{applet}", "busybox")
            cpio.file("usr/bin/bed", contents(bed), 0o755)
            for path in scripts:
                name = os.path.basename(path)
                cpio.file({"init": "init"}.get(name, f"bed/{name}")
                          if not name.startswith("bed-") else f"usr/bin/{name}",
                          contents(path), 0o755)

        with open(f"{folder}/cpio", "wb") as f:
            f.write(archive(files, extra))
        with open(f"{folder}/libraries", "w") as f:
            f.write("\n".join(sorted(there)))
        shutil.rmtree(f"{folder}/tree")

    key = digest(contents(__file__), debs, contents(bed),
                 *(os.path.basename(p).encode() + contents(p) for p in scripts))
    return part("common", key, make)


def libraries(part_folder):
    """The names of the libraries in a part."""
    return set(contents(f"{part_folder}/libraries").decode().split("\n"))


def dom0_common(suite):
    """The part that a tool stack of the suite builds on."""
    # An older tool stack runs with newer libraries, and so do the project's tools.
    return common(max(suite, debian.host_suite(), key=debian.suites().index))


def dom0(version):
    """dom0's user space: the common one and the tool stack of this Xen version."""
    suite = XEN_SUITES[version]
    roots = [name.format(version) for name in DOM0_DEBS]
    debs = debian.obtain(roots, suite)
    base = dom0_common(suite)
    scripts = sorted(glob.glob(os.path.join(HERE, "dom0", "*")))

    def make(folder):
        note(f"building dom0's user space for Xen {version}")
        files, _ = programs(roots, debs, f"{folder}/tree", libraries(base))
        own = f"usr/lib/xen-{version}/bin/"
        # Debian's wrappers choose by the Xen that runs; here there is one.
        files = {rel: path for rel, path in files.items() if "/usr/sbin/" not in path}

        def extra(cpio):
            for path in scripts:
                cpio.file(f"bed/{os.path.basename(path)}", contents(path), 0o755)
            for rel in sorted(files):
                name = rel.removeprefix(own)
                if name != rel and f"usr/bin/{name}" not in files:
                    cpio.link(f"usr/bin/{name}", f"/{rel}")

        with open(f"{folder}/cpio", "wb") as f:
            f.write(contents(f"{base}/cpio"))
            f.write(archive(files, extra))
        shutil.rmtree(f"{folder}/tree")

    key = digest(contents(__file__), debs, base,
                 *(os.path.basename(p).encode() + contents(p) for p in scripts))
    return part("dom0", key, make)


def device_model(version):
    """The part with the device model of HVM guests, an archive to follow dom0's."""
    roots = [name.format(version) for name in DEVICE_MODEL_DEBS]
    debs = debian.obtain(roots, XEN_SUITES[version])
    there = libraries(dom0_common(XEN_SUITES[version]))

    def make(folder):
        note(f"building the device model for Xen {version}")
        for kind in "roots", "others":
            os.makedirs(f"{folder}/tree/{kind}")
            debian.unpack([deb for deb in debs if (deb.package in roots) == (kind == "roots")],
                          f"{folder}/tree/{kind}")
        root = f"{folder}/tree/roots"
        files = {rel: f"{root}/{rel}" for rel in
                 (os.path.relpath(os.path.join(base, name), root)
                  for base, _, names in os.walk(root) for name in names)
                 if DEVICE_MODEL_FILES.match(rel)}
        if not any(rel.endswith("/hvmloader") for rel in files):
            raise BedError(f"none of {', '.join(roots)} has hvmloader")
        add_libraries(files, tree_files(f"{folder}/tree/others"), there)
        with open(f"{folder}/cpio", "wb") as f:
            f.write(archive(files, lambda cpio: None))
        shutil.rmtree(f"{folder}/tree")

    return part("device-model", digest("1", contents(__file__), debs, *sorted(there)), make)


def qemu():
    """(command, environment) of the bed's own QEMU: Debian's, with its own libraries, run from
    the cache, so that it is the same on every machine."""
    debs = debian.obtain(["qemu-system-x86"], QEMU_SUITE)
    version = next(deb.version for deb in debs if deb.package == "qemu-system-x86")
    root = os.path.join(CACHE, "qemu", digest("1", debs))
    with debian.locked("qemu"):
        if not os.path.exists(root):
            debian.drop_unused(os.path.join(CACHE, "qemu", "*"))
            note(f"unpacking QEMU {version}")
            shutil.rmtree(f"{root}.new", ignore_errors=True)
            os.makedirs(f"{root}.new")
            debian.unpack(debs, f"{root}.new")
            os.rename(f"{root}.new", root)
        os.utime(root)
    folders = [f"{root}/{top}lib/x86_64-linux-gnu" for top in ("", "usr/")]
    folders += [folder for name in ("pulseaudio", "ceph", "samba")
                for folder in glob.glob(f"{root}/usr/lib/x86_64-linux-gnu/{name}")]
    loader, = (glob.glob(f"{root}/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
               or glob.glob(f"{root}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"))
    argv = [loader, "--library-path", ":".join(folders), f"{root}/usr/bin/qemu-system-x86_64"]
    for name in ("qemu", "seabios"):
        argv += ["-L", f"{root}/usr/share/{name}"]
    return argv, {**os.environ, "QEMU_MODULE_DIR": f"{root}/usr/lib/x86_64-linux-gnu/qemu"}


def hypervisor(version):
    """The path of xen.gz. "4.17-debian" is Debian's own binary, "4.17:FILE" any other."""
    version, _, path = version.partition(":")
    if path:
        return path
    if version.endswith("-debian"):
        series = version.removesuffix("-debian")
        debs = debian.obtain([f"xen-hypervisor-{series}-amd64"], XEN_SUITES[series],
                             only="xen-hypervisor")

        def make(folder):
            debian.unpack(debs, f"{folder}/tree")
            shutil.copy(f"{folder}/tree/boot/xen-{series}-amd64.gz", f"{folder}/xen.gz")
            shutil.rmtree(f"{folder}/tree")

        return os.path.join(part("xen", digest("1", debs), make), "xen.gz")
    build = os.path.join(TOP, "hypervisor-patch", "build")
    path = ask([build, "--no-warning", version], f"Xen {version}")
    if not os.path.isfile(path):
        raise BedError(f"hypervisor-patch/build {version} has built nothing")
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
        if not make_target("modules", f"KVER={release}", f"KDIR={kernel_tree(name)}"):
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
