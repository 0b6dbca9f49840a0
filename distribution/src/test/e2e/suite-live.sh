# Settings of containers that change while they run.
. "$E2E/lib.sh"
. "$E2E/images.sh"
t "import alpine" images_ready
here=$HOME/live
mkdir -p "$here/one/in" "$here/two words" && echo one >"$here/one/file" && echo two >"$here/two words/file"
# A program that is there from the first on looks itself, and one that it executes tells a variable.
watching='n=0; mkdir -p /own && echo own >/own/file; while :; do n=$((n+1)); x=none; read x 2>/dev/null <${LOOK:-/seen/file}; echo "$n $x $(env | grep "^V=")"; sleep 0.05; done'
started() { lichen rm -f live >/dev/null 2>&1; lichen run -d -q --name live $way "$@" test/alpine sh -c "$watching" >/dev/null && until_ 10 eval 'lichen logs live | grep -q .'; }
sees() { until_ 10 eval "lichen logs live | tail -n 1 | grep -q ' $1 $2\$'"; }
ended() { lichen rm -f live >/dev/null; }

maps() {
  started || return 1
  sees none && lichen set live add_map /seen "$here/one" && sees one && equals one "$(lichen exec live cat /seen/file)" && lichen set live add_map /seen "$here/two words" && sees two &&
    (cd "$here" && lichen set live add_map /seen one:ro) && sees one && status 1 lichen exec live sh -c 'echo x >/seen/new' && contains "$(cat "$TMPDIR/stderr")" "Read-only" &&
    equals "add_map /seen $here/one:ro" "$(lichen get live)" && contains "$(lichen inspect live)" "$here/one:ro" &&
    lichen set live add_map /seen/in "$here/two words" && equals two "$(lichen exec live cat /seen/in/file)" && lichen set live remove_map /seen/in && equals "" "$(lichen exec live ls /seen/in)" && [ -d "$here/one/in" ] &&
    lichen unset live add_map /seen && sees none && equals "" "$(lichen get live)" && status 1 lichen exec live ls -d /seen && ended
}
hidden() {
  started -e LOOK=/own/file || return 1
  sees own && lichen set live add_map /own "$here/one" && sees one && equals "file in" "$(lichen exec live ls /own | xargs)" && status 1 lichen exec live mv /own /gone && lichen unset live add_map /own && sees own &&
    lichen exec live mv /own /gone && lichen exec live mv /gone /own && lichen set live add_map /own/file "$here/two words/file" && sees two && lichen exec live sh -c 'echo more >>/own/file' &&
    equals "two more" "$(xargs <"$here/two words/file")" && echo two >"$here/two words/file" && lichen unset live add_map /own/file && sees own && ended
}
same_after_start() {
  started -e V=image || return 1
  lichen set live add_map /seen "$here/one" && lichen set live add_env V 'a;b c' && lichen stop -t 1 live >/dev/null && lichen start live >/dev/null && until_ 10 eval 'lichen logs live | tail -n 1 | grep -q " one V=a;b c$"' &&
    lichen unset live add_map /seen && lichen unset live add_env V && until_ 10 eval 'lichen logs live | tail -n 1 | grep -q " none "' && equals image "$(lichen exec live sh -c 'echo $V')" && ended
}
variables() {
  started -e V=first || return 1
  sees none V=first && lichen set live add_env V second && equals second "$(lichen exec live sh -c 'echo $V')" && lichen set live add_env W more && equals "second more" "$(lichen exec live sh -c 'echo $V $W')" &&
    { [ "$shared" = no ] || sees none V=second; } && equals mine "$(lichen exec live sh -c 'V=mine; export V; sh -c "echo \$V"')" && lichen set live remove_env V && equals "first more" "$(lichen exec live sh -c 'echo $V $W')" &&
    { [ "$shared" = no ] || sees none V=first; } && lichen unset live add_env W && equals first "$(lichen exec live sh -c 'echo $V$W')" && equals HOME "$(lichen exec live env | cut -d= -f1 | grep -x HOME)" && ended
}
commands() {
  started || return 1
  status 127 lichen exec live hosttool && lichen set live add_exec /usr/local/bin/hosttool uname && equals "$(uname -a)" "$(lichen exec live hosttool -a)" && lichen set live add_exec /usr/local/bin/other cat &&
    equals data "$(echo data | lichen exec -i live other)" && lichen set live add_map /seen "$here/one" && lichen set live add_exec /usr/local/bin/where pwd && equals "$here/one" "$(lichen exec -w /seen live where)" &&
    lichen set live remove_exec /usr/local/bin/hosttool && status 127 lichen exec live hosttool && equals data "$(echo data | lichen exec -i live other)" && lichen unset live add_exec /usr/local/bin/other &&
    lichen unset live add_exec /usr/local/bin/where && status 127 lichen exec live other && ended
}
parallel() { # names change under programs that look at them all the time: each look finds the one or the other
  started || return 1
  lichen set live add_map /seen "$here/one" && lichen exec live sh -c 'mkdir -p /own && echo own >/own/file && rm -rf /tmp/bad'
  lichen exec -d live sh -c 'for i in 1 2 3 4; do while [ ! -e /tmp/stop ]; do x=none; { read x </seen/file; } 2>/dev/null; case $x in one|two|none) ;; *) echo "$x" >>/tmp/bad;; esac; cat /own/file >/dev/null || echo lost >>/tmp/bad; done & done; wait'
  for i in 1 2 3 4 5 6 7 8; do lichen set live add_map /seen "$here/two words" && lichen set live add_map /seen "$here/one" && lichen unset live add_map /seen && lichen set live add_map /seen "$here/one" || return 1; done
  lichen exec live touch /tmp/stop && equals "" "$(lichen exec live sh -c 'cat /tmp/bad 2>/dev/null')" && equals one "$(lichen exec live cat /seen/file)" && ended
}
refusals() {
  started || return 1
  status 125 lichen set live add_map seen "$here/one" && status 125 lichen set live add_map /seen "$here/none" && contains "$(cat "$TMPDIR/stderr")" "$here/none does not exist" && status 125 lichen set live add_map / "$here/one" && status 125 lichen set live add_map /seen "" && status 125 lichen set live add_map /seen :ro && status 125 lichen unset live add_map /seen &&
    contains "$(cat "$TMPDIR/stderr")" "has no such add_map" &&
    status 125 lichen set live add_map /own/file "$here/one" && contains "$(cat "$TMPDIR/stderr")" "is a directory" && status 125 lichen set live add_env A=B c && status 125 lichen set live nothing /a b &&
    status 125 lichen set live add_exec tool uname && status 125 lichen set live add_needed /bin/busybox x && contains "$(cat "$TMPDIR/stderr")" running && equals "" "$(lichen get live)" && sees none && ended
}
moved() { # a path has come to lead elsewhere: what was mounted is found all the same
  started || return 1
  lichen exec live sh -c 'mkdir -p /there && ln -s /there /link' && lichen set live add_map /link/x "$here/two words" && equals two "$(lichen exec live cat /there/x/file)" && lichen exec live rm /link && lichen unset live add_map /link/x &&
    status 1 lichen exec live ls /there/x/file && [ -e "$here/two words/file" ] && ended
}
nested() { # the deepest map is what is seen, whatever the order; and it stays when the one around it changes or goes
  started || return 1
  lichen set live add_map /seen/in "$here/two words" && lichen set live add_map /seen "$here/one" && equals "one two" "$(lichen exec live cat /seen/file /seen/in/file | xargs)" && lichen set live add_map /seen "$here/one:ro" &&
    equals "one two" "$(lichen exec live cat /seen/file /seen/in/file | xargs)" && lichen unset live add_map /seen && equals two "$(lichen exec live cat /seen/in/file)" && sees none && lichen stop -t 1 live >/dev/null && lichen start live >/dev/null &&
    equals two "$(lichen exec live cat /seen/in/file)" && lichen unset live add_map /seen/in && status 1 lichen exec live ls /seen/in/file && ended
}
unrecorded() { # what was done and could not be kept is done again, once
  local directory
  started && directory=$(lichen inspect --format '{{.Lichen.Directory}}' live) && chmod 500 "$directory" || return 1
  status 125 lichen set live add_map /seen "$here/one"
  chmod 700 "$directory" && lichen set live add_map /seen "$here/one" && sees one && lichen unset live add_map /seen && sees none && ended
}
over_files() { # that Lichen itself has made
  echo "127.0.0.9 mine" >"$here/hosts" && started -e LOOK=/etc/hosts && lichen set live add_map /etc/hosts "$here/hosts" && equals "127.0.0.9 mine" "$(lichen exec live cat /etc/hosts)" && lichen unset live add_map /etc/hosts &&
    contains "$(lichen exec live cat /etc/hosts)" localhost && lichen set live add_map /etc/hosts "$here/hosts" && lichen stop -t 1 live >/dev/null && lichen start live >/dev/null && equals "127.0.0.9 mine" "$(lichen exec live cat /etc/hosts)" && ended
}
points() { # are made as at a start, and nobody sees that a change was made
  local created
  started && created=$(lichen inspect --format '{{.Created}}' live) && sleep 1.1 && lichen set live add_map /new/deep "$here/one" && equals "drwxr-xr-x" "$(lichen exec live ls -ld /new | cut -c1-10)" && equals "$created" "$(lichen inspect --format '{{.Created}}' live)" && ended
}
restarted() { # who accepts calls has been killed: another one does
  started && lichen set live add_exec /usr/local/bin/hosttool uname && equals "$(uname)" "$(lichen exec live hosttool)" && lichen set live add_map /seen "$here/one" || return 1
  pkill -KILL -u "$(id -u)" -x lichen-host
  lichen set live add_exec /usr/local/bin/other cat && lichen unset live add_exec /usr/local/bin/other && lichen unset live add_map /seen && sees none && ended
}
rules() { # two programs that do the same
  started || return 1
  lichen exec live sh -c 'mkdir -p /opt/one /opt/two && cp /bin/busybox /opt/one && cp /bin/busybox /opt/two && mkdir -p /data/deep/open && echo s >/data/deep/open/file && echo d >/data/file && ln -s /data /link' || return 1
  may() { lichen exec live "$1" cat "$2" >/dev/null 2>&1; }
  lichen set live add_deny_priv /opt/one/busybox /data && ! may /opt/one/busybox /data/file && ! may /opt/one/busybox /link/file && may /opt/two/busybox /data/file && may /opt/one/busybox /etc/passwd && status 1 lichen exec live /opt/one/busybox ls /data &&
    contains "$(cat "$TMPDIR/stderr")" "Permission denied" && status 1 lichen exec live /opt/one/busybox touch /data/new && status 1 lichen exec -w /data live /opt/one/busybox cat file &&
    lichen set live add_allow_priv /opt/one/busybox "/data/deep/open;/data/none" && may /opt/one/busybox /data/deep/open/file && ! may /opt/one/busybox /data/file && lichen set live remove_allow_priv /opt/one/busybox /data/none &&
    equals "add_allow_priv /opt/one/busybox /data/deep/open" "$(lichen get live add_allow_priv)" && lichen unset live add_deny_priv /opt/one/busybox && may /opt/one/busybox /data/file && lichen set live add_deny_priv / /data && lichen set live add_allow_priv /opt/two/busybox /data &&
    ! may /opt/one/busybox /data/file && may /opt/two/busybox /data/file && may /opt/one/busybox /data/deep/open/file && ! may /bin/busybox /data/file && lichen stop -t 1 live >/dev/null && lichen start live >/dev/null &&
    ! may /opt/one/busybox /data/file && may /opt/two/busybox /data/file && lichen unset live add_deny_priv / && may /opt/one/busybox /data/file && ended
}
privilege() {
  started || return 1
  lichen exec live sh -c 'mkdir /opt/one && cp /bin/busybox /opt/one' && lichen set live add_privilege /opt/one/busybox "$here/one" && equals one "$(lichen exec live /opt/one/busybox cat "$here/one/file")" && status 1 lichen exec live cat "$here/one/file" &&
    contains "$(cat "$TMPDIR/stderr")" "Permission denied" && lichen set live remove_privilege /opt/one/busybox && status 1 lichen exec live /opt/one/busybox cat "$here/one/file" && contains "$(cat "$TMPDIR/stderr")" "No such file" && ended
}
exposed() { # where it is called from is found in what is mapped later, too
  started && lichen expose -n live-pwd live pwd >/dev/null && cd "$here/one" || return 1
  equals / "$("$HOME/.local/share/lichen/bin/live-pwd")" && lichen set live add_map /seen "$here" && equals /seen/one "$("$HOME/.local/share/lichen/bin/live-pwd")" && lichen unset live add_map /seen && equals / "$("$HOME/.local/share/lichen/bin/live-pwd")" && ended
}
user() {
  started || return 1
  lichen set live change_user nobody 2>"$TMPDIR/told" && contains "$(cat "$TMPDIR/told")" "takes effect at the next start" && equals root "$(lichen exec live id -un)" && lichen stop -t 1 live >/dev/null && lichen start live >/dev/null &&
    equals nobody "$(lichen exec live id -un)" && lichen stop -t 1 live >/dev/null && lichen set live change_user default && lichen start live >/dev/null && equals root "$(lichen exec live id -un)" && ended
}
often() { # more changes than there is room for are refused, and a start makes room
  started || return 1
  local n=0
  while [ $n -lt 300 ] && lichen set live add_map /seen "$here/$( [ $((n % 2)) = 0 ] && echo one || echo two\ words)" 2>"$TMPDIR/told"; do n=$((n + 1)); done
  [ $n = 256 ] && contains "$(cat "$TMPDIR/told")" "too often" && sees two && lichen stop -t 1 live >/dev/null && lichen start live >/dev/null && lichen set live add_map /seen "$here/one" && sees one && ended
}

