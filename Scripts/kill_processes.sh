#!/bin/bash
# Kills one process of a training in four, or the launcher, at random moments; resumes it each time on one, two or three, with Open
# MPI or MPICH, which may be killed in turn; and compares its weights with those of a run that was not killed, bit for bit.
#
#   Scripts/kill_processes.sh [classify|detect|segment|text|sentiment|translate|chat] [KILLS] [OPTION...]
#
# The options are those of `switchback TASK train`, classify's where no task is named; 20 kills if nothing else is said. $switchback is
# the program; the release build if unset.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
program=${switchback:-$root/.build/release/switchback}
. "$root/Scripts/trainings.sh"
train=classify kills=20
case ${1:-} in [a-z]*) train=$1 && shift ;; esac
case ${1:-} in [0-9]*) kills=$1 && shift ;; esac
options_of_training || exit
case $train in
classify) options+=(--epochs 12 --save-steps 7) ;;
detect | segment) options+=(--epochs 12 --batch 12) ;;   # a state after each epoch
text) options+=(--steps 60 --batch 24 --save-steps 5 --validate-every 20 --dropout 0.1) ;;
translate | chat) options+=(--steps 40 --save-steps 3 --validate-every 20) ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options+=(--workers 1 --threads 1 --quiet --slots 12 --output "$folder" "$@")
launchers=("mpirun.openmpi --allow-run-as-root --oversubscribe" mpirun.mpich)

start=$(date +%s%N)
"$program" "$train" train "${options[@]}" --name whole || exit 1
duration=$((($(date +%s%N) - start) / 1000000 + 1000))
weights() { sha256sum <"$folder/$train/$1/weights/last.safetensors"; }
expected=$(weights whole)

# Sets `command` to the training, begun or resumed on a number of processes.
train_on() {
    command=(
        setsid ${launchers[RANDOM % 2]} -np "$2" "$program" "$train" train "${options[@]}" --name "$1" --resume auto
    )
}
processes() { pgrep -f "^$program $train train .*--output $folder .*--name $1"; }

# Kills a run's training, or its launcher, at a random moment; fails where the training had come to its end before.
killed() {
    local milliseconds=$((RANDOM % duration)) job
    train_on "$1" "$2"
    "${command[@]}" >"$folder/output" 2>&1 &
    job=$!
    sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))"
    kill -0 $job || return
    kill -KILL "$({ processes "$1"; echo $job; } | shuf -n 1)"
    # What a launcher that was killed leaves behind ends by itself; a launcher that does not notice is ended.
    timeout 20 tail --pid=$job -f /dev/null || kill -KILL $job
    while processes "$1" >/dev/null; do sleep 0.1; done
}

made=0 runs=0
while [ "$made" -lt "$kills" ]; do
    runs=$((runs + 1))
    name=parts$runs count=4
    while [ "$made" -lt "$kills" ] && killed "$name" $count 2>/dev/null; do
        made=$((made + 1))
        count=$((RANDOM % 3 + 1))
    done
    train_on "$name" $((RANDOM % 3 + 1))
    "${command[@]}" || exit 1
    if [ "$(weights "$name")" != "$expected" ]; then
        echo "run $runs, after $made kills in all, has other weights than the one that was not killed" >&2
        exit 1
    fi
done
echo "$made kills in $runs runs: the same weights as without, ${expected%% *}"
