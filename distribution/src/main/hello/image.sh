#!/bin/sh
# image.sh PROGRAM ARCHIVE: an image with one layer that holds one program, as a docker archive.
set -eu
program=$1 archive=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" "$work/image"
install -m 755 "$program" "$work/root/hello"
pack() { # DIRECTORY FILE: a tar with fixed order, owners and times
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1767225600 -C "$1" -cf "$2" .
}
pack "$work/root" "$work/image/layer.tar"
layer=$(sha256sum <"$work/image/layer.tar" | cut -d' ' -f1)
cat >"$work/config.json" <<JSON
{"architecture":"amd64","os":"linux","created":"2026-01-01T00:00:00Z",
 "config":{"Cmd":["/hello"],"WorkingDir":"/","Labels":{"org.opencontainers.image.title":"hello"}},
 "rootfs":{"type":"layers","diff_ids":["sha256:$layer"]},
 "history":[{"created":"2026-01-01T00:00:00Z","created_by":"lichen"}]}
JSON
config=$(sha256sum <"$work/config.json" | cut -d' ' -f1)
mv "$work/config.json" "$work/image/$config.json"
printf '[{"Config":"%s.json","RepoTags":["localhost/hello:latest"],"Layers":["layer.tar"]}]\n' \
  "$config" >"$work/image/manifest.json"
pack "$work/image" "$archive"
