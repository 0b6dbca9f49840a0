#!/bin/sh
# Installs what tests need and is missing: a real registry, other tools that read our store or what we write, tools of bioinformatics whose results are compared, tmux.
set -eu
packages=''
want() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || packages="$packages $2"
}
want docker-registry docker-registry
want skopeo skopeo
want umoci umoci
want mmdebstrap mmdebstrap
want htpasswd apache2-utils
want openssl openssl
want tmux tmux
want newuidmap uidmap
want zstd zstd
want xz xz-utils
want mksquashfs squashfs-tools
want gpg gnupg
want setpriv util-linux
want strace strace
want slurmctld slurm-wlm
want munged munge
want stress-ng stress-ng
want fuse-overlayfs fuse-overlayfs
want squashfuse squashfuse
want nsenter util-linux
want python3 python3
want go golang-go
want musl-gcc musl-tools
want patchelf patchelf
want Xvfb xvfb
want xauth xauth
want dbus-daemon dbus
want ssh-agent openssh-client
want powerpc-linux-gnu-ld binutils-powerpc-linux-gnu
want s390x-linux-gnu-ld binutils-s390x-linux-gnu
want busybox busybox-static
want minimap2 minimap2
want samtools samtools
want bwa bwa
[ -n "$packages" ] || exit 0
command -v apt-get >/dev/null || {
  echo "check: please install what tests need:$packages" >&2
  exit 1
}
root=''
[ "$(id -u)" = 0 ] || root=sudo
echo "== installing$packages"
export DEBIAN_FRONTEND=noninteractive
$root apt-get -q -o DPkg::Lock::Timeout=300 update >/dev/null
# shellcheck disable=SC2086 # a list of words
$root apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $packages >/dev/null
