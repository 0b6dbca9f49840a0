# Sourced by every suite. A test is: t NAME COMMAND…, where the command's status decides; helpers
# print what differs. done_ writes the result that run.sh adds up.
passed=0 failed=0 skipped=0

t() { # NAME COMMAND…
  local name=$1 output status
  shift
  output=$("$@" 2>&1) && status=0 || status=$?
  if [ "$status" = 0 ]; then
    passed=$((passed + 1))
    echo "ok   $name"
  elif [ "$status" = 77 ] && [ "${LICHEN_MUST_WORK:-}" != 1 ]; then
    skipped=$((skipped + 1))
    echo "skip $name: $output"
  else
    failed=$((failed + 1))
    echo "FAIL $name (status $status)"
    printf '%s\n' "$output" | tail -n 25 | sed 's/^/     | /'
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
