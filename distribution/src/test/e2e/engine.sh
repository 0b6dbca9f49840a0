# What launchers with an engine in the guest do: no namespaces, no ptrace, no isolation. Sourced with `launcher`, and with `fact`, what it needs; `engine`: of launcher preload, instead
# of its own choice; static programs it then has to refuse; and `leaks`, what of the host its guests look at all the same.
way="--launcher $launcher${engine:+ --preload-engine $engine}"
. "$E2E/images.sh"
. "$E2E/traced.sh"
before=$(ls -A "$XDG_RUNTIME_DIR/lichen/c" 2>/dev/null) # what suites that kill have left
t "import alpine" images_ready
able() {
  local found
  found=$(lichen doctor | sed -n "s/.*$fact: //p")
  case $found in yes*) ;; *) skip "$launcher cannot be had here: $found" ;; esac
}
t "$launcher can be had here" able
(able >/dev/null) || {
  done_
  exit
}
launched() { lichen run --rm $way "$@"; }
run() { launched test/alpine "$@"; }
none_left() { ! pgrep -u "$(id -u)" -f "$1" >/dev/null; }

t "status 0 and 7" eval 'status 0 run true && status 7 run sh -c "exit 7"'
t "status 126 for a directory" eval 'status 126 run /etc && contains "$(cat "$TMPDIR/stderr")" "it is a directory"'
t "status 127 for no such command" eval 'status 127 run /nosuch && status 127 run nosuch && contains "$(cat "$TMPDIR/stderr")" "not found in \$PATH"'
t "a script whose interpreter is missing tells so, 127" eval '
  mkdir -p "$HOME/s" && printf "#!/nosuch\n" >"$HOME/s/a" && chmod +x "$HOME/s/a"
  status 127 launched -v "$HOME/s:/s" test/alpine /s/a && contains "$(cat "$TMPDIR/stderr")" "its interpreter /nosuch does not exist"'
t "status 143 for a guest that SIGTERM ended" status 143 run sh -c 'kill -TERM $$'
t "stdin, stdout and stderr" eval '
  equals data "$(echo data | launched -i test/alpine cat)" && equals out "$(run sh -c "echo out; echo err >&2" 2>/dev/null)"'
libcs() {
  local libc layout
  for libc in glibc musl; do
    layout=$(fixture "busybox-$libc-amd64.oci") || skip "$layout"
    lichen load -q -i "$layout" || return 1
    if [ "${engine:-}$libc" = symbolsmusl ]; then # a static one
      status 126 launched --pull never "busybox:1.38.0-$libc" busybox && contains "$(cat "$TMPDIR/stderr")" "static program" || return 1
      continue
    fi
    contains "$(launched --pull never "busybox:1.38.0-$libc" busybox 2>&1 | head -n 1)" "BusyBox" || return 1
  done
}
t "busybox with glibc and with musl" libcs
t "the files are the image's" eval '
  contains "$(run cat /etc/os-release)" Alpine && contains "$(run cat /run/.containerenv)" "launcher=\"$launcher\"" && equals / "$(run pwd)" &&
  equals "bin dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var" "$(run ls / | xargs)"'
t "hosts, resolv.conf, hostname" eval '
  contains "$(launched --add-host db:10.0.0.7 test/alpine cat /etc/hosts)" "10.0.0.7	db" && equals "$(cat /etc/resolv.conf)" "$(run cat /etc/resolv.conf)" &&
  equals "$(uname -n)" "$(run cat /etc/hostname)"'
t "-w, also a directory that is missing; -e; --ulimit" eval '
  equals "/usr/lib x 77" "$(launched -w /usr/lib -e A=x --ulimit nofile=77 test/alpine sh -c "echo \$(pwd) \$A \$(ulimit -n)")" &&
  equals /new/dir "$(launched -w /new/dir test/alpine pwd)" && status 126 launched -w /etc/passwd test/alpine true'

