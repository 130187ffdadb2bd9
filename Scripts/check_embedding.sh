#!/bin/bash
# Builds Examples/embedding, a package that depends on the engine alone, and fails if any other package is resolved or if the
# program is too large. Prints the time of the build, and the size with Swift's libraries inside.
set -euo pipefail
cd "$(dirname "$0")/.."
options=(--package-path Examples/embedding --scratch-path .build/embedding)

resolved=$(swift package "${options[@]}" show-dependencies --format flatlist)
if [ "$(wc -w <<< "$resolved")" -ne 1 ]; then
    echo "The engine alone takes these packages: $resolved" >&2
    exit 1
fi

options+=(-c release --static-swift-stdlib)
start=$SECONDS
swift build "${options[@]}" 2>&1 | tail -1
echo "built in $((SECONDS - start)) s"
program="$(swift build "${options[@]}" --show-bin-path)/embedding"
"$program" | tee .build/embedding/output
grep -qx 'Gradient (dL/dw): -24.0' .build/embedding/output
strip -o .build/embedding/stripped "$program"
kilobytes=$(($(stat -c %s .build/embedding/stripped) / 1000))
echo "$(($(stat -c %s "$program") / 1000)) kB, $kilobytes kB stripped"
if [ "$kilobytes" -gt 15000 ]; then
    echo "The stripped program takes more than 15 MB." >&2
    exit 1
fi
