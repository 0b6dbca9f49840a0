# Programs of containers as commands of the host.
. "$E2E/lib.sh"
. "$E2E/calls.sh"
state() { lichen inspect --format '{{.State.Status}}' "$1"; }
ended() { ! ls -d "${commands%/bin}"/containers/*/run >/dev/null 2>&1; } # without asking the runtime
stopped() { [ "$(state "$1")" != running ]; }
t "a program that tells what it is given" reported "$HOME/calls"

t "init: a line for the shell, and once in .bashrc" eval '
  contains "$(lichen init)" "/bin" && lichen init --bashrc >/dev/null && lichen init --bashrc >/dev/null && equals 1 "$(grep -c "^export PATH=" "$HOME/.bashrc")" &&
  equals "$commands" "$(HOME=$HOME bash -c ". ~/.bashrc; echo \${PATH%%:*}")"'
for launcher in userns trap preload; do
  can() { lichen run --rm --launcher $launcher --strategy auto test/alpine true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"; }
  t "$launcher works here" can
  (can) >/dev/null 2>&1 || continue
  lichen create -q --name tools --launcher $launcher -v "$HOME/calls:/data" test/alpine sh >/dev/null
  t "$launcher: expose, and the list" eval '
    equals "$commands/report" "$(lichen expose tools /data/report)" && equals "$commands/tool-sh" "$(lichen expose -n tool-sh tools sh)" &&
    contains "$(lichen expose --list)" "tool-sh  tools  sh" &&
    lichen expose --list --format json | python3 -c "import json, sys; assert [each[\"Name\"] for each in json.load(sys.stdin)] == [\"report\", \"tool-sh\"]"'
  t "$launcher: a stopped container is started for the call, and stopped after" eval '
    stopped tools && equals "1 2" "$(tool-sh -c "ls /etc/alpine-release | wc -l; echo 2" | xargs)" && until_ 10 stopped tools && equals 0 "$(lichen inspect --format "{{.State.ExitCode}}" tools)"'
  t "$launcher: arguments, variables, input, streams and statuses are exact" python3 "$E2E/calls/exact.py" report "${LICHEN_ROUNDS:-40}"
  t "$launcher: closed and odd descriptors, sizes, signals, jobs: as a shell of the host" python3 "$E2E/calls/alike.py" sh tool-sh
  t "$launcher: a call of a running container, and one that starts it, need no Java" eval '
    no_java && equals x "$(tool-sh -c "echo x")" && until_ 10 ended && equals y "$(tool-sh -c "echo y")" && ! pgrep -u "$(id -u)" java'
  t "$launcher: the working directory is the same where it is shared" eval '
    cd "$HOME/calls/sub" && equals /data/sub "$(tool-sh -c pwd)" && cd / && equals / "$(tool-sh -c pwd)"'
  t "$launcher: the caller's variables come, but those of the host" eval '
    equals "in /root no" "$(A=in tool-sh -c "echo \$A \$HOME \${LD_PRELOAD:-no}")" && ! tool-sh -c "echo \$PATH" | grep -q lichen'
  calls_at_once() {
    local i
    for i in $(seq 40); do tool-sh -c "sleep 0.0$((i % 7)); echo $i" & done | sort -n >"$TMPDIR/at-once"
    seq 40 | cmp - "$TMPDIR/at-once" && until_ 10 stopped tools
  }
  t "$launcher: forty at once share it" calls_at_once
  again_and_again() {
    local i
    for i in $(seq 25); do
      equals $i "$(tool-sh -c "echo $i")" && { [ $((i % 3)) != 0 ] || sleep 0.0$((i % 10)); } || return 1
    done
  }
  t "$launcher: calls that come as it ends" again_and_again
  t "$launcher: a call that is killed is none any more" eval '
    tool-sh -c "echo here >/data/flag; sleep 1000" & until_ 10 test -e "$HOME/calls/flag" && equals running "$(state tools)" && kill -9 $! && until_ 10 stopped tools; s=$?; rm -f "$HOME/calls/flag"; exit $s'
  signalled() {
    tool-sh -c 'trap "echo got; exit 5" USR1; : >/data/flag; while :; do sleep 0.05; done' >"$TMPDIR/signal" &
    local call=$! s=0
    until_ 10 test -e "$HOME/calls/flag" && kill -USR1 $call
    wait $call || s=$?
    rm -f "$HOME/calls/flag"
    equals "5 got" "$s $(cat "$TMPDIR/signal")"
  }
  t "$launcher: a link to a command is that command" eval 'ln -sf "$commands/tool-sh" "$HOME/linked" && ln -sf linked "$HOME/twice" && equals x "$("$HOME/twice" -c "echo x")"'
  t "$launcher: a call without standard input and output is one too" eval '
    tool-sh -c "sleep 0.7; echo here >/data/closed" <&- >&- 2>&- ; equals here "$(cat "$HOME/calls/closed")"; s=$?; rm -f "$HOME/calls/closed"; exit $s'
  t "$launcher: signals" signalled
  t "$launcher: a command in a container that runs anyway leaves it running" eval '
    lichen run -d --name web --launcher $launcher test/alpine sleep 1000 >/dev/null && lichen expose -n web-sh web sh >/dev/null && equals x "$(web-sh -c "echo x")" && sleep 0.3 && equals running "$(state web)" && lichen rm -f web >/dev/null'
  t "$launcher: rm takes commands away" eval '
    ! [ -e "$commands/web-sh" ] && ! [ -L "$commands/web-sh" ] && lichen rm tools >/dev/null && equals "" "$(lichen expose --list)" && equals "" "$(ls "$commands")"'
done
pipeline() {
  lichen create -q --name one test/alpine >/dev/null && lichen create -q --name two test/alpine >/dev/null &&
    lichen expose -n one-sort one sort >/dev/null && lichen expose -n two-uniq two uniq >/dev/null || return 1
  seq 30000 | awk '{ print $1 % 977 }' >"$TMPDIR/numbers"
  LC_ALL=C sort "$TMPDIR/numbers" | uniq -c >"$TMPDIR/host"
  one-sort <"$TMPDIR/numbers" | two-uniq -c | cmp - "$TMPDIR/host"
}
t "a pipeline across containers gives what the host's own gives" pipeline
t "what is wrong is told" eval '
  status 125 lichen expose one && contains "$(cat "$TMPDIR/stderr")" "which program" && status 125 lichen expose nosuch sh && status 125 lichen expose -n ../x one sh && status 125 lichen expose -n lichen one sh &&
  status 125 lichen expose -n two-uniq one uniq && contains "$(cat "$TMPDIR/stderr")" "exposes a command two-uniq already" && status 0 lichen expose --replace -n two-uniq one uniq && status 1 lichen unexpose nosuch &&
  status 127 eval "lichen expose -n missing one /no/such >/dev/null; missing" && contains "$(cat "$TMPDIR/stderr")" "/no/such"'
t "unexpose" eval 'equals "one-sort two-uniq missing" "$(lichen unexpose one-sort two-uniq missing | xargs)" && status 127 sh -c "one-sort" && until_ 10 ended && lichen rm one two >/dev/null'
terminal() {
  open_ && lichen create -q --name term test/alpine >/dev/null && lichen expose -n term-sh term sh >/dev/null && has_the_terminal term-sh
  local s=$?
  mux kill-server
  lichen rm -f term >/dev/null
  return $s
}
t "a terminal: its size, Ctrl-Z and fg, Ctrl-C" terminal
done_