for each in "userns --identity single" "userns --identity full --strategy extract" "trap --identity full" "trap --identity single" "preload --identity full" "preload --preload-engine symbols"; do
  way="--launcher $each" shared=yes
  case $each in userns*) shared=no ;; esac
  can() { lichen run --rm $way test/alpine true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"; }
  t "$each works here" can
  (can) >/dev/null 2>&1 || continue
  t "$each: a map is seen at once, also by what runs, read-only where asked, and goes again" maps
  t "$each: it hides what is there, a directory and a file" hidden
  t "$each: maps in maps" nested
  t "$each: a map is found again where its path leads elsewhere" moved
  t "$each: a change that was made and could not be kept" unrecorded
  t "$each: a map over a file of Lichen's own" over_files
  t "$each: mount points, and when the container was created" points
  t "$each: variables" variables
  [ "$each" = "preload --preload-engine symbols" ] || t "$each: commands of the host" commands # what calls the host is a static program
  t "$each: names change under four that look" parallel
  t "$each: it holds after a start, and is undone then" same_after_start
  t "$each: what cannot be is refused, and nothing is kept" refusals
  case $each in
    userns*) ;;
    *)
      t "$each: what a program may have, and another may not" rules
      t "$each: a directory of the host for one program alone" privilege
      ;;
  esac
