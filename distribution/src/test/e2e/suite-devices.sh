# GPUs by CDI and as a driver is found, other devices, and the desktop of who starts a container.
. "$E2E/lib.sh"
. "$E2E/images.sh"
. "$E2E/devices.sh"
t "import alpine" images_ready
old='' image='' # of bullseye, and of bookworm with programs of a desktop
debian() { # RELEASE
  local path
  for path in $LICHEN_DEBIAN; do
    [ "${path%%=*}" != "$1" ] || { lichen import -q -c CMD=/bin/bash "${path#*=}" "$1" && return; }
  done
  skip "no Debian $1: ${LICHEN_DEBIAN_WHY:-}"
}
t "import Debian, new and old" eval 'debian desktop && debian bullseye'
t "a driver of two GPUs" driver_made
lib=/usr/lib/x86_64-linux-gnu
cdi=$HOME/cdi
nodes='for i in 0 1 2; do [ ! -e /dev/nvidia$i ] || echo $i; done'
mkdir -p "$cdi"

for launcher in userns trap preload; do
  can() { lichen run --rm --launcher $launcher test/alpine true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"; }
  t "$launcher works here" can
  (can) >/dev/null 2>&1 || continue
  run() { lichen run --rm --launcher $launcher "$@"; }
  told() { contains "$(cat "$TMPDIR/stderr")" "$1"; }

  # A driver as it is found
  configured "{gpu: {driver-root: $driver}, cdi: {spec-dirs: [$cdi]}}"
  rm -f "$cdi"/*
  t "$launcher: --gpus all: programs, libraries and nodes of the driver" equals "CUDA 12040, 2 devices" "$(run --gpus all desktop nvidia-smi)"
  t "$launcher: GPUs by number, index and UUID" eval '
    equals "CUDA 12040, 1 devices" "$(run --gpus 1 desktop nvidia-smi)" && equals 1 "$(run --gpus device=0 desktop sh -c "$nodes")" &&
    equals 0 "$(run --gpus device=GPU-10000000-aaaa desktop sh -c "$nodes")" && equals "CUDA 12040, 2 devices" "$(run --gpus "\"device=0,1\"" desktop nvidia-smi)"'
  t "$launcher: GPUs that are not there, and what is no number of GPUs" eval '
    status 125 run --gpus 3 desktop true && told "there are 2 GPUs of NVIDIA, and 3 are wanted" && status 125 run --gpus device=7 desktop true && told "GPU-00000000-aaaa" && status 125 run --gpus some desktop true && told "not a number of GPUs"'
  t "$launcher: without variables, and after the guest's own ldconfig" equals "CUDA 12040, 2 devices" "$(run --gpus all desktop sh -c 'ldconfig && env -i /usr/bin/nvidia-smi')"
  t "$launcher: --nv is the same" equals "CUDA 12040, 2 devices" "$(run --nv desktop nvidia-smi)"
  t "$launcher: the libraries cannot be changed" eval '! run --gpus all desktop sh -c "echo x >$lib/libcuda.so.1" 2>/dev/null && cmp "$driver$lib/libcuda.so.1" "$driver$lib/libcuda.so.550.54"'
  another() { # a driver in the image, which the guest's cache prefers to what lies beside its libc
    lichen create -q --name another --launcher $launcher --gpus all -v "$driver$lib/libnvidia-ml.so.1:/ml:ro" desktop sh -c '[ -e /opt/old ] || { mkdir /opt/old && cp /ml /opt/old/libcuda.so.1 && echo /opt/old >/etc/ld.so.conf.d/0.conf && ldconfig; }
      nvidia-smi' >/dev/null && equals "CUDA 12040, 2 devices" "$(lichen start -a another | tail -n 1)" && equals "CUDA 12040, 2 devices" "$(lichen start -a another)" &&
      contains "$(lichen inspect another)" '"gpus" : "all"' && lichen rm another >/dev/null
  }
  t "$launcher: an image's own driver is covered, also in a container that installed it; inspect tells of the GPUs" another
  t "$launcher: an older glibc is refused, and what needs which" eval '
    status 125 run --gpus all bullseye nvidia-smi && told "bullseye:latest has a glibc with symbols up to GLIBC_2.3" && told "nvidia-smi needs GLIBC_2.34" && told "--ignore-glibc" &&
    status 1 run --gpus all --ignore-glibc bullseye nvidia-smi && told "symbols up to GLIBC_2.3" && told "not found"'
  t "$launcher: a guest without glibc is refused" eval 'status 125 run --gpus all test/alpine true && told musl && status 0 run --gpus all --ignore-glibc test/alpine test -e /dev/nvidia0 && told musl'
  configured "{gpu: {driver-root: $HOME/nowhere}, cdi: {spec-dirs: [$cdi]}}"
  t "$launcher: a host without GPUs: --gpus is refused, --nv and --rocm go on" eval '
    status 125 run --gpus all desktop true && told "no GPU of NVIDIA" && status 0 run --nv --rocm desktop true && told "no GPU of NVIDIA" && told "no GPU of AMD"'

  # CDI
  cat >"$cdi/nvidia.yaml" <<EOT
cdiVersion: "0.6.0"
kind: nvidia.com/gpu
containerEdits:
  env: [NVIDIA_VISIBLE_DEVICES=void]
  deviceNodes: [{path: /dev/nvidiactl, hostPath: /dev/null}]
  mounts:
  - {hostPath: $driver$lib/libcuda.so.550.54, containerPath: /opt/driver/lib/libcuda.so.550.54, options: [ro, nosuid, nodev, bind]}
  - {hostPath: $driver/usr/bin/nvidia-smi, containerPath: /usr/bin/nvidia-smi, options: [ro, nosuid, nodev, bind]}
  hooks:
  - {hookName: createContainer, path: /usr/bin/nvidia-cdi-hook, args: [nvidia-cdi-hook, create-symlinks, --link, "libcuda.so.1::/opt/driver/lib/libcuda.so", --link, ../dev/nvidiactl::/opt/control]}
  - {hookName: createContainer, path: /usr/bin/nvidia-cdi-hook, args: [nvidia-cdi-hook, update-ldcache, --folder, /opt/driver/lib]}
  - {hookName: createContainer, path: /usr/bin/nvidia-cdi-hook, args: [nvidia-cdi-hook, update-application-profile], env: [NVIDIA_CTK_DEBUG=false]}
  - {hookName: createContainer, path: /usr/bin/other, args: [other]}
devices:
- {name: "0", containerEdits: {deviceNodes: [{path: /dev/nvidia0, hostPath: /dev/zero}]}}
- {name: "1", containerEdits: {deviceNodes: [{path: /dev/nvidia1, hostPath: /dev/null, permissions: rw}], env: [SECOND=yes]}}
- {name: all, containerEdits: {deviceNodes: [{path: /dev/nvidia0, hostPath: /dev/zero}, {path: /dev/nvidia1, hostPath: /dev/null}]}}
EOT
  cat >"$cdi/thing.json" <<EOT
{"cdiVersion": "0.3.0", "kind": "example.com/thing", "devices": [{"name": "zero", "containerEdits": {"deviceNodes": [{"path": "/dev/thing", "hostPath": "/dev/zero"}], "env": ["THING=$launcher"]}}]}
EOT
  t "$launcher: CDI: nodes and variables" equals "$launcher 0000000" "$(run --device example.com/thing=zero test/alpine sh -c 'echo $THING $(head -c 8 /dev/thing | od -An -tx1 | tr -d " " | cut -c -7)')"
  t "$launcher: CDI: --gpus takes its devices, whose libraries are found and whose links are there" eval '
    equals "CUDA 12040, 2 devices" "$(run --gpus all desktop nvidia-smi 2>"$TMPDIR/stderr")" && told "left out of what the devices need: hook /usr/bin/other" &&
    equals "CUDA 12040, 1 devices" "$(run --gpus 1 desktop env -i nvidia-smi 2>/dev/null)" && equals "yes void" "$(run --device nvidia.com/gpu=1 desktop sh -c "cmp $lib/libcuda.so.1 /opt/driver/lib/libcuda.so && [ -c /opt/control ] && echo \$SECOND \$NVIDIA_VISIBLE_DEVICES" 2>/dev/null)"'
  t "$launcher: CDI: what is not there" eval 'status 125 run --device example.com/thing=one test/alpine true && told "example.com/thing=zero" && status 125 run --gpus device=9 desktop true && told "nvidia.com/gpu=9"'
  t "$launcher: --device takes a node too" eval '
    equals 4 "$(run --device /dev/zero:/dev/other:rw test/alpine sh -c "head -c 4 /dev/other | wc -c")" && status 125 run --device /dev/nosuch test/alpine true && told "no device /dev/nosuch" && status 125 run --device thing test/alpine true && told "neither a CDI name nor a node"'

  closed() {
    local node
    node=$(find /dev -maxdepth 1 -type c -user root -perm 600 | head -n 1) && [ -n "$node" ] || skip "every device here is open to more than its owner"
    status 0 run --device "$node" test/alpine test -e "$node" && told "you may not open $node: its owner alone may"
  }
  t "$launcher: a node that one may not open is told of" closed

  # The desktop
  agent() {
    have ssh-agent && have ssh-add || return
    eval "$(ssh-agent -a "$TMPDIR/agent")" >/dev/null && trap "kill $SSH_AGENT_PID" EXIT && ssh-keygen -q -t ed25519 -N '' -C "key of $launcher" -f "$TMPDIR/key" </dev/null && ssh-add -q "$TMPDIR/key" && rm -f "$TMPDIR/key"* || return
    contains "$(run --ssh-agent desktop ssh-add -l)" "key of $launcher" && status 125 env -u SSH_AUTH_SOCK lichen run --rm --ssh-agent desktop true && told "no SSH_AUTH_SOCK" || return
    lichen create -q --name a --launcher $launcher --ssh-agent desktop ssh-add -l >/dev/null && contains "$(lichen start -a a)" "key of $launcher" || return
    eval "$(ssh-agent -a "$TMPDIR/agent2")" >/dev/null && ssh-add -l >/dev/null 2>&1
    contains "$(lichen start -a a 2>&1)" "no identities" && kill "$SSH_AGENT_PID" && status 125 lichen start a && told "no socket $TMPDIR/agent2" && contains "$(lichen inspect a 2>&1)" '"desktop" : [ "ssh-agent" ]' && contains "$(lichen set a add_rpath /usr/bin/true /x 2>&1; lichen get a)" /x && lichen rm a >/dev/null && eval "$(SSH_AUTH_SOCK=$TMPDIR/agent ssh-add -l >/dev/null; echo true)"
  }
  t "$launcher: --ssh-agent: the keys of whoever starts it" agent
  bus() {
    have dbus-daemon || return
    local call="dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId" pid address
    exec 9< <(exec dbus-daemon --session --nofork --address="unix:path=$TMPDIR/bus" --print-address)
    pid=$!; trap "kill $pid" EXIT && read -r address <&9 && export DBUS_SESSION_BUS_ADDRESS=$address || return
    equals "$($call | tail -n 1)" "$(run --dbus --userns keep-id --user $(id -u) desktop $call | tail -n 1)" && status 0 run --dbus desktop true && told "--userns keep-id --user $(id -u)" && status 125 env DBUS_SESSION_BUS_ADDRESS= lichen run --rm --dbus desktop true && told "DBUS_SESSION_BUS_ADDRESS" &&
      status 125 env DBUS_SESSION_BUS_ADDRESS=unix:abstract=/x lichen run --rm --launcher userns --network none --dbus desktop true && told "leave out --network none"
  }
  t "$launcher: --dbus" bus
  display() {
    have Xvfb && have xauth || return
    local pid number cookie=00112233445566778899aabbccddeeff
    xauth -q -f "$TMPDIR/xauthority" add ":0" . $cookie 2>/dev/null || return
    exec 8< <(exec Xvfb -displayfd 1 -screen 0 640x480x8 -nolisten tcp -noreset -auth "$TMPDIR/xauthority" 2>/dev/null)
    pid=$!; trap "kill $pid" EXIT && read -r number <&8 && xauth -q -f "$TMPDIR/own" add ":$number" . $cookie && xauth -q -f "$TMPDIR/own" add "elsewhere/unix:$number" . ${cookie%ff}00 || return
    export DISPLAY=:$number
    local name='' && [ $launcher != userns ] || name="-h another"
    contains "$(XAUTHORITY=$TMPDIR/own run --x11 $name desktop xdpyinfo 2>&1)" "dimensions:    640x480" && equals 600 "$(XAUTHORITY=$TMPDIR/own run --x11 desktop sh -c 'stat -c %a $XAUTHORITY')" || return
    contains "$(XAUTHORITY=$TMPDIR/none run --x11 desktop xdpyinfo 2>&1)" "unable to open display" && status 125 env -u DISPLAY lichen run --rm --x11 desktop true && told "no DISPLAY" &&
      status 125 env DISPLAY=:987 lichen run --rm --x11 desktop true && told "no socket /tmp/.X11-unix/X987"
  }
  t "$launcher: --x11: the display with its cookie, under another host name" display
  wayland() {
    have python3 || return
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print("ready", flush=True)
while True: s.accept()[0].send(b"display")' "$XDG_RUNTIME_DIR/wayland-7" >"$TMPDIR/ready" &
    trap "kill $!; rm -f '$XDG_RUNTIME_DIR/wayland-7'" EXIT
    until_ 10 grep -q ready "$TMPDIR/ready" && equals display "$(WAYLAND_DISPLAY=wayland-7 run --wayland desktop perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un($ENV{WAYLAND_DISPLAY})) or die $!; print <S>')" &&
      status 125 lichen run --rm --wayland desktop true && told "no socket $XDG_RUNTIME_DIR/wayland-0"
  }
  t "$launcher: --wayland" wayland
done

packed() { # the libc of an image that is mounted as a file
  have squashfuse || return
  local sif=$HOME/old.sif found
  rm -f "$cdi"/* && configured "{gpu: {driver-root: $driver}, cdi: {spec-dirs: [$cdi]}}" && lichen save --format sif --compression zstd bullseye "$sif" || return
  found=$(lichen run --rm --ignore-glibc --nv "sif:$sif" stat -c %s /lib/x86_64-linux-gnu/libcuda.so.1 2>"$TMPDIR/stderr") || { cat "$TMPDIR/stderr"; return 1; }
    told "symbols up to GLIBC_2.3" && equals "$(stat -Lc %s "$driver$lib/libcuda.so.1")" "$found" &&
    status 125 lichen run --rm --nv "sif:$sif" nvidia-smi && told "nvidia-smi needs GLIBC_2.34" || return
  lichen create -q --name packed "sif:$sif" true >/dev/null && contains "$(lichen inspect --format '{{.Lichen.Way}}' packed)" mounted && lichen rm packed >/dev/null
}
told() { contains "$(cat "$TMPDIR/stderr")" "$1"; }
t "an image that is mounted as a file: its glibc is seen too" packed
write_thing() { printf '{"cdiVersion": "0.3.0", "kind": "example.com/thing", "devices": [{"name": "zero", "containerEdits": {"env": ["A=b"]}}]}\n' >"$cdi/thing.json"; }
t "CDI files again" eval 'write_thing && sed s/thing/gpu/\;s/example/nvidia/\;s/zero/all/ "$cdi/thing.json" >"$cdi/nvidia.json"'
t "cdi list" eval 'contains "$(lichen cdi list)" "nvidia.com/gpu=all" && lichen cdi list --format json | python3 -c "
import json, sys
all = {d[\"name\"]: d for d in json.load(sys.stdin)}
assert all[\"example.com/thing=zero\"][\"usable\"] and all[\"example.com/thing=zero\"][\"files\"] == [\"$cdi/thing.json\"], all"'
printf 'cdiVersion: "0.6.0"\nkind: [\n' >"$cdi/broken.yaml"
cp "$cdi/thing.json" "$cdi/thing2.json"
t "CDI: a broken file is told of with its line, two of one name are none" eval '
  status 1 lichen cdi list && contains "$(cat "$TMPDIR/stderr")" "broken.yaml: " && contains "$(cat "$TMPDIR/stderr")" "line 3" && contains "$(lichen cdi list 2>/dev/null)" "thing=zero (told of twice" &&
  status 125 lichen run --rm --device example.com/thing=zero test/alpine true && contains "$(cat "$TMPDIR/stderr")" "thing.json, $cdi/thing2.json"'
rm -f "$HOME/.config/lichen/config.yaml"
t "a user's own directory of CDI files, beside the configuration" eval '
  mkdir -p "$HOME/.config/lichen/cdi" && cp "$cdi/thing.json" "$HOME/.config/lichen/cdi/" && contains "$(lichen cdi list)" "example.com/thing=zero" && rm -r "$HOME/.config/lichen/cdi"'
t "a container that asks for no device needs no runtime the next time" eval '
  equals one "$(lichen run --rm test/alpine echo one)" && no_java && equals one "$(lichen run --rm test/alpine echo one)" && ! pgrep -u "$(id -u)" java >/dev/null'
done_
