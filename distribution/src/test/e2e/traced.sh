# Sourced: what guests look at by path, as strace tells.
traced() { # PLACE… -- ARGUMENTS OF RUN…: no file of the host is looked at but in the container, in what the launcher has, in the kernel's file systems, and in these places
  have strace
  local places=() trace=$TMPDIR/trace data=$HOME/.local/share/lichen
  while [ "$1" != -- ]; do places+=("$1") && shift; done
  shift
  set -- strace -f -y -qq -s 4096 -e trace=%file -o "$trace" lichen run --rm "$@"
  "$@" >"$TMPDIR/traced" 2>&1 || { tail -n 5 "$TMPDIR/traced" && return 1; }
  places+=("$data/containers" "$data/layers" "$data/native" "$XDG_RUNTIME_DIR/lichen/c" /proc /dev /sys)
  python3 "$E2E/opened.py" "$trace" "${places[@]}" && equals "1 /etc/passwd" "$( (cat "$trace" && echo '1 openat(AT_FDCWD</>, "/etc/passwd", O_RDONLY) = 3</etc/passwd>') | python3 "$E2E/opened.py" - "${places[@]}")"
}