done
way="--launcher trap" shared=yes
t "a user, from the next start on" user
t "calls of the host after a kill -9 of who accepts them" restarted
wins() {
  way="--launcher trap" && started --host-command uname=/usr/local/bin/tool && equals "$(uname)" "$(lichen exec live tool)" && lichen set live add_exec /usr/local/bin/tool cat && equals data "$(echo data | lichen exec -i live tool)" &&
    lichen unset live add_exec /usr/local/bin/tool && equals "$(uname)" "$(lichen exec live tool)" && ended
}
t "a command that was set comes before one of the start" wins
emulator() {
  way="--launcher userns --identity full --strategy extract" && started && status 125 lichen set live add_map /dev "$here/one" && contains "$(cat "$TMPDIR/stderr")" "emulates root" && equals root "$(lichen exec live id -un)" && ended
}
t "what would hide the program that emulates root is refused" emulator
t "the working directory of calls" exposed
t "changed 256 times" often
moves() { # what userns cannot keep, another launcher does
  way="--identity single" && started && case "$(lichen exec live cat /run/.containerenv)" in *'launcher="userns"'*) ;; *) skip "no user namespaces here" ;; esac
  lichen set live add_deny_priv /bin/busybox /etc/group 2>"$TMPDIR/told" && contains "$(cat "$TMPDIR/told")" "next start" && lichen exec live cat /etc/group >/dev/null && lichen stop -t 1 live >/dev/null && lichen start live >/dev/null &&
    contains "$(lichen exec live cat /run/.containerenv)" 'launcher="trap"' && status 1 lichen exec live cat /etc/group && ended
}
t "rules that userns cannot keep: the next start is by trap" moves
kept() {
  way="--launcher userns" && started && status 125 lichen set live add_deny_priv /bin/busybox /etc/group && contains "$(cat "$TMPDIR/stderr")" "cannot guarantee access-rules" && equals "" "$(lichen get live)" && ended
}
t "rules that nothing can keep with these owners are refused" kept
t "set --list says of each when it takes effect" eval 'for s in add_map add_exec add_env add_allow_priv add_deny_priv add_privilege change_user add_needed; do contains "$(lichen set --list)" "$s: " || exit 1; done; equals "" "$(lichen set --list | grep -v ")$")"'
done_
