#!/bin/sh
# Installs missing system packages that the build needs, and those given as arguments: with apt on Debian and Ubuntu, with
# Homebrew on macOS; elsewhere it lists what the build needs.
set -eu

libraries="the headers of zlib, LAPACKE, Cairo, libjpeg, libpng, libtiff, libwebp and giflib, and ffmpeg"

if ! command -v swift >/dev/null 2>&1; then
    echo "setup: no swift on the PATH; install a toolchain, 6.1 or later, from https://www.swift.org/install" >&2
    exit 1
fi

if [ "$(uname -s)" = Darwin ]; then
    if ! command -v brew >/dev/null 2>&1; then
        echo "setup: no brew on the PATH; install Homebrew from https://brew.sh, which has $libraries" >&2
        exit 1
    fi
    # zlib and make come with the command line tools of Xcode.
    for package in lapack cairo jpeg-turbo libpng libtiff webp giflib ffmpeg pkgconf "$@"; do
        if ! brew list --versions "$package" >/dev/null 2>&1; then brew install --quiet "$package"; fi
    done
    exit 0
fi

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup: neither Debian, Ubuntu nor macOS; make sure that these are installed: pkg-config, $libraries"
    exit 0
fi
missing=""
for package in zlib1g-dev liblapacke-dev libcairo2-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev libgif-dev ffmpeg pkg-config make "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

echo "setup: installing$missing"
if [ "$(id -u)" -eq 0 ]; then as_root=""; else as_root="sudo"; fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $missing
