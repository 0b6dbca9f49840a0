#!/bin/sh
# build.sh TOP STAMP: builds the distribution without tests and checks. One line of progress on a
# terminal; the whole log lies in .build/log. Without network if nothing is missing.
set -eu
top=$1 stamp=$2
. "$top/distribution/src/main/sh/prerequisites.sh"
. "$top/distribution/src/main/sh/maven.sh"
prerequisites || exit 1

mkdir -p "$top/.build" "$(dirname "$stamp")"
log=$top/.build/log
begun=$top/.build/begun
: >"$begun" # a file changed while we build is newer than this

# The poms whose dependencies were fetched before: with the same ones Maven needs no network.
poms=$(cd "$top" && find . -name pom.xml -not -path '*/target/*' -exec cat {} + | sha256sum | cut -d' ' -f1)
offline=''
[ "$(cat "$top/.build/fetched" 2>/dev/null)" != "$poms" ] || offline=-o

run() { maven "$log" $1 -Dquick -pl distribution -am package; }

if ! run "$offline"; then
  if [ -z "$offline" ] || ! run ''; then
    echo "lichen: the build failed; from $log:" >&2
    maven_errors "$log" 20
    exit 1
  fi
fi
echo "$poms" >"$top/.build/fetched"
touch -r "$begun" "$stamp"
