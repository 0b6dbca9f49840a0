#!/bin/sh
# build.sh TOP STAMP: builds the distribution without tests and checks. One line of progress on a
# terminal; the whole log lies in .build/log. Without network if nothing is missing.
set -eu
top=$1 stamp=$2
. "$top/distribution/src/main/sh/prerequisites.sh"
prerequisites || exit 1

mkdir -p "$top/.build" "$(dirname "$stamp")"
log=$top/.build/log
begun=$top/.build/begun
: >"$begun" # a file changed while we build is newer than this

# The poms whose dependencies were fetched before: with the same ones Maven needs no network.
poms=$(cd "$top" && find . -name pom.xml -not -path '*/target/*' -exec cat {} + | sha256sum | cut -d' ' -f1)
offline=''
[ "$(cat "$top/.build/fetched" 2>/dev/null)" != "$poms" ] || offline=-o

progress() { # one line, rewritten, of what is being built; without a terminal the modules in one line that grows
  [ -t 2 ] || printf 'building lichen (log: %s):' "$log" >&2
  while read -r line; do
    case $line in
      *Building*'['*']'*)
        line=${line#*Building }
        if [ -t 2 ]; then
          printf '\r\033[Kbuilding lichen: %s' "$line" >&2
        else
          printf ' %s' "${line%% *}" >&2
        fi
        ;;
    esac
  done
  if [ -t 2 ]; then printf '\r\033[K' >&2; else echo >&2; fi
}

run() {
  { mvn -B -ntp $1 -Dquick -Dstyle.color=never -f "$top/pom.xml" -pl distribution -am package 2>&1 && echo MAVEN-OK; } |
    tee "$log" | progress
  tail -n 1 "$log" | grep -q "MAVEN-OK$"
}

if ! run "$offline"; then
  if [ -z "$offline" ] || ! run ''; then
    echo "lichen: the build failed; from $log:" >&2
    grep -E '^\[ERROR\]|error:' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
    exit 1
  fi
fi
echo "$poms" >"$top/.build/fetched"
touch -r "$begun" "$stamp"
