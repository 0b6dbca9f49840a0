# run: real images, exit statuses, what the image's configuration and the options mean.
. "$E2E/lib.sh"
. "$E2E/images.sh"
t "import alpine" images_ready

busybox() { # LIBC: the official image for it runs
  local layout
  layout=$(fixture "busybox-$1-amd64.oci") || skip "$layout"
  lichen load -q -i "$layout" &&
    contains "$(lichen run --rm --pull never "busybox:1.38.0-$1" busybox 2>&1 | head -n 1)" "BusyBox"
}
t "busybox with glibc" busybox glibc
t "busybox with musl" busybox musl

foreign() {
  local layout output
  layout=$(fixture busybox-glibc-arm64.oci) || skip "$layout"
  output=$(lichen pull "oci:$layout" 2>&1) && return 1
  contains "$output" "linux/arm64" && contains "$output" "linux/amd64"
}
t "an image for arm64 is refused with the reason" foreign

static() {
  local program
  program=$(fixture hello-world-amd64) || skip "$program"
  mkdir -p "$TMPDIR/static" && cp "$program" "$TMPDIR/static/hello"
  tar -C "$TMPDIR/static" -cf "$TMPDIR/static.tar" hello
  lichen import -q -c 'CMD=["/hello"]' "$TMPDIR/static.tar" test/static >/dev/null
  contains "$(lichen run --rm test/static)" "Hello from Docker"
}
t "a static program in an otherwise empty image" static

run() { lichen run --rm test/alpine "$@"; }
t "status 0" status 0 run true
t "status 7" status 7 run sh -c 'exit 7'
t "status 125 for an unknown option" status 125 lichen run --nosuch test/alpine true
t "status 126 for a directory" status 126 run /etc
t "status 127 for no such command" status 127 run /nosuch
t "status 127 for no such command in PATH" status 127 run nosuch
t "status 143 for a guest that SIGTERM ended" status 143 run sh -c 'kill -TERM $$'
t "stdout and stderr stay apart" equals "out" "$(run sh -c 'echo out; echo err >&2' 2>/dev/null)"
t "stdin is empty without -i" equals "0" "$(echo data | lichen run --rm test/alpine sh -c 'wc -c')"
t "stdin arrives with -i" equals "data" "$(echo data | lichen run --rm -i test/alpine cat)"

gigabyte() {
  local size=1000000000 sum
  sum=$(head -c $size /dev/zero | openssl enc -aes-128-ctr -pass pass:lichen -nosalt 2>/dev/null |
    tee >(sha256sum | cut -d' ' -f1 >"$TMPDIR/sent") | lichen run --rm -i test/alpine cat | sha256sum | cut -d' ' -f1)
  equals "$(cat "$TMPDIR/sent")" "$sum"
}
t "1 GB through run -i arrives byte-exact" gigabyte

