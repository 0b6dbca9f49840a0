# The life of containers: create, start, stop, kill, exec, logs, ps, inspect, wait, rm.
. "$E2E/lib.sh"
. "$E2E/images.sh"
t "import alpine" images_ready

t "create, start -a, rm" eval '
  lichen create --name made test/alpine sh -c "echo started; exit 4" >/dev/null
  equals created "$(lichen inspect --format "{{.State.Status}}" made)"
  output=$(lichen start -a made); equals 4 $? && equals started "$output" &&
  equals 4 "$(lichen inspect --format "{{.State.ExitCode}}" made)" && lichen rm made'
t "a name can be used once" eval '
  lichen create --name once test/alpine true >/dev/null && status 125 lichen create --name once test/alpine true; lichen rm once'

daemon() {
  lichen run -d --name web test/alpine sh -c 'trap "echo bye; exit 3" TERM; n=0; while :; do n=$((n+1)); echo tick $n; sleep 0.1; done'
}
t "run -d prints the id" eval 'id=$(daemon); [ ${#id} = 64 ]'
t "ps shows it" contains "$(lichen ps --format '{{.Names}} {{.Status}}')" "web Up"
t "ps -f filters" equals "" "$(lichen ps -q -f name=other)"
t "exec" equals "inside" "$(lichen exec web echo inside)"
t "exec status" status 6 lichen exec web sh -c 'exit 6'
t "exec -w -e" equals "/tmp v" "$(lichen exec -w /tmp -e K=v web sh -c 'echo $(pwd) $K')"
t "exec -i" equals "data" "$(echo data | lichen exec -i web cat)"
t "exec -u" contains "$(lichen exec -u guest web id)" "uid=405"
t "exec status 127" status 127 lichen exec web nosuch
t "exec has no more rights than the container" equals "$(lichen exec web grep -E 'CapEff|NoNew|Seccomp:' /proc/2/status)" \
  "$(lichen exec web grep -E 'CapEff|NoNew|Seccomp:' /proc/self/status)"
t "exec without the runtime" eval 'no_java && equals x "$(lichen exec web echo x)" && ! pgrep -u "$(id -u)" java'
t "exec by id prefix" equals "y" "$(lichen exec "$(lichen ps -q -f name=web)" echo y)"
t "logs" contains "$(lichen logs web)" "tick 1"
t "logs --tail" equals "2" "$(lichen logs --tail 2 web | wc -l)"
t "logs -t" eval 'lichen logs -t --tail 1 web | grep -qE "^20[0-9-]+T[0-9:.]+Z tick"'
t "logs -f ends with the container" eval '
  lichen logs -f web >"$TMPDIR/follow" & pid=$!
  sleep 0.5; lichen stop web >/dev/null; wait $pid; equals bye "$(tail -n 1 "$TMPDIR/follow")"'
t "stop gave the guest its signal" equals "3" "$(lichen inspect --format '{{.State.ExitCode}}' web)"
t "wait of an ended one" equals "3" "$(lichen wait web)"
t "start again, then rm refuses, rm -f removes" eval '
  lichen start web >/dev/null && status 125 lichen rm web && lichen rm -f web >/dev/null && equals "" "$(lichen ps -aq)"'
t "stop of a plain sleep is 143" eval '
  lichen run -d --name s test/alpine sleep 1000 >/dev/null; lichen stop s >/dev/null
  equals 143 "$(lichen inspect --format "{{.State.ExitCode}}" s)"; lichen rm s'
t "the stop signal of the image" eval '
  lichen import -q -c STOPSIGNAL=USR1 "$alpine" test/usr1 >/dev/null
  lichen run -d --name u test/usr1 sh -c "trap \"exit 11\" USR1; while :; do sleep 0.1; done" >/dev/null; sleep 0.5
  lichen stop u >/dev/null; equals 11 "$(lichen inspect --format "{{.State.ExitCode}}" u)"; lichen rm u'
t "stop kills after its time" eval '
  lichen run -d --name k test/alpine sh -c "trap : TERM; while :; do sleep 0.1; done" >/dev/null; sleep 0.5
  lichen stop -t 1 k 2>/dev/null; equals 137 "$(lichen inspect --format "{{.State.ExitCode}}" k)"; lichen rm k'
t "kill -s" eval '
  lichen run -d --name k test/alpine sh -c "trap \"exit 12\" HUP; while :; do sleep 0.1; done" >/dev/null; sleep 0.5
  lichen kill -s HUP k >/dev/null; equals 12 "$(lichen wait k)"; lichen rm k'
t "wait for a running one" eval '
  lichen run -d --name w test/alpine sh -c "sleep 0.5; exit 21" >/dev/null; equals 21 "$(lichen wait w)"; lichen rm w'
t "run -d --rm leaves nothing" eval '
  lichen run -d --rm test/alpine sleep 0.3 >/dev/null; until_ 10 eval "[ -z \"\$(lichen ps -aq)\" ]"'
t "what is written stays" eval '
  lichen run --name keep test/alpine sh -c "echo kept >/file"
  lichen start keep; equals 0 "$(lichen wait keep)"
  grep -q kept "$(lichen inspect --format "{{.Lichen.Directory}}" keep)"/{upper,rootfs}/file 2>/dev/null; s=$?; lichen rm keep; exit $((s == 1))'
t "inspect is JSON in podman's shape" eval '
  lichen create --name i -e A=b -l x=y test/alpine ls >/dev/null
  lichen inspect i | python3 -c "
import json, sys
c = json.load(sys.stdin)[0]
assert c[\"Config\"][\"Cmd\"] == [\"ls\"] and c[\"Config\"][\"Labels\"][\"x\"] == \"y\", c
assert \"A=b\" in c[\"Config\"][\"Env\"] and c[\"State\"][\"Status\"] == \"created\", c"; s=$?; lichen rm i; exit $s'
t "rmi refuses an image in use" eval '
  lichen create --name user test/usr1 true >/dev/null; status 2 lichen rmi test/usr1; s=$?; lichen rm user; lichen rmi test/usr1; exit $s'
t "shell -c" contains "$(lichen shell -c 'images | grep alpine')" "alpine"
done_
