#!/bin/sh
# Completes the distribution in DIR, where Maven has put the jars: programs, native libraries, the
# hello image, documents, build id; then packs it. Reproducible: order, owners and times are fixed.
set -eu
dir=$1 version=$2 top=$3
cd "$dir"

install -D -m 755 "$top/bundles/front/target/native/lichen" bin/lichen
install -D -m 755 "$top/bundles/shim/target/native/lichen-shim" libexec/lichen-shim
install -D -m 755 "$top/bundles/shim/target/native/lichen-host" libexec/lichen-host

# Native libraries lie unpacked: a noexec or read-only home cannot stop them.
mkdir -p lib/native
unpack() { # JAR ENTRY NAME
  scratch=$(mktemp -d)
  (cd "$scratch" && "${JAVA_HOME:+$JAVA_HOME/bin/}jar" xf "$1" "$2")
  install -m 755 "$scratch/$2" "lib/native/$3"
  rm -rf "$scratch"
}
unpack "$dir"/lib/bundles/jna-*.jar com/sun/jna/linux-x86-64/libjnidispatch.so libjnidispatch.so
install -m 755 "$top/bundles/posix/target/native/liblichen-sha256.so" lib/native/
zstd=$(basename lib/bundles/zstd-jni-*.jar .jar)
unpack "$dir/lib/bundles/$zstd.jar" "linux/amd64/lib$zstd.so" "lib$zstd.so"

mkdir -p share/images share/gosh/etc
make --no-print-directory -s -C "$top/distribution/src/main/hello" BUILD="$top/distribution/target/hello"
install -m 644 "$top/distribution/target/hello/hello.tar" share/images/hello.tar
install -m 644 "$top/distribution/src/main/gosh/gosh_profile" share/gosh/etc/gosh_profile
for document in README.md ARCHITECTURE.md CHANGELOG.md LICENSE; do
  install -m 644 "$top/$document" "$document"
done
mkdir -p share/doc share/completion
install -m 644 "$top/docs/FORMATS.md" share/doc/FORMATS.md
install -m 644 "$top/distribution/src/main/completion/lichen.bash" share/completion/lichen.bash

# The build id names exactly these files, so that a newer build replaces an older runtime.
find bin libexec lib share -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16 >build-id

cd ..
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1767225600 \
  -czf "lichen-$version.tar.gz.new" "lichen-$version"
mv "lichen-$version.tar.gz.new" "lichen-$version.tar.gz"
