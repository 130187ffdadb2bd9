#!/bin/bash
# Trains on 1, 2, 3, 4 and 6 processes, with Open MPI and with MPICH, and prints the SHA-256 of each run's weights: all are the
# same, or it fails.
#
#   Scripts/compare_processes.sh [OPTION...]
#
# The options are those of `switchback classify train`: `--model yolo11n-cls --sync-batch-norm`. $switchback is the program; the
# release build if unset.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=${switchback:-$root/.build/release/switchback}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options=(
    --data digits --model cnn --epochs 2 --workers 1 --threads 1 --quiet --slots 12 --output "$folder" "$@"
)
failed=0 expected=

# A run's name, and the command that starts its processes.
train() {
    local name=$1
    shift
    "$@" "$program" classify train "${options[@]}" --name "$name"
    local found
    found=$(sha256sum <"$folder/classify/$name/weights/last.safetensors")
    echo "${found%% *} $name"
    [ "${expected:=$found}" = "$found" ] || failed=1
}

train "1 process" env
for count in 2 3 4 6; do
    train "$count processes, Open MPI" mpirun.openmpi --allow-run-as-root --oversubscribe -np $count
    train "$count processes, MPICH" mpirun.mpich -np $count
done
[ $failed = 0 ] || { echo "the weights differ" >&2 && exit 1; }
