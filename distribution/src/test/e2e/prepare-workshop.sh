#!/bin/sh
# prepare-workshop.sh CACHE GUEST [RELEASE]: makes, as root, a Debian with compilers and interpreters (and debuggers, unless it is of another release), whose path it prints, and the programs of
# GUEST in GUEST/made.
# A program that cannot be made here is left out, and whoever needs it says so.
set -eu
made=$2/made
release=${3:-bookworm}
packages=python3,perl,gcc,libc6-dev,make,git,strace,procps,file
[ "$release" != bookworm ] || packages=$packages,nodejs,openjdk-17-jre-headless,gdb,rpm
mkdir -p "$1" "$made"
static=$(command -v musl-gcc || echo gcc)
gcc -O1 -w -pthread -o "$made/signals" "$2/signals.c"
"$static" -O1 -w -static -pthread -o "$made/signals-static" "$2/signals.c"
gcc -O1 -w -pthread -o "$made/unseen" "$2/unseen.c"
"$static" -O1 -w -static -pthread -o "$made/unseen-static" "$2/unseen.c"
gcc -O1 -w -static -o "$made/fuzz" "$2/fuzz.c"
gcc -O1 -shared -fPIC -nostdlib -o "$made/plug.so" "$2/plug.c"
[ "$static" = gcc ] || musl-gcc -O1 -w -pthread -o "$made/churn-musl" "$2/churn.c"
[ "$static" = gcc ] || musl-gcc -O1 -w -pthread -o "$made/cancel-musl" "$2/cancel.c"
gcc -O1 -w -static -o "$made/looks-static" "$2/looks.c" 2>/dev/null
"$static" -O1 -w -static -o "$made/looks-musl" "$2/looks.c" 2>/dev/null
[ "$static" = gcc ] || musl-gcc -O1 -w -pthread -o "$made/signals-musl" "$2/signals.c"
python3 "$2/make-apk.py" "$made/acceptance.apk"
[ ! -x "$(command -v go)" ] || (cd "$2" && CGO_ENABLED=0 GO111MODULE=off GOCACHE="$1/go" HOME="$1" go build -o "$made/forks-go" forks.go)
if command -v javac >/dev/null; then
  classes=$(mktemp -d)
  javac --release 17 -d "$classes" "$2/Forks.java"
  printf 'one\ntwo\n' >"$classes/text"
  jar cf "$made/forks.jar" -C "$classes" .
  rm -rf "$classes"
fi
exec "$(dirname "$0")/prepare-debian.sh" "$1" workshop "$packages" "$release"
