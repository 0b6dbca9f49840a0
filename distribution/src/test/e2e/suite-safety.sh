# Nothing outside of the home is touched; others cannot get at what is ours.
. "$E2E/lib.sh"
. "$E2E/images.sh"
t "import alpine" images_ready

home=$HOME/.local/share/lichen
private() { # PATH: nobody else may enter it, or one of its parents up to HOME
  local at=$1
  while [ "$at" != / ] && [ "$at" != "$(dirname "$HOME")" ]; do
    case $(stat -c %a "$at") in *00) return 0 ;; esac
    at=$(dirname "$at")
  done
  echo "others can reach $1"
  return 1
}
lichen run -d --name p test/alpine sleep 1000 >/dev/null
t "the run directory is ours alone" eval '[ "$(stat -c %a "$XDG_RUNTIME_DIR/lichen")" = 700 ]'
t "the runtime's socket is in it" eval 'ls "$XDG_RUNTIME_DIR"/lichen/d/*.s'
t "layers are private" equals 700 "$(stat -c %a "$home/layers")"
t "the container is private" equals 700 "$(stat -c %a "$(lichen inspect --format '{{.Lichen.Directory}}' p)")"
t "in /tmp without XDG_RUNTIME_DIR: private too" eval '
  env -u XDG_RUNTIME_DIR lichen version >/dev/null; equals 700 "$(stat -c %a "/tmp/lichen-$(id -u)")"; pkill -u "$(id -u)" java; rm -rf "/tmp/lichen-$(id -u)"'
lichen rm -f p >/dev/null

hostile() { # NAME PYTHON: an archive that must be refused, or tamed, without touching anything outside
  python3 - "$TMPDIR/hostile.tar" "$TMPDIR/victim" <<PY
import io, sys, tarfile
out, victim = sys.argv[1:]
tar = tarfile.open(out, "w")
def add(name, kind=tarfile.REGTYPE, link="", data=b"evil", mode=0o644):
    info = tarfile.TarInfo(name); info.type = kind; info.linkname = link; info.mode = mode
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    tar.addfile(info, io.BytesIO(data) if info.size else None)
$1
tar.close()
PY
  rm -rf "$TMPDIR/victim" && mkdir "$TMPDIR/victim" && echo safe >"$TMPDIR/victim/file"
  lichen import -q "$TMPDIR/hostile.tar" test/hostile >"$TMPDIR/said" 2>&1
  local result=$?
  equals safe "$(cat "$TMPDIR/victim/file")" && equals file "$(ls "$TMPDIR/victim")" || return 1
  [ $result = 0 ] || grep -q 'lichen: ' "$TMPDIR/said"
}
t "hostile: .. in a name" hostile 'add("../../../../../../../../../../" + victim + "/x")'
t "hostile: an absolute name" hostile 'add(victim + "/x")'
t "hostile: a symbolic link, then a write through it" hostile 'add("l", tarfile.SYMTYPE, victim); add("l/x")'
t "hostile: a symbolic link over .., then a write" hostile 'add("d/", tarfile.DIRTYPE, mode=0o755); add("d/l", tarfile.SYMTYPE, "../../../../../../../../../../../.." + victim); add("d/l/file")'
t "hostile: a hard link to the outside" hostile 'add("h", tarfile.LNKTYPE, victim + "/file"); add("h")'
t "hostile: a hard link over .." hostile 'add("h", tarfile.LNKTYPE, "../../../../../../../../../.." + victim + "/file"); add("h")'
t "hostile: a whiteout of the outside" hostile 'add("l", tarfile.SYMTYPE, victim); add("l/.wh.file", data=b"")'
t "hostile: an opaque marker through a link" hostile 'add("l", tarfile.SYMTYPE, victim); add("l/.wh..wh..opq", data=b"")'

truncated() {
  local good=$TMPDIR/good.tar.gz size
  tar -C /etc -czf "$good" --ignore-failed-read passwd group 2>/dev/null
  size=$(stat -c %s "$good")
  local cut
  for cut in 1 $((size / 4)) $((size / 2)) $((size - 9)) $((size - 1)); do
    head -c "$cut" "$good" >"$TMPDIR/cut.tar.gz"
    status 125 lichen import -q "$TMPDIR/cut.tar.gz" test/cut || return 1
  done
  ! lichen inspect --type image test/cut >/dev/null 2>&1
}
t "a truncated archive is refused, nothing is left" truncated

altered() {
  local layout blob
  layout=$(fixture busybox-musl-amd64.oci) || skip "$layout"
  rm -rf "$TMPDIR/layout" && cp -r "$layout" "$TMPDIR/layout" && chmod -R u+w "$TMPDIR/layout"
  blob=$(ls -S "$TMPDIR/layout"/blobs/sha256/* | head -n 1)
  printf X | dd of="$blob" bs=1 seek=1000 conv=notrunc 2>/dev/null
  lichen rmi -f busybox:1.38.0-musl >/dev/null 2>&1
  lichen load -q -i "$TMPDIR/layout" >"$TMPDIR/said" 2>&1 && return 1
  contains "$(cat "$TMPDIR/said")" "sha256:"
}
t "an altered blob is refused by its digest" altered

full() { # a home on a small tmpfs, in namespaces of our own
  unshare -rm true 2>/dev/null || skip "no user namespace for a small tmpfs"
  unshare -rm bash -c '
    mkdir -p "$TMPDIR/small" && mount -t tmpfs -o size=6m x "$TMPDIR/small" || exit 77
    export LICHEN_HOME=$TMPDIR/small/h
    lichen --foreground import -q "$1" test/full >"$TMPDIR/said" 2>&1 && echo "it fit?" && exit 1
    cat "$TMPDIR/said"; grep -qi "space" "$TMPDIR/said" || exit 1
    [ -z "$(lichen --foreground images -q)" ]' - "$alpine"
}
t "a full disk: a clear error, no half image" full
t "stores can be read by skopeo" eval '
  have skopeo
  ref=$(skopeo list-tags oci:"$home/store" 2>/dev/null | head -n 1) || true
  python3 - "$home/store" <<PY
import json, subprocess, sys
index = json.load(open(sys.argv[1] + "/index.json"))
name = index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
subprocess.run(["skopeo", "inspect", "oci:%s:%s" % (sys.argv[1], name)], check=True, stdout=subprocess.DEVNULL)
PY'
done_
