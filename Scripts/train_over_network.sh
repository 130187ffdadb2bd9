#!/bin/bash
# Trains in four processes on two machines that are network namespaces with names and addresses of their own, and compares
# the weights with those of one process, bit for bit. Needs root.
#
#   Scripts/train_over_network.sh [OPTION...]
#
# The options are those of `switchback classify train`. $switchback is the program; the release build if unset.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=${switchback:-$root/.build/release/switchback}
options=(--data digits --model cnn --epochs 2 --workers 1 --threads 1 --slots 4 --quiet "$@")
folder=$(mktemp -d)
first=sb-first second=sb-second
trap 'ip netns del $first; ip netns del $second; rm -rf "$folder"' EXIT
cd "$folder"

ip netns add $first
ip netns add $second
ip link add sb-0 netns $first type veth peer name sb-1 netns $second
for machine in "$first sb-0 10.99.0.1" "$second sb-1 10.99.0.2"; do
    read -r name device address <<<"$machine"
    ip -n "$name" addr add "$address/24" dev "$device"
    ip -n "$name" link set "$device" up
    ip -n "$name" link set lo up
done

# In the place of ssh: runs a command in the namespace that has the address.
cat >agent <<AGENT
#!/bin/bash
while [[ \$1 == -* ]]; do shift; done
[ "\$1" = 10.99.0.1 ] && name=$first || name=$second
shift
exec ip netns exec \$name unshare --uts sh -c "hostname \$name; \$*"
AGENT
chmod +x agent

"$program" classify train "${options[@]}" --name alone
expected=$(sha256sum <runs/classify/alone/weights/last.safetensors)

compare() {
    ip netns exec $first unshare --uts sh -c "hostname $first; $2 -np 4 '$program' classify train ${options[*]} --name $1"
    [ "$(sha256sum <"runs/classify/$1/weights/last.safetensors")" = "$expected" ] ||
        { echo "$1: other bits than one process has" >&2 && exit 1; }
    echo "$1: the same bits as one process has"
}
compare openmpi "mpirun.openmpi --allow-run-as-root --oversubscribe --mca plm_rsh_agent $folder/agent --host 10.99.0.1:2,10.99.0.2:2"
compare mpich "mpirun.mpich -launcher ssh -launcher-exec $folder/agent -hosts 10.99.0.1,10.99.0.2"
