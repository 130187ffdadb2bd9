#!/bin/sh
# Packs what `make static` has built as a .deb in the folder given, for the architecture and the libraries of this system.
set -eu
cd "$(dirname "$0")/.."

build="${1:?the folder that the program was built in}"
output="${2:?the folder for the package}"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

version=$("$build/switchback" --version)
architecture=$(dpkg --print-architecture)
DESTDIR="$stage/root" PREFIX=/usr Scripts/install.sh "$build"

# The libraries that the program is linked with, as the packages of this system that hold them.
mkdir -p "$stage/debian" "$stage/root/DEBIAN"
printf 'Source: switchback\n' > "$stage/debian/control"
depends=$(cd "$stage" && dpkg-shlibdeps -O root/usr/lib/switchback/switchback | sed 's/^shlibs:Depends=//')

cat > "$stage/root/DEBIAN/control" <<END
Package: switchback
Version: $version
Architecture: $architecture
Maintainer: The Switchback authors <noreply@users.noreply.github.com>
Depends: $depends
Recommends: ffmpeg
Section: science
Priority: optional
Description: Trains neural networks on the processor
 Image classifiers, object detectors (YOLO11 and YOLO26) and language models,
 trained, measured, explained and served by one program.
END
mkdir -p "$output"
dpkg-deb --root-owner-group --build "$stage/root" "$output/switchback_${version}_$architecture.deb"
