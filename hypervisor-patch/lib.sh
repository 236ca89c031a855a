# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts beside it: where the source comes from and where things
# are kept. To be sourced by bash with `here` set to this folder.
# shellcheck shell=bash

top=$(cd "$here/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xen-customtimer

me=${0##*/}
# What patch says is read here.
export LC_ALL=C.UTF-8
say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "error: $*"; exit 1; }

need()
{
    local tool

    for tool in "$@"; do
        command -v "$tool" >/dev/null ||
            die "'$tool' is missing; install it (tests/vm/setup installs everything the project needs)"
    done
}

# Splits VERSION into $series (the folder of patches) and $stock (yes or no).
parse_version()
{
    version=$1
    series=${version%-stock}
    stock=no
    [ "$series" = "$version" ] || stock=yes
    case $series in
    '' | */* | .*) die "unknown version '$version'" ;;
    esac
    compgen -G "$here/$series/[0-9]*.patch" >/dev/null ||
        die "there is no series for Xen '$series', only for $(cd "$here" && echo [0-9]*)"
}

# Sets $tarball and $tarball_sha: a verified source of the series, see `source`,
# whose arguments may follow.
fetch_tarball()
{
    local answer

    answer=$("$here/source" "$series" "$@") || exit $?
    tarball=${answer% *}
    tarball_sha=${answer##* }
}

# Applies patches to the tree $1, without fuzz.
apply_patches()
{
    local tree=$1 p out

    shift
    for p in "$@"; do
        # Without --forward, patch may take a patch back that is there already.
        out=$(patch -d "$tree" -p1 -F0 --forward --batch --no-backup-if-mismatch <"$p" 2>&1) ||
            die "${p##*/} does not apply to ${tarball##*/}: $(awk '/^patching file / { file = $3 ": " }
                { why = $0 } /FAILED|previously applied|No space left/ { exit } END { print file why }' <<<"$out")"
    done
}

# The patches of the series, in order.
list_patches()
{
    [ $stock = no ] || return 0
    find "$here/$series" -maxdepth 1 -name '[0-9]*.patch' | LC_ALL=C sort
}

# Unpacks the tarball into the new folder $1.
unpack()
{
    local out

    mkdir -p "$1"
    out=$(tar -xf "$tarball" -C "$1" --strip-components=1 --no-same-owner 2>&1) ||
        die "unpacking ${tarball##*/}: ${out%%$'\n'*}"
}

# Are there $2 MB left in the folder $1? A tree of Xen with everything that is built
# in it takes less than 200.
check_space()
{
    [ "$(df --output=avail -BM "$1" | tr -dc '0-9\n' | tail -n 1)" -ge "$2" ] ||
        die "the disk is full: building Xen needs 200 MB in $1; XDG_CACHE_HOME names another place"
}

# Turns the folder $1 into a git tree with the tag `base`.
git_tree()
{
    git -C "$1" init --quiet
    git -C "$1" config user.name "xen-customtimer maintainers"
    git -C "$1" config user.email maintainers@users.noreply.h-seed-44572192.example
    git -C "$1" config gc.auto 0
    git -C "$1" add -fA
    git -C "$1" commit --quiet -m "Xen as released"
    git -C "$1" tag base
}

# Builds Xen with the given patches and with the lines of $lines in its
# configuration, unless that is in the cache. Sets $key and $kept, the folder that
# has xen.gz, xen-syms and .config.
keep_xen()
{
    local lock

    key=$({
        echo "$tarball_sha" ${lines[@]+"${lines[@]}"}
        gcc --version
        ld --version
        cat "$here/xen.config"
        build_script_id
        if [ $# -gt 0 ]; then cat "$@"; fi
    } | sha256sum | cut -c1-32)
    kept=$cache/xen/built/$key
    mkdir -p "$cache/xen/built"
    exec {lock}>"$kept.lock"
    flock --nonblock "$lock" || {
        say "another process builds the same Xen $version; waiting for it"
        flock "$lock"
    }
    [ ! -e "$kept/xen.gz" ] || return 0

    # What is left of builds that were killed.
    find "$cache/xen/built" -maxdepth 1 -name 'work.*' -mmin +1440 -exec rm -rf {} +
    check_space "$cache/xen/built" 200
    work=$(mktemp -d "$cache/xen/built/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    unpack "$work/xen"
    apply_patches "$work/xen" "$@"
    if [ ${#lines[@]} -gt 0 ]; then configure "$work/xen/xen" "$work/log"; fi
    (make_xen "$work/xen" "$work/log" ${lines[0]+keep-config}) || {
        check_space "$cache/xen/built" 5
        exit 1
    }
    mkdir "$work/result"
    cp "$work/xen/xen/xen.gz" "$work/xen/xen/xen-syms" "$work/xen/xen/.config" "$work/result/"
    mv "$work/result" "$kept"
    rm -rf "$work"
    trap - EXIT
}

# Puts $lines on top of Xen's defaults and xen.config, in the folder $1. The log
# goes to $2.
configure()
{
    local line

    make -C "$1" XEN_TARGET_ARCH=x86_64 defconfig >"$2" 2>&1 || die "configuring Xen failed"
    # Of several lines for one option the last counts.
    { cat "$here/xen.config"; printf '%s\n' "${lines[@]}"; } >>"$1/.config"
    make -C "$1" XEN_TARGET_ARCH=x86_64 olddefconfig >>"$2" 2>&1 || die "configuring Xen failed"
    for line in "${lines[@]}"; do
        grep -qxF "$line" "$1/.config" || die "the configuration does not take $line"
    done
}

# What the result of make_xen depends on besides the source, for build's key.
build_script_id()
{
    declare -f make_xen
}

# Builds the hypervisor alone in the tree $1, with xen.config on top of Xen's
# defaults, or, given "keep-config", with the configuration that is there. The
# log goes to $2. Prints how far it is every few seconds.
make_xen()
{
    local src=$1/xen log=$2 keep=${3-} pid date=2000-01-01 ticks=0
    # No build date, user or host: the same input gives the same output.
    local vars=(XEN_BUILD_DATE=$date XEN_BUILD_TIME=00:00:00 XEN_BUILD_HOST=localhost
        XEN_BUILD_POSIX_TIME=946684800 XEN_WHOAMI=customtimer XEN_DOMAIN= XEN_TARGET_ARCH=x86_64)

    : >"$log"
    if [ -z "$keep" ]; then
        rm -f "$src/.config"
        make -C "$src" "${vars[@]}" defconfig >>"$log" 2>&1 || { tail -20 "$log" >&2; die "configuring Xen failed"; }
        cat "$here/xen.config" >>"$src/.config"
    fi
    make -C "$src" "${vars[@]}" olddefconfig >>"$log" 2>&1 || { tail -20 "$log" >&2; die "configuring Xen failed"; }
    say "building Xen $version"
    make -C "$src" -j"$(nproc)" "${vars[@]}" build >>"$log" 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null; do
        sleep 1
        ticks=$((ticks + 1))
        [ $((ticks % 15)) != 0 ] || say "building Xen $version: $(find "$src" -name '*.o' | wc -l) objects"
    done
    if ! wait $pid; then
        grep -m 5 -E 'error|Error' "$log" >&2 || tail -20 "$log" >&2
        die "building Xen $version failed"
    fi
}

# Makes the folder $2 one in which timer.c of the tree $1 compiles in user
# space: every header that it asks for is the harness, but for timer.h itself.
include_folder()
{
    local header

    mkdir -p "$2/xen" "$2/asm"
    cp "$1/xen/common/timer.c" "$2/"
    # shellcheck disable=SC2013
    for header in $(sed -n 's/^#include <\(.*\)>.*/\1/p' "$1/xen/common/timer.c" "$1/xen/include/xen/timer.h"); do
        echo '#include "harness.h"' >"$2/$header"
    done
    cp "$1/xen/include/xen/timer.h" "$2/xen/"
}
