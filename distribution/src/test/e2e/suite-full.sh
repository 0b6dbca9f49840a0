# Identity "full" under user namespaces: they isolate, and ids, owners, modes and devices are emulated with state.
. "$E2E/lib.sh"
. "$E2E/images.sh"
before=$(ls -A "$XDG_RUNTIME_DIR/lichen/c" 2>/dev/null) # what suites that kill have left
t "import alpine" images_ready
full() { lichen run --rm --launcher userns --identity full "$@"; }
able() { full test/alpine true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"; }
t "it works here" able
(able >/dev/null) || {
  done_
  exit
}
run() { full test/alpine "$@"; }

t "statuses" eval '
  status 0 run true && status 7 run sh -c "exit 7" && status 126 run /etc && status 127 run nosuch && contains "$(cat "$TMPDIR/stderr")" "not found in \$PATH" &&
  status 143 run sh -c "kill -TERM \$\$" && status 125 full --user nosuch test/alpine true'
t "it is isolated" eval '
  equals "1 2" "$(run sh -c "echo \$(ls /proc | grep ^[0-9] | head -n 2)")" && equals lo "$(full --network none test/alpine ls /sys/class/net)" && equals box "$(full -h box test/alpine hostname)"'
t "no path of the host is shown" eval 'case $(run cat /proc/1/cmdline | tr "\0" " ") in */*) false ;; esac'
t "owners, modes" equals 33:34:4750 "$(run sh -c 'touch /f && chown 33:34 /f && chmod 4750 /f && stat -c %u:%g:%a /f')"
t "owners of links" equals 33:34 "$(run sh -c 'ln -s x /l && chown -h 33:34 /l && stat -c %u:%g /l')"
t "devices: made ones, and those that are there" eval '
  equals "8:1 1:3" "$(full --cap-add MKNOD test/alpine sh -c "mknod /d b 8 1 && echo \$(stat -c %t:%T /d /dev/null)")" && status 1 run mknod /d b 8 1'
t "--user" eval '
  contains "$(full --user guest test/alpine id)" "uid=405(guest)" && contains "$(full --user 1000:50 test/alpine id)" "uid=1000 gid=50" &&
  equals 405:100 "$(full --user guest test/alpine sh -c "touch /tmp/f && stat -c %u:%g /tmp/f")"'
t "a user may not read what is root's" status 1 full --user guest test/alpine cat /etc/shadow
t "su, adduser" eval '
  equals 405:100 "$(run su -s /bin/sh guest -c "touch /tmp/f && stat -c %u:%g /tmp/f")" && equals 1000 "$(run sh -c "adduser -D u && su u -c \"id -u\"")"'
volumes() {
  mkdir -p "$HOME/data" && echo host >"$HOME/data/file" && equals 0:0 "$(full -v "$HOME/data:/d" test/alpine stat -c %u:%g /d/file)" &&
    equals "405:100 5:6" "$(full -v "$HOME/data:/d" --user guest test/alpine stat -c %u:%g /d/file) $(full -v "$HOME/data:/d" test/alpine sh -c 'chown 5:6 /d/file && stat -c %u:%g /d/file')" &&
    equals "$(id -u) host" "$(stat -c %u "$HOME/data/file") $(cat "$HOME/data/file")" && status 1 full -v "$HOME/data:/d:ro" test/alpine touch /d/new
}
t "volumes" volumes
t "--read-only, --tmpfs" eval '
  status 1 full --read-only test/alpine touch /x && equals 3:4 "$(full --read-only --tmpfs /t test/alpine sh -c "touch /t/x && chown 3:4 /t/x && stat -c %u:%g /t/x")"'
t "without a reaper" equals 1 "$(full --init=false test/alpine sh -c 'echo $$')"
t "with the host's processes" eval 'equals /bin/busybox "$(full --pid host test/alpine readlink /proc/self/exe)"'
t "without the seccomp profile" equals 5:6 "$(full --security-opt seccomp=unconfined test/alpine sh -c 'touch /f && chown 5:6 /f && stat -c %u:%g /f')"
t "run -d, exec" eval '
  lichen run -d --name c --launcher userns --identity full --user guest test/alpine sh -c "trap \"exit 3\" TERM; while :; do sleep 0.1; done" >/dev/null &&
  contains "$(lichen exec c id)" "uid=405(guest)" && contains "$(lichen exec -u root c id)" "uid=0(root)" && equals "/tmp v" "$(lichen exec -w /tmp -e K=v c sh -c "echo \$(pwd) \$K")" &&
  status 6 lichen exec c sh -c "exit 6" && status 127 lichen exec c nosuch && equals data "$(echo data | lichen exec -i c cat)"'
t "exec without the runtime" eval 'no_java && equals "405" "$(lichen exec c id -u)"'
t "what was recorded is there at the next start" eval '
  lichen exec -u root c sh -c "touch /kept && chown 77:78 /kept && ln -s x /link && chown -h 79:80 /link" && lichen stop c >/dev/null && equals 3 "$(lichen inspect --format "{{.State.ExitCode}}" c)" &&
  lichen start c >/dev/null && equals "77:78 79:80" "$(lichen exec c sh -c "echo \$(stat -c %u:%g /kept /link)")"; s=$?; lichen rm -f c >/dev/null; exit $s'
terminal() { script -qec "lichen run --rm -it --launcher userns --identity full test/alpine sh -c '[ -t 0 ] && tty'" /dev/null; }
t "a terminal" eval 'have script; contains "$(terminal)" /dev/pts/0'
t "a plan runs without the runtime" eval '
  lichen plan -o "$TMPDIR/p" run --rm --launcher userns --identity full test/alpine su guest -s /bin/sh -c "id -u" && no_java && equals 405 "$(PATH=/nonexistent "$(command -v lichen)" run-plan "$TMPDIR/p")"'
t "nothing is left" eval '
  equals "" "$(lichen ps -aq)" && equals "" "$(ls -A "$HOME/.local/share/lichen/containers")" && equals "$before" "$(ls -A "$XDG_RUNTIME_DIR/lichen/c")"'
done_
