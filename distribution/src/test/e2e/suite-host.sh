# Commands of the host that containers call.
. "$E2E/lib.sh"
. "$E2E/calls.sh"
here=$HOME/host
t "a program that tells what it is given" reported "$here"
for launcher in userns trap preload; do
  can() { lichen run --rm --launcher $launcher test/alpine true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"; }
  t "$launcher works here" can
  (can) >/dev/null 2>&1 || continue
  called() { lichen run --rm --launcher $launcher -v "$here:/data" --host-command "bash=/usr/local/bin/hostsh,uname,cat=/opt/hostcat,/no/such=/usr/local/bin/missing" --host-env 'T_*,ONE' "$@"; }
  t "$launcher: a command of the host, by its name and where it is wanted" eval '
    equals "$(uname -a)" "$(called test/alpine uname -a)" && contains "$(called test/alpine hostsh -c "cat /etc/os-release")" "$(grep ^PRETTY /etc/os-release)" &&
    equals data "$(echo data | called -i test/alpine /opt/hostcat)"'
  t "$launcher: nothing of the host unless it is given" status 127 lichen run --rm --launcher $launcher test/alpine hostsh -c true
  t "$launcher: no such command on the host" eval 'status 127 called test/alpine missing && contains "$(cat "$TMPDIR/stderr")" "/no/such on the host: there is no such command"'
  t "$launcher: the host's variables, and those of the guest that are allowed" eval '
    equals "$HOME in T no" "$(called -e ONE=in -e T_X=T -e TWO=two test/alpine hostsh -c "echo \$HOME \$ONE \$T_X \${TWO:-no}")" && equals "$PATH" "$(called test/alpine hostsh -c "echo \$PATH")"'
  t "$launcher: the working directory is the same where it is shared" eval '
    equals "$here/sub" "$(called -w /data/sub test/alpine hostsh -c pwd)" && equals "$HOME" "$(called -w /etc test/alpine hostsh -c pwd)"'
  t "$launcher: a gigabyte through it" equals 1073741824 "$(called test/alpine sh -c 'head -c 1073741824 /dev/zero | /opt/hostcat | wc -c')"
  t "$launcher: a hundred at once" equals 5050 "$(called test/alpine sh -c 'for i in $(seq 100); do hostsh -c "sleep 0.1; echo $i" & done | awk "{ n += \$1 } END { print n }"')"
  relative() {
    mkdir -p "$here/tools" && printf '#!/bin/sh\necho host\n' >"$here/tools/tool" && chmod +x "$here/tools/tool" && rm -f "$here/tool" && cd "$here/tools" || return 1
    equals host "$(lichen run --rm --launcher $launcher -v "$here:/data" --host-command ./tool test/alpine sh -c 'printf "#!/bin/sh\necho guest\n" >/data/tool && chmod +x /data/tool && cd /data && tool')" &&
      equals host "$(PATH=.:$PATH:$here/tools lichen run --rm --launcher $launcher -v "$here:/data" --host-command tool test/alpine sh -c 'cd /data && tool')"
  }
  t "$launcher: which command it is never depends on what the guest has written" relative
  exact() {
    lichen create -q --name both --launcher $launcher -v "$here:/data" --host-command "$here/report,sh=/usr/local/bin/hostsh" --host-env 'T_*' test/alpine sleep 100000 >/dev/null && lichen start both >/dev/null &&
      lichen expose -n through both /usr/local/bin/report >/dev/null && python3 "$E2E/calls/exact.py" through "${LICHEN_ROUNDS:-40}"
  }
  t "$launcher: from the host through a container to the host, arguments, variables, input, streams and statuses are exact" exact
  t "$launcher: the same way closed and odd descriptors, sizes, signals, jobs: as a shell of the host" eval 'lichen expose -n through-sh both /usr/local/bin/hostsh >/dev/null && python3 "$E2E/calls/alike.py" sh through-sh umask limits nice'
  t "$launcher: inspect tells what may be called" contains "$(lichen inspect both)" '"/usr/local/bin/report" : "'"$here/report"
  deep() {
    lichen create -q --name deep --launcher $launcher --host-command "$commands/again=/usr/local/bin/again" test/alpine sh >/dev/null && lichen expose -n again deep /usr/local/bin/again >/dev/null &&
      status 125 timeout 60 again && contains "$(cat "$TMPDIR/stderr")" "16 deep already"
  }
  t "$launcher: calls of calls end at a depth of 16" deep
  between() {
    lichen create -q --name outer --launcher $launcher --host-command "$commands/inner-sort=/usr/local/bin/sort" test/alpine sh >/dev/null && lichen create -q --name inner --launcher $launcher test/alpine sh >/dev/null &&
      lichen expose -n inner-sort inner sort >/dev/null && lichen expose -n outer-sh outer sh >/dev/null && equals "a b c" "$(printf 'c\na\nb\n' | outer-sh -c '/usr/local/bin/sort | xargs')"
  }
  t "$launcher: a container calls another" between
  refused() {
    lichen run -d --name bad --launcher $launcher --host-command uname test/alpine sh -c 'cp /usr/local/bin/uname /tmp/bash && /tmp/bash -c id; echo "status $?"; sleep 1000' >/dev/null
    until_ 10 eval 'lichen logs bad 2>&1 | grep -q status' && contains "$(lichen logs bad 2>&1)" "status 126" && contains "$(lichen logs bad 2>&1)" "cannot call the host (/tmp/bash): the container may not call it"
  }
  t "$launcher: what is not allowed is refused, told and logged" refused
  signals() {
    lichen run --rm --launcher $launcher --host-command bash=/usr/local/bin/hostsh test/alpine sh -c '
      hostsh -c "trap \"echo got; exit 5\" USR1; while :; do sleep 0.05; done" & p=$!; sleep 0.7; kill -USR1 $p; wait $p; echo $?
      hostsh -c "echo \$\$; exec sleep 100" >/tmp/pid & p=$!; sleep 0.7; kill -9 $p; wait $p; cat /tmp/pid' >"$TMPDIR/signals"
    equals "got 5" "$(head -n 2 "$TMPDIR/signals" | xargs)" && until_ 10 eval "! kill -0 $(tail -n 1 "$TMPDIR/signals") 2>/dev/null"
  }
  t "$launcher: signals; and a caller that is killed takes its command with it" signals
  outlives() {
    local pid
    pid=$(called test/alpine hostsh -c 'setsid sleep 1000 >/dev/null 2>&1 & echo $!') && sleep 0.3 && kill "$pid" # it is there
  }
  t "$launcher: what a command of the host leaves behind is the host's, and goes on" outlives
  t "$launcher: nothing is left" eval 'until_ 10 eval "lichen rm -fa >/dev/null" && equals "" "$(lichen expose --list)"'
done
terminal() {
  open_ && keys "lichen run --rm -it --host-command bash=/bin/hostsh test/alpine" Enter && see '/ #' && has_the_terminal hostsh && keys exit Enter
  local s=$?
  mux kill-server
  return $s
}
t "a terminal: its size, Ctrl-Z and fg, Ctrl-C" terminal
done_