t "id is root" contains "$(run id)" "uid=0(root) gid=0(root)"
t "--user NAME" contains "$(lichen run --rm --user guest test/alpine id)" "uid=405(guest)"
t "--user 1000:50" contains "$(lichen run --rm --user 1000:50 test/alpine id)" "uid=1000 gid=50"
t "an unknown user is 125" status 125 lichen run --rm --user nosuch test/alpine true
t "-e, --env-file" equals "1 two" "$(
  echo B=two >"$TMPDIR/env"
  lichen run --rm -e A=1 --env-file "$TMPDIR/env" test/alpine sh -c 'echo $A $B'
)"
t "-e NAME takes the caller's" equals "mine" "$(X=mine lichen run --rm -e X test/alpine sh -c 'echo $X')"
t "-w" equals "/usr/lib" "$(lichen run --rm -w /usr/lib test/alpine pwd)"
t "-h" equals "somehost" "$(lichen run --rm -h somehost test/alpine hostname)"
t "--entrypoint" equals "a b" "$(lichen run --rm --entrypoint echo test/alpine a b)"
t "pid 1 is the reaper, few processes are seen" equals "2" "$(run sh -c 'echo $$')"
t "--init=false: the guest is pid 1" equals "1" "$(lichen run --rm --init=false test/alpine sh -c 'echo $$')"
t "a zombie is reaped" equals "0" "$(run sh -c '(sleep 0.1 & exec true); sleep 0.5; ps -o stat | grep -c Z')"
t "resolv.conf is the host's" equals "$(cat /etc/resolv.conf)" "$(run cat /etc/resolv.conf)"
t "no_new_privs" contains "$(run grep NoNewPrivs /proc/self/status)" "1"
t "seccomp is on" contains "$(run grep Seccomp: /proc/self/status)" "2"
t "capabilities are podman's" contains "$(run grep CapBnd /proc/self/status)" "00000000800405fb"
t "--cap-drop all" contains "$(lichen run --rm --cap-drop all test/alpine grep CapEff /proc/self/status)" "0000000000000000"
t "--network none" equals "1" "$(lichen run --rm --network none test/alpine sh -c 'ls /sys/class/net | wc -l')"
t "--read-only" status 1 lichen run --rm --read-only test/alpine touch /x
t "--tmpfs" status 0 lichen run --rm --read-only --tmpfs /t test/alpine touch /t/x
t "--ulimit" equals "77" "$(lichen run --rm --ulimit nofile=77 test/alpine sh -c 'ulimit -n')"

volumes() {
  mkdir -p "$HOME/data" && echo host >"$HOME/data/file"
  equals host "$(lichen run --rm -v "$HOME/data:/d" test/alpine cat /d/file)" &&
    status 1 lichen run --rm -v "$HOME/data:/d:ro" test/alpine touch /d/new &&
    equals host "$(cd "$HOME" && lichen run --rm -v ./data:/d test/alpine cat /d/file)" &&
    status 125 lichen run --rm -v /nosuch/dir:/d test/alpine true &&
    lichen run --rm -v named:/v test/alpine sh -c 'echo kept >/v/x' &&
    equals kept "$(lichen run --rm -v named:/v test/alpine cat /v/x)" &&
    mkdir -p "$HOME/a:b" && echo colon >"$HOME/a:b/f" &&
    equals colon "$(lichen run --rm --mount "type=bind,source=$HOME/a:b,target=/c" test/alpine cat /c/f)"
}
t "volumes: bind, ro, relative, missing, named, with ':'" volumes

config() {
  mkdir -p "$TMPDIR/rootfs" && tar -C "$TMPDIR/rootfs" -xzf "$alpine" 2>/dev/null
  tar -C "$TMPDIR/rootfs" -cf "$TMPDIR/rootfs.tar" . &&
    lichen import -q -c 'ENTRYPOINT=["echo","from"]' -c 'CMD=["image"]' -c ENV=K=v -c WORKDIR=/srv \
      -c LABEL=l=m "$TMPDIR/rootfs.tar" test/config >/dev/null &&
    equals "from image" "$(lichen run --rm test/config)" &&
    equals "from me" "$(lichen run --rm test/config me)" &&
    equals "/srv v" "$(lichen run --rm --entrypoint sh test/config -c 'echo $(pwd) $K')" &&
    equals "m" "$(lichen inspect --type image --format '{{.Labels.l}}' test/config)"
}
t "entrypoint, command, environment, directory, labels of the image" config

t "a signal to the client reaches the guest" eval '
  rm -f "$TMPDIR/out" # else an earlier one may be read before the new one is begun
  lichen run --rm test/alpine sh -c "trap \"exit 9\" TERM; echo ready; while :; do sleep 0.1; done" >"$TMPDIR/out" &
  pid=$!
  until_ 10 grep -q ready "$TMPDIR/out" && kill -TERM $pid
  wait $pid
  equals 9 $?'
t "a plan runs without the runtime" eval '
  lichen plan -o "$TMPDIR/p" run --rm test/alpine echo planned
  pkill -u "$(id -u)" java
  equals planned "$(PATH=/nonexistent "$(command -v lichen)" run-plan "$TMPDIR/p")"'
