#!/bin/sh
# prepare-tools.sh CACHE [RELEASE]: layers of a Debian with tools of bioinformatics, made once of its packages, without root and without installing any of them: base.tar, and above it
# minimap2.tar, samtools.tar and bwa.tar, each with what that package needs and the base has not; `versions` has theirs. Prints their directory, or says on stderr why there is none.
set -eu
release=${2:-bookworm} tools='minimap2 samtools bwa'
base='base-files bash dash coreutils findutils grep sed mawk'
out=$1/tools-$release
[ ! -e "$out/versions" ] || { echo "$out" && exit; }
for program in apt-get dpkg-deb; do
  command -v $program >/dev/null || { echo "no $program here" >&2 && exit 1; }
done
mkdir -p "$1"
work=$(mktemp -d "$1/tools.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/sources" "$work/made"
: >"$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $release main" >"$work/list"
apt() {
  apt-get -q -y -o Dir::State="$work" -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o Dir::Etc::sourcelist="$work/list" \
    -o Dir::Etc::sourceparts="$work/sources" -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$work/sources" -o APT::Architecture=amd64 -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=false \
    -o Acquire::Languages=none -o Debug::NoLocking=1 "$@" >"$work/log" 2>&1 || {
    echo "apt-get failed: $(tail -n 1 "$work/log")" >&2
    exit 1
  }
}

# Packages of releases before bookworm have files in /lib and /bin: all go to /usr.
unpack() { # NAME FILE…
  tree=$work/$1
  shift
  mkdir -p "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/lib" "$tree/usr/lib64"
  for name in bin sbin lib lib64; do ln -s usr/$name "$tree/$name"; done
  for file; do dpkg-deb --fsys-tarfile "$file" | tar -x --keep-directory-symlink --no-same-owner --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' -C "$tree"; done
}
pack() { tar -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=posix --pax-option=delete=atime,delete=ctime -C "$work/$1" -f "$work/made/$1.tar" .; }

apt update
apt install --download-only $base
unpack base "$work"/cache/archives/*.deb
[ -e "$work/base/usr/bin/sh" ] || ln -s dash "$work/base/usr/bin/sh"
[ -e "$work/base/usr/bin/awk" ] || ln -s mawk "$work/base/usr/bin/awk"
mkdir -p "$work/base/etc"
echo root:x:0:0:root:/root:/bin/bash >"$work/base/etc/passwd"
echo root:x:0: >"$work/base/etc/group"
pack base
mv "$work/cache/archives" "$work/of-the-base"
for tool in $tools; do
  mkdir -p "$work/cache/archives/partial"
  cp -l "$work"/of-the-base/*.deb "$work/cache/archives/" # not fetched again
  apt install --download-only $base "$tool"
  for file in "$work"/of-the-base/*.deb; do rm "$work/cache/archives/${file##*/}"; done
  echo "$tool $(dpkg-deb -f "$work/cache/archives/${tool}"_*.deb Version)" >>"$work/made/versions"
  unpack "$tool" "$work"/cache/archives/*.deb
  pack "$tool"
  rm -r "$work/cache/archives"
done
chmod -R a+rX "$work/made"
mv -T "$work/made" "$out" 2>/dev/null || [ -e "$out/versions" ] # another run may have been quicker
echo "$out"
