# Containers on shared layers: what is written stays apart, and the layers stay as they are.
. "$E2E/lib.sh"
. "$E2E/images.sh"
. "$E2E/layers.sh"
home=$HOME/.local/share/lichen
t "import alpine" images_ready

directory() { lichen inspect --format '{{.Lichen.Directory}}' "$1"; }
# Everything about the layers that can be changed by writing: names, modes, owners, times, links, content.
layers_hash() {
  (cd "$home/layers" && find */fs */layer.json -printf '%p %y %m %U %G %T@ %n %s %l\n' | LC_ALL=C sort && find */fs */layer.json -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum
}

able() {
  lichen doctor --format json | python3 -c '
import json, sys
ways = json.load(sys.stdin)["ways"]
union = [w for w in ways if w["strategy"] == "uufs" and w["supported"]]
sys.exit(0 if union else print(ways[0].get("reason")) or 77)'
}
t "a union works here" able
(able >/dev/null) || {
  done_
  exit
}
t "layers are made" make_layers
t "an image of several layers" layers_hold "oci:$TMPDIR/made:multi"
multi=$(lichen images --format '{{.Repository}}:{{.Tag}}' | grep multi | head -n 1)
before=$(layers_hash)

metadata_only() {
  lichen create --name c test/alpine true >/dev/null && equals uufs "$(lichen inspect --format '{{.Lichen.Strategy}}' c)" &&
    [ "$(du -sk "$(directory c)" | cut -f1)" -le 64 ] && lichen start -a c && [ "$(du -sk "$(directory c)" | cut -f1)" -le 64 ]
  local s=$?
  lichen rm -f c >/dev/null
  return $s
}
t "create, and a start that writes nothing, take less than 64 kB" metadata_only
t "it is the kernel's overlay, and tells no path of the host" eval '
  line=$(lichen run --rm test/alpine grep " / overlay " /proc/mounts) && [[ $line = *userxattr* && $line = *volatile* && $line != *"$HOME"* ]]'
t "only a container that goes is volatile" eval '
  line=$(lichen run --name v test/alpine grep " / overlay " /proc/mounts); s=$?; lichen rm v >/dev/null; [ $s = 0 ] && [[ $line != *volatile* ]]'

keeps() {
  lichen run --name k "$multi" sh -ec 'echo mine >/d/kept; rm /d/dir; rm -r /o; mkdir /o; echo new >/o/new; mkdir /z; chmod 0 /z; ln /d/kept /hard; mv /o/new /o/moved' || return 1
  lichen start k >/dev/null && equals 0 "$(lichen wait k)"
  lichen rm k >/dev/null
  lichen run -d --name k "$multi" sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' >/dev/null &&
    lichen exec k sh -ec 'echo mine >/d/kept; rm /d/dir; rm -r /o; mkdir /o; echo new >/o/new; mkdir /z; chmod 0 /z' &&
    lichen stop k >/dev/null && lichen start k >/dev/null &&
    equals "mine kept new d---------" "$(lichen exec k sh -c 'echo $(cat /d/kept) $(ls /d) $(ls -A /o) $(stat -c %A /z)')"
}
t "stop and start keep what was written, removed and replaced" keeps
t "another container sees none of it" equals "dir kept above" "$(lichen run --rm "$multi" sh -c 'echo $(ls /d) $(ls -A /o)')"
t "rm removes it, directories of mode 000 too" eval 'dir=$(directory k); lichen rm -f k >/dev/null && ! [ -e "$dir" ] && equals "" "$(ls -A "$home/containers")"'

two() {
  local i pids=()
  for i in 1 2; do
    lichen run --rm "$multi" sh -ec "for n in \$(seq 200); do echo $i >/d/kept; [ \$(cat /d/kept) = $i ]; rm -f /d/dir; echo $i >/d/dir; done; cat /d/dir" >"$TMPDIR/two$i" 2>&1 &
    pids+=($!)
  done
  for i in 1 2; do wait "${pids[i - 1]}" && equals $i "$(cat "$TMPDIR/two$i")" || return 1; done
}
t "two containers on the same layers at once" two
t "--read-only" eval 'status 1 lichen run --rm --read-only test/alpine touch /x && status 0 lichen run --rm --read-only -v "$HOME:/not/there" test/alpine test -d /not/there'
t "renaming a directory of a layer: mv copies" equals "kept" "$(lichen run --rm "$multi" sh -c 'rm /d/dir; mv /d /e && ls /e')"
t "names that look like whiteouts" equals ".wh.x .wh..wh..opq" "$(lichen run --rm "$multi" sh -c 'touch /d/.wh.x /d/.wh..wh..opq && echo $(ls -A /d | grep wh | sort -r)')"
t "plan shows the layers" eval 'lichen plan run --rm "$multi" true | python3 -c "
import json, sys
root = json.load(sys.stdin)[\"step\"][\"load\"][\"root\"]
assert len(root[\"lowr\"]) == 4 and root[\"uppr\"] == \"upper\" and root[\"flag\"] == [\"once\"], root"'
t "plan --explain names the way" contains "$(lichen plan --explain run --rm test/alpine true)" "userns on uufs"

kill_shim() { # NAME: it holds no lock any more afterwards, but the container's processes may still be ending
  local shim i
  shim=$(awk '/^PPid/{print $2}' "/proc/$(lichen inspect --format '{{.State.Pid}}' "$1")/status")
  kill -9 "$shim" || return 1
  for ((i = 0; i < 2000; i++)); do
    [ -n "$(ls "/proc/$shim/fd" 2>/dev/null)" ] || return 0
    sleep 0.002
  done
  echo "it does not end" && return 1
}

restarted() { # shim and container are killed; the next start comes at once
  local i
  lichen run -d --name r test/alpine sleep 1000 >/dev/null
  for ((i = 0; i < 5; i++)); do
    lichen exec r sh -c "sync; echo $i >>/written" || return 1
    kill_shim r && lichen start r >/dev/null || return 1
  done
  equals "0 1 2 3 4" "$(lichen exec r sh -c 'echo $(cat /written)')"
  local s=$?
  lichen rm -f r >/dev/null
  return $s
}
t "kill -9 of the shim, then start on the same upper, 5 times" restarted

once() {
  lichen run -d --rm --name o test/alpine sleep 1000 >/dev/null && kill_shim o || return 1
  lichen start o >/dev/null 2>"$TMPDIR/said"
  equals 125 $? && contains "$(cat "$TMPDIR/said")" "good for one run" && until_ 5 eval '[ -z "$(ls -A "$home/containers")" ]' # it says so first, and goes then
}
t "a container with --rm whose shim was killed is not started again, and goes" once

odd() {
  local odd="$TMPDIR/a:b,c=d\\e f" found
  LICHEN_HOME=$odd LICHEN_IDLE_SECONDS=1 lichen import -q "$alpine" test/odd >/dev/null &&
    found=$(LICHEN_HOME=$odd lichen run --rm --strategy uufs test/odd sh -c 'rm /etc/hostname; echo there >/x; cat /x') && equals there "$found"
}
t "a home whose name has ':' ',' '=' '\\' and a blank" odd

many() {
  python3 - "$TMPDIR/many.tar" "$alpine" <<'PY'
import gzip, hashlib, io, json, sys, tarfile
out = tarfile.open(sys.argv[1], "w")
layers, ids = [], []
def put(name, data):
    info = tarfile.TarInfo(name); info.size = len(data); out.addfile(info, io.BytesIO(data))
def layer(data):
    name = "%d/layer.tar" % len(layers)
    put(name, data); layers.append(name); ids.append("sha256:" + hashlib.sha256(data).hexdigest())
layer(gzip.open(sys.argv[2]).read())
for i in range(119):
    buffer = io.BytesIO(); tar = tarfile.open(fileobj=buffer, mode="w")
    for name, text in (("common", str(i)), ("many/%d" % i, "")):
        info = tarfile.TarInfo(name); info.size = len(text); tar.addfile(info, io.BytesIO(text.encode()))
    tar.close(); layer(buffer.getvalue())
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ids}}).encode()
put("config.json", config)
put("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["test/many:1"], "Layers": layers}]).encode())
out.close()
PY
  lichen load -q -i "$TMPDIR/many.tar" >/dev/null && equals "118 119" "$(lichen run --rm test/many:1 sh -c 'echo $(cat /common) $(ls /many | wc -l)')"
}
t "an image of 120 layers" many

local_upper() {
  mkdir -p "$TMPDIR/local"
  lichen run --name l --upper "$TMPDIR/local" test/alpine sh -c 'echo here >/x' && equals here "$(cat "$TMPDIR"/local/*/upper/x)" &&
    mv "$TMPDIR/local" "$TMPDIR/away" && {
    lichen start l >/dev/null 2>"$TMPDIR/said"
    equals 125 $? && contains "$(cat "$TMPDIR/said")" "not on this machine"
  } && mv "$TMPDIR/away" "$TMPDIR/local" && lichen start l >/dev/null && lichen wait l >/dev/null && lichen rm l >/dev/null && equals "" "$(ls "$TMPDIR/local")" &&
    lichen run --rm --upper "$TMPDIR/local" test/alpine sh -c 'mkdir -m 0 /x' && equals "" "$(ls "$TMPDIR/local")" &&
    status 125 lichen run --rm --upper "$TMPDIR/nosuch" test/alpine true && status 125 lichen run --rm --strategy extract --upper "$TMPDIR/local" test/alpine true
}
t "--upper: kept there, missed there, removed there" local_upper
configured() {
  mkdir -p "$HOME/.config/lichen" && echo "upper: $TMPDIR/local" >"$HOME/.config/lichen/config.yaml" &&
    lichen create --name u test/alpine true >/dev/null && lichen create --name e --strategy extract test/alpine true >/dev/null &&
    equals "$TMPDIR/local" "$(lichen inspect --format '{{.Lichen.Upper}}' u)" && equals "" "$(lichen inspect --format '{{.Lichen.Upper}}' e)"
  local s=$?
  rm -f "$HOME/.config/lichen/config.yaml"
  lichen rm -f u e >/dev/null
  return $s
}
t "the configuration says where, for those that have an upper" configured

# A file system without attributes: how layers hide files there is not the kernel's way.
on_ramfs() { # SCRIPT [without-fuse]
  unshare -Urm true 2>/dev/null || skip "no user namespace to mount a ramfs in"
  mkdir -p "$TMPDIR/ram"
  LICHEN_HOME=$TMPDIR/ram/home LICHEN_IDLE_SECONDS=1 E2E_IMAGE="oci:$TMPDIR/made:multi" unshare -Urm bash -ec '
    mount -t ramfs none "$1"
    [ -z "$3" ] || mount --bind /dev/null /dev/fuse 2>/dev/null || true
    . "$E2E/lib.sh"; . "$E2E/layers.sh"
    lichen pull -q "$E2E_IMAGE" >/dev/null
    contains "$(cat "$LICHEN_HOME/store/store.json")" aufs
    eval "$2"' ramfs "$TMPDIR/ram" "$1" "${2:-}"
}
t "without user attributes, and without fuse: extract, and why" on_ramfs '
  layers_hold "$E2E_IMAGE" && lichen create --name x "$E2E_IMAGE" true >/dev/null && equals extract "$(lichen inspect --format "{{.Lichen.Strategy}}" x)" &&
  said=$(lichen run --rm --launcher userns --strategy uufs "$E2E_IMAGE" true 2>&1) && exit 1; equals 125 $? && contains "$said" "hide files" && contains "$said" "hint: "' without-fuse
fuse() {
  command -v fuse-overlayfs >/dev/null || skip "no fuse-overlayfs here"
  [ -r /dev/fuse ] && [ -w /dev/fuse ] || skip "/dev/fuse is not for everybody here"
  on_ramfs '
    layers_hold "$E2E_IMAGE" && lichen run -d --name f "$E2E_IMAGE" sh -c "trap \"exit 0\" TERM; while :; do sleep 0.1; done" >/dev/null &&
    contains "$(lichen exec f grep " / " /proc/mounts)" fuse-overlayfs && equals "" "$(lichen exec f ps | grep fuse-overlayfs)" &&
    lichen exec f sh -ec "echo mine >/d/kept; rm /d/dir; rm -r /o; mkdir /o" && lichen stop f >/dev/null && lichen start f >/dev/null &&
    equals "mine kept" "$(lichen exec f sh -c "echo \$(cat /d/kept) \$(ls /d) \$(ls -A /o)")" &&
    lichen rm -f f >/dev/null && until_ 5 eval "! ps -o stat,args | grep -v grep | grep -v ^Z | grep fuse-overlayfs" &&
    equals "" "$(ls -A "$LICHEN_HOME/containers")"'
}
t "without user attributes: fuse-overlayfs, which ends with the container" fuse

# Programs that live from what file systems promise.
stress() {
  have stress-ng
  # Left out: what a user namespace forbids (binderfs, mknod), and ids and clocks that are not the file system's (ioprio).
  lichen run --rm -v /usr:/usr:ro -v /bin:/bin:ro -v /lib:/lib:ro -v /lib64:/lib64:ro -w /work test/alpine \
    stress-ng --class filesystem --exclude binderfs,bind-mount --sequential 1 --timeout 1 --verify --temp-path /work >"$TMPDIR/stress" 2>&1 || {
    grep -E 'fail|error|unsuccessful' "$TMPDIR/stress"
    return 1
  }
}
t "stress-ng's file system class" stress
debian() {
  [ -n "${LICHEN_DEBIAN:-}" ] || skip "no Debian image: ${LICHEN_DEBIAN_WHY:-}"
  (: </dev/tcp/deb.debian.org/80) 2>/dev/null || skip "no network: deb.debian.org is not reached"
  lichen import -q -c CMD=/bin/bash "$LICHEN_DEBIAN" debian >/dev/null &&
    lichen run --name d --strategy uufs debian sh -c 'apt-get update && apt-get install -y hello openssh-client && hello && dpkg --audit' >"$TMPDIR/apt" 2>&1 || {
    tail -n 20 "$TMPDIR/apt"
    return 1
  }
  contains "$(tail -n 1 "$TMPDIR/apt")" "Hello, world!" && lichen rm d >/dev/null && lichen rmi -f debian >/dev/null
}
t "apt-get and dpkg on a Debian image" debian

lichen rm -fa >/dev/null
lichen rmi -f test/many:1 >/dev/null
t "the layers are as they were" equals "$before" "$(layers_hash)"
t "nothing is left" equals "" "$(lichen ps -aq; ls -A "$home/containers")"
done_