again() {
  equals first "$(lichen run --rm test/alpine echo first)" && equals first "$(lichen run --rm test/alpine echo first)" && no_java &&
    equals first "$(lichen run --rm test/alpine echo first)" && ! pgrep -u "$(id -u)" java && status 7 lichen run --rm test/alpine sh -c 'exit 7'
}
t "the same run --rm again needs no Java" again
changes() {
  local tar="$TMPDIR/changing.tar" n
  show() { lichen run --rm ${1:+-e "$1"} test/changing sh -c 'echo $(cat /n) $A'; }
  for n in 1 2; do
    mkdir -p "$TMPDIR/changing" && tar -C "$TMPDIR/changing" -xzf "$alpine" 2>/dev/null
    echo $n >"$TMPDIR/changing/n" && tar -C "$TMPDIR/changing" -cf "$tar" . && lichen import -q "$tar" test/changing >/dev/null &&
      equals "$n" "$(show)" && equals "$n" "$(show)" || return 1
  done
  equals "2 x" "$(A=x show A)" && equals "2 y" "$(A=y show A)" && equals "2 x" "$(A=x show A)" &&
    echo A=1 >"$TMPDIR/vars" && equals 1 "$(lichen run --rm --env-file "$TMPDIR/vars" test/alpine sh -c 'echo $A')" &&
    echo A=2 >"$TMPDIR/vars" && equals 2 "$(lichen run --rm --env-file "$TMPDIR/vars" test/alpine sh -c 'echo $A')" &&
    mkdir -p "$TMPDIR/w1/d" "$TMPDIR/w2/d" && touch "$TMPDIR/w1/d/1" "$TMPDIR/w2/d/2" &&
    equals "1 2" "$(for n in 1 2; do (cd "$TMPDIR/w$n" && lichen run --rm -v ./d:/d test/alpine ls /d); done | xargs)" &&
    mkdir -p "$HOME/.config/lichen" "$TMPDIR/kept" && equals here "$(lichen run --rm test/alpine echo here)" && echo "upper: $TMPDIR/none" >"$HOME/.config/lichen/config.yaml" &&
    status 125 lichen run --rm test/alpine echo here
  local s=$?
  rm -f "$HOME/.config/lichen/config.yaml"
  return $s
}
t "a change of image, variable, file, directory or configuration is seen" changes
at_once() {
  local i pids=()
  lichen run --rm test/alpine sleep 0.3 && no_java
  for i in 1 2 3 4 5 6 7 8; do lichen run --rm test/alpine sleep 0.3 & pids+=($!); done
  for i in 1 2 3 4 5 6 7 8; do wait "${pids[i - 1]}" || return 1; done
  ! pgrep -u "$(id -u)" java && equals "" "$(lichen ps -aq)"
}
t "eight of one kept plan at once" at_once
t "a container of a kept plan can be found and stopped" eval '
  for i in 1 2; do id=$(lichen run -d --rm test/alpine sleep 1000) && lichen ps -q --no-trunc | grep -q "$id" && lichen stop -t 1 "$id" >/dev/null || exit 1; done
  equals "" "$(lichen ps -aq)"'
t "plan prints JSON" eval 'lichen plan run --rm test/alpine true | python3 -m json.tool'
t "plan --explain says what was chosen" contains "$(lichen plan --explain run test/alpine true)" "chosen"
t "another Java" eval '
  newer=$(ls -d /usr/lib/jvm/*25* 2>/dev/null | head -n 1)
  [ -n "$newer" ] || { lichen version >/dev/null; exit 0; }
  pkill -u "$(id -u)" java; sleep 1
  LICHEN_JAVA_HOME=$newer lichen version --format "{{.Java}}" | grep ^25 &&
    LICHEN_JAVA_HOME=$newer lichen run --rm test/alpine true; pkill -u "$(id -u)" java; sleep 1'
t "--foreground" equals "fg" "$(lichen --foreground run --rm test/alpine echo fg)"
t "nothing is left" equals "" "$(lichen ps -aq)"
done_
