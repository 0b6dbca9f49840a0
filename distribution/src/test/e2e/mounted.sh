#!/usr/bin/env bash
# mounted.sh DIRECTORY: as root, has the kernel mount every squashfs in it, and compares what it shows with what
# unsquashfs unpacks. Status 77: this machine cannot, and why.
set -eu
grep -qw squashfs /proc/filesystems || { ! command -v modprobe >/dev/null || modprobe squashfs 2>/dev/null; } || true
grep -qw squashfs /proc/filesystems || { echo "this kernel has no squashfs" && exit 77; }
[ -e /dev/loop-control ] || { echo "there are no loop devices" && exit 77; }
command -v unsquashfs >/dev/null || { echo "no unsquashfs here" && exit 77; }
work=$(mktemp -d /var/tmp/lichen-mounted.XXXXXX)
trap 'umount "$work/kernel" 2>/dev/null || true; rm -rf "$work"' EXIT
listing() { # DIRECTORY: everything but its own line and what a directory is said to weigh
  (
    cd "$1"
    find . -mindepth 1 \( -type d -printf '%p d %m %U:%G %T@\n' -o -printf '%p %y %m %U:%G %s %n %T@ %l\n' \) | sort
    find . -type f -exec sha256sum {} + | sort -k 2
    find . -exec getfattr -h -d -m - {} + 2>/dev/null | sort || true
  )
}
count=0
for image in "$1"/*.sqsh; do
  mkdir -p "$work/kernel"
  mount -t squashfs -o loop,ro "$image" "$work/kernel"
  unsquashfs -q -n -no-progress -d "$work/unpacked" "$image" >/dev/null
  listing "$work/kernel" >"$work/kernels" && listing "$work/unpacked" >"$work/theirs"
  [ "$(wc -l <"$work/kernels")" -gt 100 ]
  diff "$work/theirs" "$work/kernels" >"$work/diff" || { echo "$image: < unsquashfs, > kernel" && head -n 20 "$work/diff" && exit 1; }
  umount "$work/kernel"
  rm -rf "$work/unpacked"
  count=$((count + 1))
done
[ "$count" -gt 0 ] || { echo "there is nothing to mount" && exit 77; }
echo "$count mounted"
