# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts beside it: where the source comes from and where things
# are kept. To be sourced by bash with `here` set to this folder.
# shellcheck shell=bash

top=$(cd "$here/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xen-customtimer

me=${0##*/}
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
    4.17) suite= ;;
    4.20) suite=trixie ;;
    *) die "unknown version '$version'; known: 4.17, 4.20, and each with -stock" ;;
    esac
    [ $stock = yes ] || [ -e "$here/$series" ] || die "there is no series in $here/$series"
}

# One `deb-src` line for each repository that the machine's own apt uses, or,
# with $suite set, for that suite of the same repositories.
source_lines()
{
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=

    [ ! -r $keyring ] || signed="[signed-by=$keyring] "
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
        while read -r uri release component origin; do
            [ "$origin" = Debian ] || continue
            case $release in *-backports*) continue ;; esac
            [ -z "$suite" ] || release=$suite${release#"${release%%-*}"}
            echo "deb-src $signed$uri $release $component"
        done | sort -u
}

# apt with a configuration of its own, so that it needs no root and leaves the
# machine's configuration alone.
private_apt()
{
    local dir=$cache/apt/${suite:-own} lines

    mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" "$dir/etc"
    lines=$(source_lines)
    [ -n "$lines" ] ||
        die "apt knows no Debian repository; run 'apt-get update' once, as root"
    if [ "$(cat "$dir/etc/sources.list" 2>/dev/null)" != "$lines" ]; then
        printf '%s\n' "$lines" >"$dir/etc/sources.list"
        rm -f "$dir/stamp"
    fi
    : >"$dir/status"
    apt_options=(-o "Dir::State=$dir/state" -o "Dir::State::status=$dir/status"
        -o "Dir::Cache=$dir/cache" -o "Dir::Etc::sourcelist=$dir/etc/sources.list"
        -o Dir::Etc::sourceparts=- -o APT::Sandbox::User= -o APT::Architecture=amd64
        -o Acquire::Languages=none)
    apt_stamp=$dir/stamp
}

# Writes the upstream tarballs of the series that the index names, newest first,
# to $1: one line "URI name sha256 size" each.
ask_index()
{
    local v best left line uri name size sum versions

    versions=$(apt-cache "${apt_options[@]}" showsrc xen 2>/dev/null |
        sed -n 's/^Version: //p' | grep -F "$series." | sort -u) || true
    [ -n "$versions" ] || die "the source index has no Xen $series; check the machine's apt sources"
    while [ -n "$versions" ]; do
        best=
        for v in $versions; do
            if [ -z "$best" ] || dpkg --compare-versions "$v" gt "$best"; then best=$v; fi
        done
        left=
        for v in $versions; do
            [ "$v" = "$best" ] || left="$left $v"
        done
        versions=${left# }
        line=$(apt-get "${apt_options[@]}" -qq source --download-only --print-uris "xen=$best" |
            grep -F '.orig.tar.' | grep -vF '.asc' | head -n 1)
        read -r uri name size sum <<<"$line"
        [ "${sum#SHA256:}" != "$sum" ] || continue
        uri=${uri#\'}
        printf '%s %s %s %s\n' "${uri%\'}" "$name" "${sum#SHA256:}" "$size"
    done >"$1"
    [ -s "$1" ] || die "the source index gives no SHA256 for Xen $series"
}

# Finds the newest upstream tarball of the series in the source index and sees
# to it that a verified copy is in the cache. Sets $tarball and $tarball_sha.
# The index is asked once a day; without a network the last answer stands. An
# index can name a tarball that the mirror does not hold (yet, or any more):
# then the next older one is taken.
fetch_tarball()
{
    local known=$cache/xen/$series.source lock uri name size

    need apt-get apt-cache sha256sum flock dpkg
    mkdir -p "$cache/xen" "$cache/apt"
    exec {lock}>"$cache/xen/lock"
    flock "$lock"

    private_apt
    if [ ! -e "$known" ] || [ ! -e "$apt_stamp" ] ||
        [ -n "$(find "$apt_stamp" -mmin +1440)" ]; then
        say "asking the source index for the newest $series"
        if apt-get "${apt_options[@]}" -qq update >&2; then
            ask_index "$known.new"
            mv "$known.new" "$known"
            touch "$apt_stamp"
        elif [ -e "$known" ]; then
            say "the index cannot be reached; going on with what was last known"
        else
            die "the source index cannot be reached; check the network and the machine's apt sources"
        fi
    fi

    tarball=
    while read -r uri name tarball_sha size; do
        tarball=$cache/xen/$tarball_sha-$name
        [ ! -e "$tarball" ] || break
        [ ! -e "$tarball.absent" ] || [ -n "$(find "$tarball.absent" -mmin +1440)" ] || continue
        say "fetching $name ($((size / 1024)) KiB)"
        if /usr/lib/apt/apt-helper "${apt_options[@]}" -qq download-file "$uri" "$tarball.part" \
            "SHA256:$tarball_sha" 2>"$cache/xen/fetch.log" >&2 &&
            echo "$tarball_sha  $tarball.part" | sha256sum --check --status; then
            mv "$tarball.part" "$tarball"
            break
        fi
        say "the mirror does not have $name: $(grep -m 1 -oE '[0-9]{3} .*|[Hh]ash.*' "$cache/xen/fetch.log" || echo 'see fetch.log')"
        touch "$tarball.absent"
    done <"$known"
    [ -e "$tarball" ] || die "no tarball of Xen $series can be fetched; see $cache/xen/fetch.log"
    exec {lock}>&-
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
    mkdir -p "$1"
    tar -xf "$tarball" -C "$1" --strip-components=1 --no-same-owner
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
