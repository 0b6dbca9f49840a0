# Kills at any moment: of the runtime while containers run, and of the writers of the store.
. "$E2E/lib.sh"
. "$E2E/images.sh"
. "$E2E/killed.sh"
t "import alpine" images_ready

t "kill -9 of the runtime: the container goes on, the next command works" eval '
  lichen run -d --name c test/alpine sleep 1000 >/dev/null; kill_runtime
  equals in "$(lichen exec c echo in)" && contains "$(lichen ps)" "Up" && lichen rm -f c'
t "kill -9 of the shim ends the container" eval '
  lichen run -d --name c test/alpine sleep 1000 >/dev/null
  pid=$(lichen inspect --format "{{.State.Pid}}" c); kill -9 "$(awk "/^PPid/{print \$2}" "/proc/$pid/status")"
  until_ 10 eval "! [ -e /proc/$pid ]" && contains "$(lichen inspect --format "{{.State.Status}}" c)" "e"; lichen rm -f c'

load() {
  local i layout
  layout=$(fixture busybox-glibc-amd64.oci) || skip "$layout"
  for ((i = 0; i < rounds; i++)); do
    killed $((RANDOM % 500)) lichen load -q -i "$layout"
    ((i % 10 < 9)) || { store_consistent && lichen rmi -f busybox:1.38.0-glibc >/dev/null 2>&1; store_consistent; } || return 1
  done
  lichen load -q -i "$layout" && status 0 lichen run --rm --pull never busybox:1.38.0-glibc true &&
    equals "" "$(ls "$HOME/.local/share/lichen/store/blobs" | grep -v sha256)"
}
t "kill -9 within load, $rounds times" load

create_remove() {
  local i
  for ((i = 0; i < rounds; i++)); do
    killed $((RANDOM % 80)) lichen create --name "n$i" test/alpine true
    killed $((RANDOM % 80)) lichen rm -f "n$i"
  done
  lichen ps -a >/dev/null && lichen rm -fa >/dev/null && equals "" "$(lichen ps -aq)" &&
    lichen create --name n0 test/alpine true >/dev/null && lichen rm n0
}
t "kill -9 within create and rm, $rounds times each" create_remove

t "kill -9 of client and shim within run --rm leaves what rm -a removes" eval '
  for i in 1 2 3 4 5 6 7 8 9 10; do killed $((RANDOM % 400)) lichen run --rm test/alpine sleep 1; done
  sleep 1.5; lichen rm -fa >/dev/null; equals "" "$(lichen ps -aq)"'
done_
