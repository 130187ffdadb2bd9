#!/bin/sh
# Feeds damaged files to every file reader: Scripts/fuzz.sh 5000 makes 5,000 for each, more than 100,000 in total. A failure
# names the reader; each file is generated from its number, so that failures are reproducible.
set -eu
cd "$(dirname "$0")/.."
SWITCHBACK_FUZZ="${1:-5000}" exec swift test -c release --filter FuzzTests