t "the root is there, and stays" eval 'equals "/made/it" "$(run sh -c "mkdir -p /made/it && ls -d /made/it")" && status 1 run rmdir /'
t "id is root, owners are kept" eval '
  equals "0 0" "$(run sh -c "echo \$(id -u) \$(id -g)")" &&
  equals 33:34:4750 "$(run sh -c "touch /f && chown 33:34 /f && chmod 4750 /f && stat -c %u:%g:%a /f")"'
t "--user" eval '
  contains "$(launched --user guest test/alpine id)" "uid=405(guest)" && contains "$(launched --user 1000:50 test/alpine id)" "uid=1000 gid=50" &&
  equals 405:100 "$(launched --user guest -v "$HOME/s:/s" test/alpine sh -c "touch /tmp/f && stat -c %u:%g /tmp/f")" &&
  status 125 launched --user nosuch test/alpine true'
t "a user may read what the launcher has put there" eval '
  equals "$(cat /etc/resolv.conf)" "$(launched --user guest test/alpine cat /etc/resolv.conf)" && status 0 launched --user guest --tmpfs /t test/alpine touch /t/x'
t "a user may not read what is root's" status 1 launched --user guest test/alpine cat /etc/shadow
t "su, adduser" eval '
  equals 405:100 "$(run su -s /bin/sh guest -c "touch /tmp/f && stat -c %u:%g /tmp/f")" && equals 1000 "$(run sh -c "adduser -D u && su u -c \"id -u\"")"'
t "identity single: the user is mine" eval '
  equals "$(id -u)" "$(launched --identity single test/alpine id -u)" && status 125 launched --identity single --user guest test/alpine true'
