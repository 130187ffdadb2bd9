#!/bin/bash
# Kills training runs with SIGKILL at random moments and resumes them, until the given number of kills, and compares the
# weights and results of each run with those of an uninterrupted one, bit for bit.
#
#   Scripts/kill_and_resume.sh classify|detect|segment|text|sentiment|translate|chat [KILLS] [OPTION...]
#
# The options are those of `switchback TASK train`; all but classify and text need --data, and chat --from, with whole paths.
# $switchback is the program; the release build if unset.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
program=${switchback:-$root/.build/release/switchback}
. "$root/Scripts/trainings.sh"
train=${1:?which task: classify, detect, segment, text, sentiment, translate, chat}
kills=${2:-30}
shift $(($# < 2 ? $# : 2))
options_of_training || exit
case $train in
classify) options+=(--save-steps 1 --ema 0.99 --accumulate 2 --clip-norm 1) ;;
detect | segment) options+=(--batch 2 --nbs 4) ;;
text) options+=(--steps 60 --save-steps 5 --validate-every 20 --dropout 0.1) ;;
sentiment) options+=(--save-steps 10 --accumulate 2 --clip-norm 1) ;;
translate) options+=(--steps 24 --save-steps 3 --validate-every 12) ;;
chat) options+=(--steps 40 --save-steps 3 --validate-every 20) ;;
esac
options+=("$@")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# What must not depend on interruptions: the weights, and the results except for times.
remains() {
    (cd "runs/$train/$1" && cat weights/best.safetensors weights/last.safetensors && cut -d, -f1,2,4- results.csv) |
        sha256sum
}

start=$(date +%s%N)
"$program" "$train" train --quiet "${options[@]}" --name whole >output 2>&1 || { cat output; exit 1; }
duration=$((($(date +%s%N) - start) / 1000000))
expected=$(remains whole)

made=0 writing=0 runs=0
while [ "$made" -lt "$kills" ]; do
    runs=$((runs + 1))
    name=run$runs
    while true; do
        arguments=("${options[@]}" --name "$name")
        [ -d "runs/$train/$name" ] && arguments=(--resume "runs/$train/$name")
        "$program" "$train" train --quiet "${arguments[@]}" >output 2>&1 &
        pid=$!
        if [ "$made" -lt "$kills" ]; then
            milliseconds=$((RANDOM % (duration + 1)))
            sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))"
            if kill -KILL $pid 2>/dev/null; then
                made=$((made + 1))
                wait $pid 2>/dev/null
                find runs -type f -name '.*.part' | grep -q . && writing=$((writing + 1))
                continue
            fi
        fi
        wait $pid || { echo "the resumed run failed: $(cat output)"; exit 1; }
        break
    done
    if [ "$(remains "$name")" != "$expected" ]; then
        echo "run $runs, after $made kills in all, ended with other bits than the run that was not interrupted"
        exit 1
    fi
done
echo "$made kills, $writing of them during a write, in $runs runs: the same bits as without"
