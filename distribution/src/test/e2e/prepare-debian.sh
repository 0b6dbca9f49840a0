#!/bin/sh
# prepare-debian.sh DIRECTORY [NAME PACKAGES [RELEASE]]: makes a Debian root filesystem, once, as root; a test's input, never run as root.
# With a NAME of its own it has these packages (with commas between) besides. Prints the archive's path, or says on stderr why there is none.
set -eu
release=${4:-bookworm}
out=$1/${2:-debian}-$release.tar
if [ ! -s "$out" ]; then
  command -v mmdebstrap >/dev/null || { echo "no mmdebstrap here" >&2 && exit 1; }
  [ "$(id -u)" = 0 ] || { echo "only root can make it: run this as root once, for $out" >&2 && exit 1; }
  mkdir -p "$1"
  mmdebstrap --quiet --variant=minbase ${3:+--include="$3"} --format=tar "$release" "$out.$$" >"$out.log" 2>&1 || {
    rm -f "$out.$$"
    echo "mmdebstrap failed: $(tail -n 1 "$out.log")" >&2
    exit 1
  }
  mv "$out.$$" "$out"
fi
chmod a+r "$out"
echo "$out"
