# SPDX-License-Identifier: GPL-2.0
"""Headers of Debian's kernels, configured for clang and kCFI.

Debian builds its kernels with gcc, and their configuration names options of gcc's. The copies made
here say what Linux's own configuration says with clang. They serve to compile and not to load: no
such kernel is built."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "vm"))
import debian                                                   # noqa: E402
import images                                                   # noqa: E402
import roots                                                    # noqa: E402

# The release whose clang builds for older ones' kernels too: kCFI takes clang 16.
OLDEST_SUITE = "trixie"
WANTS = "clang, lld, llvm"

# What only gcc has.
OFF = """CC_IS_GCC LD_IS_BFD FTRACE_MCOUNT_USE_CC CC_HAS_AUTO_VAR_INIT_ZERO_ENABLER GCC_PLUGINS
CC_HAS_MIN_FUNCTION_ALIGNMENT UBSAN_BOUNDS_STRICT CC_HAS_UBSAN_BOUNDS_STRICT
USE_X86_SEG_SUPPORT CC_HAS_NAMED_AS CC_HAS_NAMED_AS_FIXED_SANITIZERS CC_HAS_COUNTED_BY
DEBUG_INFO_BTF_MODULES""".split()
# What clang has. kCFI is called CFI_CLANG until 6.17 and CFI since.
ON = """CC_IS_CLANG LD_IS_LLD FTRACE_MCOUNT_USE_OBJTOOL UBSAN_ARRAY_BOUNDS
CFI CFI_CLANG ARCH_USES_CFI_TRAPS""".split()


def suite(kernel):
    order = debian.suites()
    return max(kernel.base, OLDEST_SUITE, key=order.index)


def number(kernel):
    """The clang's version, as Linux writes it."""
    done = debian.run([roots.script(suite(kernel)), "--", "clang", "-dumpversion"])
    major, minor, patch = done.stdout.strip().split(".")
    return f"{int(major)}{int(minor):02}{int(patch):02}"


def version(kernel):
    return f"clang {int(number(kernel)) // 10000}"


def rewrite(path, line, off, on, values):
    """Leaves out the options off, and adds on and values; line(option, value) is one's form."""
    with open(path, encoding="utf-8") as f:
        lines = f.readlines()
    gone = re.compile(r"(?:#define )?CONFIG_(%s)(?:_MODULE)?[= ]" % "|".join(
        [*off, *on, *values]))
    kept = [text for text in lines if not gone.match(text)]
    kept += [line(option, None) for option in on] + [line(o, v) for o, v in values.items()]
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(kept)


def configure(folder, kernel):
    values = {"GCC_VERSION": "0", "CLANG_VERSION": number(kernel), "LD_VERSION": "0",
              "LLD_VERSION": number(kernel),
              "CC_IMPLICIT_FALLTHROUGH": '"-Wimplicit-fallthrough"'}
    rewrite(f"{folder}/include/config/auto.conf",
            lambda option, value: f"CONFIG_{option}={value or 'y'}\n", OFF, ON, values)
    rewrite(f"{folder}/include/generated/autoconf.h",
            lambda option, value: f"#define CONFIG_{option} {value or 1}\n", OFF, ON, values)


def tree(kernel, real):
    """(tree, settings for make): a copy of the kernel's headers for clang."""
    root = roots.satisfy(suite(kernel), WANTS)
    kept = os.path.dirname(os.path.dirname(os.path.dirname(real)))
    folder = f"{kept}/clang/{os.path.basename(real)}"
    key = images.digest("1", images.contents(__file__), number(kernel))
    stamp = f"{kept}/clang/{key}"
    if not os.path.exists(stamp):
        shutil.rmtree(f"{kept}/clang", ignore_errors=True)
        os.makedirs(f"{kept}/clang")
        subprocess.run(["cp", "-a", real, folder], check=True)
        # They point out of the tree.
        for name in ("scripts", "tools"):
            place = os.path.normpath(os.path.join(real, os.readlink(f"{real}/{name}")))
            os.unlink(f"{folder}/{name}")
            os.symlink(os.path.relpath(place, folder), f"{folder}/{name}")
        configure(folder, kernel)
        makefile = images.contents(f"{kept}/Makefile.debian").decode()
        makefile = makefile.replace(f"/usr/src/{os.path.basename(real)}", folder)
        makefile = makefile.replace("/usr/src/", f"{kept}/usr/src/")
        debian.put(f"{folder}/Makefile", roots.entering(f"{root}/enter", kept, folder, makefile))
        open(stamp, "w").close()
    return folder, ["LLVM=1", "CC=clang"]