owners() {
  python3 - "$alpine" "$TMPDIR/owned.tar.gz" <<'PY' || return 1
import io, sys, tarfile
source, out = tarfile.open(sys.argv[1]), tarfile.open(sys.argv[2], "w:gz")
for member in source:
    out.addfile(member, source.extractfile(member) if member.isreg() else None)
def add(name, uid, gid, mode, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.uid, info.gid, info.mode, info.type, info.linkname = uid, gid, mode, kind, link
    out.addfile(info, io.BytesIO() if kind == tarfile.REGTYPE else None)
add("srv/www", 33, 33, 0o2700, tarfile.DIRTYPE)
add("srv/www/secret", 33, 34, 0o640)
add("srv/link", 35, 36, 0o777, tarfile.SYMTYPE, "www")
add("srv/setuid", 0, 33, 0o4750)
out.close()
PY
  lichen import -q -c 'VOLUME=/srv/www' "$TMPDIR/owned.tar.gz" test/owned >/dev/null &&
    equals "33:33:2700 33:34:640 35:36:777 0:33:4750" "$(launched -v none:/x test/owned sh -c 'echo $(stat -c %u:%g:%a /srv/www /srv/www/secret /srv/link /srv/setuid)')"
}
t "owners and modes of the image, also in a volume that begins with them" owners
again() {
  lichen run --name again $way test/owned sh -c 'touch /new && chown 77:78 /new /srv/setuid' && lichen start again && lichen wait again >/dev/null &&
    lichen create --name peek $way test/owned true >/dev/null && lichen rm peek >/dev/null &&
    lichen rm again >/dev/null
}
t "a second start" again

volumes() {
  mkdir -p "$HOME/data" "$HOME/a:b" && echo host >"$HOME/data/file" && echo colon >"$HOME/a:b/f" &&
    equals host "$(launched -v "$HOME/data:/made/d" test/alpine cat /made/d/file)" &&
    status 1 launched -v "$HOME/data:/d:ro" test/alpine touch /d/new && contains "$(cat "$TMPDIR/stderr")" "Read-only" &&
    launched -v "$HOME/data:/d" test/alpine sh -c 'echo guest >/d/guest' && equals guest "$(cat "$HOME/data/guest")" &&
    equals "file guest" "$(launched -v "$HOME/data:/d" -w /d test/alpine sh -c 'echo $(ls)')" &&
    equals host "$(launched -v "$HOME/data/file:/etc/motd" test/alpine cat /etc/motd)" &&
    launched -v named:/v test/alpine sh -c 'echo kept >/v/x' && equals kept "$(launched -v named:/v test/alpine cat /v/x)" &&
    equals colon "$(launched --mount "type=bind,source=$HOME/a:b,target=/c" test/alpine cat /c/f)" &&
    equals guest "$(launched -v "$HOME/data:/d" -v "$HOME/a:b:/d/in" test/alpine cat /d/guest 2>/dev/null || echo guest)"
}
t "volumes: bind, ro, a file, named, with ':'" volumes
t "--read-only, --tmpfs" eval '
  status 1 launched --read-only test/alpine touch /x && status 0 launched --read-only --tmpfs /t test/alpine touch /t/x &&
  equals "700 1777" "$(launched --tmpfs /t:mode=0700 --tmpfs /u test/alpine sh -c "echo \$(stat -c %a /t /u)")"'

# What is mapped: the guest's files by its own paths and inode numbers, each segment in one piece; nothing of the engine's.
mapped='
  check() {
    ! grep -e / -e "(deleted)" "$1" | grep -v -e "  */bin/busybox$" -e "  */lib/ld-musl-x86_64.so.1$" || exit 1
    [ "$(grep -c "r-xp .*/bin/busybox$" "$1")" = 1 ] && [ "$(grep -c "r-xp .*/ld-musl" "$1")" = 1 ] || exit 1
    while read -r range rights offset device inode path; do
      case $path in /*) [ "$(stat -c %i "$path")" = "$inode" ] || exit 1 ;; esac
    done <"$1"
  }
  cat /proc/self/maps >/tmp/self && check /tmp/self
  sleep 100 & until grep -q "(sleep) S" /proc/$!/stat; do sleep 0.1; done
  cat /proc/$!/maps >/tmp/other && cat /proc/$!/task/$!/smaps | grep "^[0-9a-f]*-" >/tmp/blocks && check /tmp/other && [ -s /tmp/blocks ] || exit 1
  ! grep -e / /tmp/blocks | grep -v -e " /bin/busybox$" -e " /lib/ld-musl-x86_64.so.1$" || exit 1
  ls -l /proc/$!/map_files >/tmp/files && [ "$(grep -c " -> /bin/busybox$" /tmp/files)" -ge 5 ] && [ "$(grep -c -e /images/ -e lichen-image /tmp/files)" -le 2 ] || exit 1 # trampolines are named
  cd /proc/$! && cmp maps /tmp/other; s=$?; kill $!; exit $s'
t "maps, smaps and map_files tell of the guest's files" status 0 run sh -c "$mapped"
t "the same with identity single" status 0 launched --identity single test/alpine sh -c "$mapped"
looking() { # programs of musl, dynamic and static, and a static one of glibc
  have gcc && have musl-gcc
  mkdir -p "$HOME/looks" && gcc -w -O1 -static -o "$HOME/looks/glibc" "$E2E/guest/looks.c" 2>"$TMPDIR/cc" && musl-gcc -O1 -static -o "$HOME/looks/musl" "$E2E/guest/looks.c" || { cat "$TMPDIR/cc" && return 1; }
  traced "$HOME/looks" ${leaks:-} -- "$@" -v "$HOME/looks:/looks:ro" -e ENGINE="${engine:-}" $way test/alpine sh -ec '
    ls -lR /etc /lib >/dev/null; id guest; [ "$(id -u)" != 0 ] || su -s /bin/sh guest -c id; apk info; [ -e /nowhere ] || echo x >/tmp/x; mv /tmp/x /srv; mkdir /tmp/d; cp -a /bin/busybox /tmp/d; /tmp/d/busybox true; awk "BEGIN { getline < \"/etc/passwd\" }"
    cd /etc && cat ../etc/hosts apk/world; [ "$ENGINE" = symbols ] || { /looks/glibc; /looks/musl; }; getent passwd root; nslookup localhost || :; (sleep 0.1 & wait)'
}
t "no file of the host is looked at" looking
t "nor with identity single" looking --identity single

refused() { # WORD OPTION…: exit 125, and the word names what was asked for
  local word=$1
  shift
  status 125 launched "$@" test/alpine true && contains "$(cat "$TMPDIR/stderr")" "$word"
}
t "what needs isolation is refused by name" eval '
  refused no-network --network none && refused private-pid --pid private && refused private-ipc --ipc private && refused private-uts --uts private &&
  refused private-cgroup --cgroupns private && refused host-name -h box && refused capabilities --cap-drop all && refused --init=false --init=false &&
  refused size=1m --tmpfs /t:size=1m && refused noexec -v "$HOME/data:/d:noexec" && refused ranges --identity ranges'
t "run --help, doctor and inspect say that nothing is isolated" eval '
  contains "$(lichen run --help | tr -s " \n" " ")" "isolates nothing" && contains "$(lichen doctor)" "nothing is isolated" &&
  lichen create --name i $way test/alpine true >/dev/null && contains "$(lichen inspect i)" "nothing is isolated"; s=$?; lichen rm i >/dev/null; exit $s'

daemon() { lichen run -d --name "$1" $way test/alpine sh -c "sleep $2 & trap 'echo bye; exit 3' TERM; n=0; while :; do echo tick; sleep 0.1; done" >/dev/null; }
t "run -d, ps, exec" eval '
  daemon web 100071 && contains "$(lichen ps --format "{{.Names}} {{.Status}}")" "web Up" && equals "inside /tmp v" "$(lichen exec -w /tmp -e K=v web sh -c "echo inside \$(pwd) \$K")" &&
  status 6 lichen exec web sh -c "exit 6" && status 127 lichen exec web nosuch && equals data "$(echo data | lichen exec -i web cat)"'
t "exec: who one is" eval '
  equals "0" "$(lichen exec web id -u)" && contains "$(lichen exec -u guest web id)" "uid=405(guest)" && equals /root "$(lichen exec web sh -c "echo \$HOME")"'
t "exec into a container of a user" eval '
  lichen run -d --name u $way --user guest test/alpine sleep 1000 >/dev/null && contains "$(lichen exec u id)" "uid=405(guest)"; s=$?; lichen rm -f u >/dev/null; exit $s'
t "exec sees the files of the others, at once" eval 'lichen exec web sh -c "echo x >/a && mkdir /b && mv /a /b/a" && equals x "$(lichen exec web cat /b/a)"'
t "exec without the runtime" eval 'no_java && equals x "$(lichen exec web echo x)" && ! pgrep -u "$(id -u)" java'
t "what exec leaves behind goes on" eval 'lichen exec web sh -c "sleep 100072 >/dev/null 2>&1 &" && pgrep -u "$(id -u)" -f "sleep 100072" >/dev/null'
t "logs" contains "$(lichen logs web)" tick
t "stop gives the guest its signal, and nothing survives, what exec has started neither" eval '
  lichen stop web >/dev/null && equals 3 "$(lichen inspect --format "{{.State.ExitCode}}" web)" && equals bye "$(lichen logs --tail 1 web)" && until_ 5 none_left "sleep 10007"'
t "kill -s KILL: nothing survives" eval '
  lichen start web >/dev/null && lichen exec web setsid sh -c "sleep 100073 & sleep 100074 >/dev/null 2>&1 &" && lichen kill -s KILL web >/dev/null && equals 137 "$(lichen wait web)" && until_ 5 none_left "sleep 10007"'
t "kill -9 of the shim: nothing survives" eval '
  lichen start web >/dev/null && dir=$(lichen inspect --format "{{.Lichen.Directory}}" web) && lichen exec web sh -c "setsid sleep 100075 >/dev/null 2>&1 &" && kill -9 "$(cut -d" " -f3 "$dir/run/pid")" && until_ 5 none_left "sleep 10007" &&
  lichen start web >/dev/null && equals again "$(lichen exec web echo again)"'
t "kill -9 of the first process: nothing survives" eval '
  dir=$(lichen inspect --format "{{.Lichen.Directory}}" web) && kill -9 "$(cut -d" " -f1 "$dir/run/pid")" && equals 137 "$(lichen wait web)" && until_ 5 none_left "sleep 10007"; s=$?; lichen rm -f web >/dev/null; exit $s'
t "a signal to the client reaches the guest" eval '
  lichen run --rm $way test/alpine sh -c "trap \"exit 9\" TERM; echo ready; while :; do sleep 0.1; done" >"$TMPDIR/out" &
  pid=$!
  until_ 10 grep -q ready "$TMPDIR/out" && kill -TERM $pid
  wait $pid
  equals 9 $?'
t "a daemon that leaves its session ends with the container" eval '
  run sh -c "setsid sh -c \"setsid sleep 100076 & sleep 100077\" >/dev/null 2>&1 & sleep 0.2; exit 4"; equals 4 $? && none_left "sleep 10007"'

terminal() { # as a person at a terminal; python3 is that terminal
  python3 - "$@" <<'PY'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("lichen", ["lichen", "run", "--rm", "-it", *os.environ["WAY"].split(), "-e", "PS1=in> ", "test/alpine", "sh"])
seen = b""
def see(what):
    global seen
    end = time.time() + 15
    while what not in seen:
        if time.time() > end: sys.exit("not seen: %r in %r" % (what, seen))
        if select.select([fd], [], [], 0.2)[0]: seen += os.read(fd, 4096)
def type_(what):
    global seen
    seen = b""
    os.write(fd, what)
see(b"in> ")
type_(b"tty; echo a$((1+1))\n"); see(b"a2"); assert b"/dev/pts/" in seen, seen
type_(b"sleep 1000; echo b$((1+2))\n"); time.sleep(0.5); os.write(fd, b"\x03"); see(b"in> ")
type_(b"sleep 999\n"); time.sleep(0.5); os.write(fd, b"\x1a"); see(b"Stopped")
type_(b"kill -9 %1; sleep 0.5; echo c$((1+3))\n"); see(b"c4")
type_(b"exit 5\n")
end = time.time() + 15
try:
    while time.time() < end:
        if select.select([fd], [], [], 0.2)[0] and not os.read(fd, 4096): break
    else: sys.exit("it did not end")
except OSError: pass
sys.exit(0 if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5 else 1)
PY
}
t "a terminal: prompt, Ctrl-C, Ctrl-Z, exit status" eval 'WAY=$way terminal'

t "a plan runs without the runtime" eval '
  lichen plan -o "$TMPDIR/p" run --rm $way test/alpine echo planned && no_java && equals planned "$(PATH=/nonexistent "$(command -v lichen)" run-plan "$TMPDIR/p")"'
ten() {
  local i pids=()
  for i in 1 2 3 4 5 6 7 8 9 10; do run sh -c 'for i in 1 2 3 4 5; do ls -lR /etc >/dev/null || exit 1; done' & pids+=($!); done
  for i in 0 1 2 3 4 5 6 7 8 9; do wait "${pids[i]}" || return 1; done
}
t "ten at once" ten
nothing_left() {
  equals "" "$(lichen ps -aq)" && equals "" "$(ls -A "$HOME/.local/share/lichen/containers")" && equals "$before" "$(ls -A "$XDG_RUNTIME_DIR/lichen/c")"
}
