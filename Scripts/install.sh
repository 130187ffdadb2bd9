#!/bin/sh
# Installs what `make install` has built: the program with the files that it reads under $PREFIX/lib/switchback, a link to it
# in $PREFIX/bin, and completions for bash, zsh and fish. With $DESTDIR, as packagers use it, all of it goes below that folder.
set -eu
cd "$(dirname "$0")/.."

prefix="${PREFIX:-/usr/local}"
build="${1:?the folder that the program was built in}"
root="${DESTDIR:-}$prefix"

install -d "$root/bin" "$root/lib/switchback"
install -s -m 755 "$build/switchback" "$root/lib/switchback/switchback"
for module in SwitchbackFormats SwitchbackStudio; do
    rm -rf "$root/lib/switchback/switchback_$module.resources"
    cp -r "$build/switchback_$module.resources" "$root/lib/switchback/"
done
ln -sf ../lib/switchback/switchback "$root/bin/switchback"

completion() { # shell, file
    install -d "$(dirname "$root/share/$2")"
    "$build/switchback" --generate-completion-script "$1" > "$root/share/$2"
}
completion bash bash-completion/completions/switchback
completion zsh zsh/site-functions/_switchback
completion fish fish/vendor_completions.d/switchback.fish

echo "Installed $root/bin/switchback"
