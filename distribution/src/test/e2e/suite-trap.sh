# The launcher "trap".
. "$E2E/lib.sh"
launcher=trap fact=system-call-traps
. "$E2E/engine.sh"

without() { # COMMAND…: as on a host without user namespaces
  unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh "$@"
}
nowhere() { unshare -Ur true 2>/dev/null || skip "no user namespace to forbid them in"; }
t "without user namespaces it is chosen" eval 'nowhere; contains "$(without lichen --foreground run --rm test/alpine cat /run/.containerenv)" "launcher=\"$launcher\""'
t "without user namespaces hello runs" eval 'nowhere; contains "$(without lichen --foreground run --rm hello)" "launcher   trap"'
t "without user namespaces doctor says that containers can be started" eval '
  nowhere; contains "$(without lichen --foreground doctor)" "trap on uufs as full (chosen)"'
t "without user namespaces, what needs isolation is refused with both reasons" eval '
  nowhere; output=$(without lichen --foreground run --rm --network none test/alpine true 2>&1); equals 125 $? && contains "$output" "user namespaces" && contains "$output" no-network'
images_mapped() { # as the host sees it
  lichen run -d --name m --launcher trap test/alpine sleep 100078 >/dev/null && until_ 10 pgrep -u "$(id -u)" -fx "sleep 100078" >/dev/null
  local s=0
  grep -q /images/ "/proc/$(pgrep -u "$(id -u)" -fx "sleep 100078" | head -n 1)/maps" || s=$?
  lichen rm -f m >/dev/null
  return $s
}
t "with rewritten images, and without" eval '
  equals "0 hello" "$(LICHEN_TRAP_IMAGES=0 run sh -c "echo \$(id -u) hello")" && images_mapped && status 1 eval "LICHEN_TRAP_IMAGES=0 images_mapped"'
t "nothing is left" nothing_left
done_
