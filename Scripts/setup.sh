#!/bin/sh
# Installs missing system packages that the build needs, and those given as arguments, on Debian and Ubuntu; elsewhere it
# lists what the build needs.
set -eu

needed="zlib1g-dev libcairo2-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev libgif-dev ffmpeg pkg-config make $*"
missing=""
for package in $needed; do
    if command -v dpkg-query >/dev/null 2>&1; then
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    fi
done

if ! command -v swift >/dev/null 2>&1; then
    echo "setup: no swift on the PATH; install a toolchain, 6.1 or later, from https://www.swift.org/install/linux" >&2
    exit 1
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup: not a Debian or Ubuntu system; make sure that pkg-config and the headers of zlib, Cairo, libjpeg, libpng, libtiff, libwebp and giflib, and ffmpeg, are installed"
    exit 0
fi
[ -z "$missing" ] && exit 0

echo "setup: installing$missing"
if [ "$(id -u)" -eq 0 ]; then as_root=""; else as_root="sudo"; fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $missing
