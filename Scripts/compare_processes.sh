#!/bin/bash
# Trains on 1, 2, 3, 4 and 6 processes, with Open MPI and with MPICH, and prints the SHA-256 of each run's weights: all are the
# same, or it fails.
#
#   Scripts/compare_processes.sh [classify|detect|segment|text|sentiment|translate|chat] [OPTION...]
#
# The options are those of `switchback TASK train`, classify's where no task is named: `--model yolo11n-cls --sync-batch-norm`. All
# but classify and text need --data, and chat --from, with whole paths. $switchback is the program; the release build if unset.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=${switchback:-$root/.build/release/switchback}
. "$root/Scripts/trainings.sh"
train=classify
case ${1:-} in [a-z]*) train=$1 && shift ;; esac
options_of_training
case $train in
detect | segment) options+=(--batch 12) ;;
text) options+=(--steps 12 --batch 24 --dropout 0.1) ;;
translate | chat) options+=(--steps 12) ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options+=(--workers 1 --threads 1 --quiet --slots 12 --output "$folder" "$@")
failed=0 expected=

# A run's name, and the command that starts its processes.
compare() {
    local name=$1
    shift
    "$@" "$program" "$train" train "${options[@]}" --name "$name"
    local found
    found=$(sha256sum <"$folder/$train/$name/weights/last.safetensors")
    echo "${found%% *} $name"
    [ "${expected:=$found}" = "$found" ] || failed=1
}

compare "1 process" env
for count in 2 3 4 6; do
    compare "$count processes, Open MPI" mpirun.openmpi --allow-run-as-root --oversubscribe -np $count
    compare "$count processes, MPICH" mpirun.mpich -np $count
done
[ $failed = 0 ] || { echo "the weights differ" >&2 && exit 1; }
