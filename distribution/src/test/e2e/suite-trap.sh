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
t "without rewritten images" eval '
  equals "0 hello" "$(LICHEN_TRAP_IMAGES=0 run sh -c "echo \$(id -u) hello")" && ! LICHEN_TRAP_IMAGES=0 run grep -q /images/ /proc/self/maps'
t "nothing is left" nothing_left
done_
