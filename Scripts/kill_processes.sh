#!/bin/bash
# Kills one process of a training in several, or the launcher, at random moments; resumes it each time on another number of
# processes, with Open MPI or MPICH; and compares its weights with those of a run that was not killed, bit for bit.
#
#   Scripts/kill_processes.sh [KILLS] [OPTION...]
#
# The options are those of `switchback classify train`. $switchback is the program; the release build if unset.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
program=${switchback:-$root/.build/release/switchback}
kills=${1:-20}
shift $(($# < 1 ? $# : 1))
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options=(
    --data digits --model cnn --epochs 12 --workers 1 --threads 1 --quiet --slots 6 --save-steps 7 --output "$folder"
    "$@"
)
launchers=("mpirun.openmpi --allow-run-as-root --oversubscribe" mpirun.mpich)

start=$(date +%s%N)
"$program" classify train "${options[@]}" --name whole || exit 1
duration=$((($(date +%s%N) - start) / 1000000 + 1000))

train() {
    setsid ${launchers[RANDOM % 2]} -np $((RANDOM % 4 + 1)) \
        "$program" classify train "${options[@]}" --name parts --resume auto
}
processes() { pgrep -f "classify train .*--output $folder --name parts"; }

for ((made = 0; made < kills; made++)); do
    train >"$folder/output" 2>&1 &
    job=$!
    milliseconds=$((RANDOM % duration))
    sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))"
    victim=$(processes | shuf -n 1)
    kill -KILL "${victim:-$job}" 2>/dev/null
    # What a launcher that was killed leaves behind ends by itself; a launcher that does not notice is ended.
    timeout 20 tail --pid=$job -f /dev/null || kill -KILL $job
    while processes >/dev/null; do sleep 0.1; done
done 2>/dev/null
train || exit 1
if cmp "$folder"/classify/{whole,parts}/weights/last.safetensors; then
    echo "$kills kills: the same bits as without"
else
    exit 1
fi
