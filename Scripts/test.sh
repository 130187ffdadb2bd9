#!/bin/bash
# Runs `swift test` with the options given and says at the end which tests failed, how many were skipped, and why. Where CI
# is set to true, as continuous integration does, a skipped test is a failure.
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
${SWIFT:-swift} test "$@" 2>&1 | tee "$log"
status=$?

failures=$(grep -E '^✘ ' "$log")
if [ -n "$failures" ]; then echo "What failed:"; echo "$failures"; fi
reasons=$(sed -nE 's/^.* Test .* skipped(: "(.*)"|\.)$/\2/p' "$log" | sed 's/^$/no reason is given/' | sort | uniq -c | sort -rn)
if [ -z "$reasons" ]; then
    echo "No test was skipped."
else
    echo "$(echo "$reasons" | awk '{ count += $1 } END { print count }') tests were skipped:"
    echo "$reasons"
    if [ "$status" = 0 ] && [ "${CI:-}" = true ]; then
        echo "In CI every test has to run." >&2
        exit 1
    fi
    echo "python3 -m pip install -r Tests/requirements.txt installs what Python packages are missing."
fi
exit "$status"
