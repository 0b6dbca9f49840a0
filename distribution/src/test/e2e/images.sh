# Sourced by suites that need images: brings them into the store once. Skips if the fixtures are absent.
alpine=$(ls "$LICHEN_FIXTURES"/alpine-minirootfs-*-x86_64.tar.gz 2>/dev/null | head -n 1)

images_ready() {
  lichen inspect --type image test/alpine >/dev/null 2>&1 && return
  [ -n "$alpine" ] || skip "no fixture alpine-minirootfs-*-x86_64.tar.gz"
  lichen import -q -c CMD=/bin/sh "$alpine" test/alpine >/dev/null
}
