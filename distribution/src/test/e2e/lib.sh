# Sourced by every suite. A test is: t NAME COMMAND…, where the command's status decides; helpers
# print what differs. done_ writes the result that run.sh adds up.
passed=0 failed=0 skipped=0

# A test that hangs fails after so many seconds, and the next one begins.
limit=${LICHEN_TEST_SECONDS:-600}
at_hand=$E2E_RESULT.test
watch() {
  local began pid rest
  while sleep 2 && kill -0 $$ 2>/dev/null; do
    read -r began pid 2>/dev/null <"$at_hand" && [ $((EPOCHSECONDS - began)) -gt "$limit" ] || continue
    rest=$(descendants "$pid")
    kill -KILL "$pid" $rest 2>/dev/null
  done
}
descendants() { # PID
  local child
  for child in $(pgrep -P "$1"); do
    echo "$child"
    descendants "$child"
  done
}
watch </dev/null >/dev/null 2>&1 &
disown # from `wait`

t() { # NAME COMMAND…
  local name=$1 output=$E2E_RESULT.output status=0 began=$EPOCHSECONDS
  shift
  # Into a file: what a test leaves behind would keep a pipe open.
  (
    echo "$EPOCHSECONDS $BASHPID" >"$at_hand"
    "$@"
  ) >"$output" 2>&1 || status=$?
  rm -f "$at_hand"
  if [ "$status" = 0 ]; then
    passed=$((passed + 1))
    echo "ok   $name"
  elif [ "$status" = 77 ] && [ "${LICHEN_MUST_WORK:-}" != 1 ]; then
    skipped=$((skipped + 1))
    echo "skip $name: $(cat "$output")"
  else
    failed=$((failed + 1))
    [ $((EPOCHSECONDS - began)) -le "$limit" ] || status="$status, after more than $limit seconds"
    echo "FAIL $name (status $status)"
    tail -n 25 "$output" | sed 's/^/     | /'
  fi
}

skip() { # REASON: from within a test
  echo "$*"
  exit 77
}

have() { # PROGRAM: skips the test without it
  command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || skip "no $1 here"
}

fixture() { # NAME: its path, or a skip
  [ -e "$LICHEN_FIXTURES/$1" ] || skip "no fixture $1"
  echo "$LICHEN_FIXTURES/$1"
}

equals() { # WANTED FOUND
  [ "$1" = "$2" ] || {
    printf 'wanted: %s\nfound:  %s\n' "$1" "$2"
    return 1
  }
}

contains() { # TEXT PART
  case $1 in
    *"$2"*) ;;
    *)
      printf 'wanted within: %s\nfound: %s\n' "$2" "$1"
      return 1
      ;;
  esac
}

status() { # WANTED COMMAND…
  local wanted=$1 found=0
  shift
  "$@" >/dev/null 2>"$TMPDIR/stderr" || found=$?
  [ "$wanted" = "$found" ] || {
    echo "wanted status $wanted, found $found: $*"
    cat "$TMPDIR/stderr"
    return 1
  }
}

until_() { # SECONDS COMMAND…: waits until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || {
      echo "still not so: $*"
      return 1
    }
    sleep 0.1
  done
}

no_java() { # ends the runtimes of this user, and waits: one that ends may write its archive of classes first
  pkill -u "$(id -u)" java
  until_ 30 eval '! pgrep -u "$(id -u)" java >/dev/null'
}

done_() {
  echo "$passed $failed $skipped" >"$E2E_RESULT"
  [ "$failed" = 0 ]
}
