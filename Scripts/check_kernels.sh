#!/bin/bash
# Compares the C kernels with references in double precision (Tests/Kernels), with each instruction set of this processor, and
# for arm64 in an emulator, with a processor that has NEON alone and one that has everything. Where the tools for arm64 are
# missing (Debian's qemu-user-static, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross), it says so, and checks this processor.
set -euo pipefail
cd "$(dirname "$0")/.."

build=.build/kernels
flags=(-O2 -DNDEBUG -Wall -Werror -Wno-unused-function
       -ISources/Kernels -ISources/Kernels/include)
processors=$(getconf _NPROCESSORS_ONLN)
clang=$(command -v clang || echo "$(dirname "$(readlink -f "$(command -v swift)")")/clang")
failed=0

# compile FOLDER COMMAND…: the objects of all kernels and checks that are older than their source or some header.
compile() {
    local header object
    export folder=$build/$1 command="${*:2} ${flags[*]}"
    mkdir -p "$folder"
    header=$(find Sources/Kernels Tests/Kernels -name '*.h' -print0 | xargs -0 ls -t | head -1)
    find Sources/Kernels Tests/Kernels -name '*.c' | while read -r source; do
        object=$folder/$(tr / _ <<< "${source%.c}").o
        if [ ! "$object" -nt "$header" ] || [ ! "$object" -nt "$source" ]; then echo "$source"; fi
    done | xargs -n 1 -P "$processors" sh -c '
        [ -f "$0" ] || exit 0   # there was nothing to compile
        object=$folder/$(echo "${0%.c}" | tr / _).o
        rm -f "$object"
        $command -c "$0" -o "$object"'
}

# check ISA COMMAND…: runs the checks with an instruction set.
check() {
    SWITCHBACK_ISA=$1 "${@:2}" || failed=1
}

echo "== Kernels for $(uname -m)"
compile native "$clang"
"$clang" "$build"/native/*.o -lpthread -lm -o "$build/native/checks"
case "$(uname -m)" in
    x86_64)
        check baseline "$build/native/checks"
        if grep -qw avx2 /proc/cpuinfo; then check avx2 "$build/native/checks"; fi
        if grep -qw avx512vl /proc/cpuinfo; then check avx512 "$build/native/checks"; fi ;;
    *)
        check neon "$build/native/checks"
        check "" "$build/native/checks" ;;   # the best that the processor has
esac

if [ "$(uname -m)" = x86_64 ]; then
    echo "== Kernels for arm64, in an emulator"
    root=/usr/aarch64-linux-gnu
    if ! hash qemu-aarch64-static aarch64-linux-gnu-gcc 2> /dev/null || [ ! -d $root/include ]; then
        echo "Skipped: qemu-user-static, gcc-aarch64-linux-gnu or libc6-dev-arm64-cross is not installed."
    else
        compile arm64 "$clang" --target=aarch64-linux-gnu --sysroot=$root -isystem $root/include
        aarch64-linux-gnu-gcc -static "$build"/arm64/*.o -lpthread -lm -o "$build/arm64/checks"
        check neon qemu-aarch64-static -cpu cortex-a72 "$build/arm64/checks"
        check neon qemu-aarch64-static -cpu max "$build/arm64/checks"
        check neon-dot qemu-aarch64-static -cpu max "$build/arm64/checks"
    fi
fi
exit $failed
