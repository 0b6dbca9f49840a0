# Many at once.
. "$E2E/lib.sh"
. "$E2E/images.sh"
t "import alpine" images_ready

fifty() {
  local i pids=() failed=0
  no_java || return 1
  for ((i = 0; i < 50; i++)); do
    lichen run --rm test/alpine sh -c "echo $i" >"$TMPDIR/par$i" 2>&1 &
    pids+=($!)
  done
  for ((i = 0; i < 50; i++)); do
    wait "${pids[i]}" && equals $i "$(cat "$TMPDIR/par$i")" || failed=1
  done
  [ $failed = 0 ] && equals "" "$(lichen ps -aq)" && equals 1 "$(pgrep -u "$(id -u)" -c java)"
}
t "50 run --rm in parallel, from a cold start: no failure, one runtime" fifty

loads() {
  local layout i pids=()
  layout=$(fixture busybox-musl-amd64.oci) || skip "$layout"
  lichen rmi -f busybox:1.38.0-musl >/dev/null 2>&1
  for ((i = 0; i < 8; i++)); do
    lichen --foreground load -q -i "$layout" >/dev/null 2>"$TMPDIR/load$i" &
    pids+=($!)
  done
  for ((i = 0; i < 8; i++)); do
    wait "${pids[i]}" || {
      cat "$TMPDIR/load$i"
      return 1
    }
  done
  status 0 lichen run --rm --pull never busybox:1.38.0-musl true
}
t "8 loads of one image in 8 runtimes" loads
done_
