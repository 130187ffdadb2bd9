#!/bin/sh
# Feeds every reader of files with damaged ones, so many each: Scripts/fuzz.sh 5000 makes more than 100,000 of them. What
# fails names the reader; each file follows from its number, so that it fails again.
set -eu
cd "$(dirname "$0")/.."
SWITCHBACK_FUZZ="${1:-5000}" exec swift test -c release --filter FuzzTests
