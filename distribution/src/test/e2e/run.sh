#!/usr/bin/env bash
# run.sh [SUITE…]: drives the assembled distribution as an unprivileged user. As root it makes itself
# a user without a name, with a home of its own and no subordinate ids. The suite "ranges" gets
# another with a name (newuidmap asks for one) and ranges, which is gone afterwards.
# LICHEN_CACHE is a directory where what takes long to make stays for the next time.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../../.." && pwd)
built=$top/distribution/target/lichen-0.1.0
[ -x "$built/bin/lichen" ] || {
  echo "e2e: the distribution is not built ($built)" >&2
  exit 1
}
# Not below /tmp of a private mount: the user must be able to read and execute all of it.
work=$(mktemp -d /var/tmp/lichen-e2e.XXXXXX)
ranges_user=lichen-e2e-ranges slurm_place='' slurm=''
without_slurm() {
  [ -n "$slurm_place" ] || return 0
  "$here/slurm.sh" stop "$slurm_place"
  rm -rf "$slurm_place"
  slurm_place=''
}
cleanup() {
  without_slurm
  pkill -u "$uid" -f lichen 2>/dev/null || true
  [ -z "${ranges_made:-}" ] || {
    while pkill -KILL -u "$ranges_user"; do sleep 0.1; done
    userdel "$ranges_user"
  }
  chmod -R u+rwX "$work" 2>/dev/null || true
  rm -rf "$work"
}
uid=$((20001 + $$ % 20000)) # of its own for each run: two at once must not end each other
if [ "$(id -u)" = 0 ]; then
  nameless=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
else
  uid=$(id -u)
  nameless=()
fi
trap cleanup EXIT
cp -a "$built" "$work/lichen"
cp -a "$here" "$work/e2e"
mkdir -p "$work/e2e/samples" # third parties' plugins, and a static program for a tiny image
for sample in "$top"/distribution/samples/target/samples-0.1.0-*.jar; do
  [ ! -e "$sample" ] || cp "$sample" "$work/e2e/samples/${sample##*samples-0.1.0-}"
done
cp "$top/distribution/target/hello/hello" "$work/e2e/samples/"
mkdir -m 700 "$work/home" "$work/run" "$work/tmp"
if [ "$(id -u)" = 0 ]; then
  chmod 755 "$work"
  chown -R "$uid:$uid" "$work/lichen" "$work/e2e" "$work/home" "$work/run" "$work/tmp"
fi

fixtures=${LICHEN_FIXTURES:-$top/../shared/fixtures}
[ $# -gt 0 ] || set -- $(cd "$here" && ls suite-*.sh | sed 's/^suite-//; s/\.sh$//')
with_ranges() { # the user that has ranges; useradd gives them where the site says so
  [ "$(id -u)" = 0 ] && command -v useradd >/dev/null || return 0
  id "$ranges_user" >/dev/null 2>&1 || {
    useradd --no-create-home --home-dir "$work/ranges/home" "$ranges_user"
    ranges_made=1
    grep -qs "^$ranges_user:" /etc/subuid && grep -qs "^$ranges_user:" /etc/subgid ||
      usermod --add-subuids 900000-965535 --add-subgids 900000-965535 "$ranges_user"
  }
  as=(setpriv --reuid "$ranges_user" --regid "$ranges_user" --clear-groups)
  own=$work/ranges
  mkdir -p "$own/home" "$own/run" "$own/tmp"
  chmod 700 "$own/home" "$own/run" "$own/tmp"
  chown -R "$ranges_user:" "$own"
}

with_debian() {
  if debian=$("$here/prepare-debian.sh" "${LICHEN_CACHE:-$work/cache}" 2>"$work/why"); then
    why=''
  else
    why=$(cat "$work/why") debian=''
  fi
}

with_workshop() {
  if debian=$("$here/prepare-workshop.sh" "${LICHEN_CACHE:-$work/cache}" "$work/e2e/guest" 2>"$work/why"); then
    why='' && chmod -R a+rX "$work/e2e/guest"
  else
    why=$(cat "$work/why") debian=''
  fi
}

# Those of all releases, as RELEASE=PATH; why is of the last that there is none of.
with_releases() {
  local release path all='' whys=''
  for release in bullseye trixie bookworm; do
    [ "$release" != bookworm ] || [ "${LICHEN_RELEASES:-}" = all ] || continue
    if path=$("$here/prepare-workshop.sh" "${LICHEN_CACHE:-$work/cache}" "$work/e2e/guest" "$release" 2>"$work/why"); then
      all="$all $release=$path"
    else
      whys="$whys $release: $(cat "$work/why");"
    fi
  done
  chmod -R a+rX "$work/e2e/guest"
  debian=$all why=$whys
}

# Tools of this host's release, where it is a Debian, and of another, as own=PATH old=PATH.
with_tools() {
  local release=bookworm old=bullseye paths=''
  ! grep -qs '^ID=debian$' /etc/os-release || release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  [ "$release" != bullseye ] || old=trixie
  if paths="own=$("$here/prepare-tools.sh" "${LICHEN_CACHE:-$work/cache}" "$release" 2>"$work/why")" &&
    paths="$paths old=$("$here/prepare-tools.sh" "${LICHEN_CACHE:-$work/cache}" "$old" 2>"$work/why")"; then
    why='' debian=$paths
  else
    why=$(cat "$work/why") debian=''
  fi
}
# A Debian with programs of a desktop, and an old one, as NAME=PATH.
with_desktop() {
  local desktop old
  desktop=$("$here/prepare-debian.sh" "${LICHEN_CACHE:-$work/cache}" desktop openssh-client,x11-utils,dbus 2>"$work/why") &&
    old=$("$here/prepare-debian.sh" "${LICHEN_CACHE:-$work/cache}" debian '' bullseye 2>"$work/why") &&
    debian="desktop=$desktop bullseye=$old" why='' || why=$(cat "$work/why")
}

# Jobs are for users with a name. What Slurm writes lies elsewhere than what is the user's.
with_slurm() {
  with_ranges
  slurm_place=$(mktemp -d /var/tmp/lichen-slurm.XXXXXX)
  if slurm=$("$here/slurm.sh" start "$slurm_place" 2>"$work/why"); then why=''; else why=$(tail -n 1 "$work/why") slurm=''; fi
}
# /dev/fuse is for everybody on a desktop, and not in many sandboxes: so it is made one for a suite alone.
with_fuse() {
  [ "$(id -u)" = 0 ] && [ -c /dev/fuse ] || return 0
  as=(unshare -m sh -c '[ -c "$0" ] || mknod "$0" c 10 229; chmod 666 "$0"; mount --bind "$0" /dev/fuse; exec "$@"' "$work/fuse" "${as[@]}")
}

# What the suite has saved is mounted by the kernel too, which root alone can ask for.
mounted() { # DIRECTORY
  local name="save --format sif: the kernel mounts what is written" why status=77
  [ "$(id -u)" != 0 ] && why="it takes root" || { why=$("$here/mounted.sh" "$1" 2>&1) && status=0 || status=$?; }
  if [ "$status" = 0 ]; then
    echo "ok   $name" && passed=$((passed + 1))
  elif [ "$status" = 77 ] && [ "${LICHEN_MUST_WORK:-}" != 1 ]; then
    echo "skip $name: $why" && skipped=$((skipped + 1))
  else
    echo "FAIL $name (status $status): $why" && failed=$((failed + 1))
  fi
}

passed=0 failed=0 skipped=0
for suite; do
  echo "-- $suite"
  began=$SECONDS
  as=(${nameless[@]+"${nameless[@]}"}) own=$work debian='' why=''
  case $suite in
    ranges) with_ranges ;;
    debian) with_debian ;;
    guests | symbols) with_workshop ;;
    releases) with_releases ;;
    devices) with_desktop && with_ranges && with_fuse ;; # ssh and D-Bus are for users with a name
    union) with_debian && with_fuse ;;
    singularity) with_fuse ;;
    slurm) with_slurm ;;
    compose) with_tools ;;
  esac
  cd "$own/home"
  env -i PATH="$work/lichen/bin:$PATH" HOME="$own/home" XDG_RUNTIME_DIR="$own/run" TMPDIR="$own/tmp" \
    LANG=C.UTF-8 TERM=xterm JAVA_HOME="${JAVA_HOME:-}" LICHEN_MUST_WORK="${LICHEN_MUST_WORK:-}" \
    LICHEN_FIXTURES="$fixtures" LICHEN_IDLE_SECONDS=60 LICHEN_CRASH_ROUNDS="${LICHEN_CRASH_ROUNDS:-}" \
    LICHEN_SEED="${LICHEN_SEED:-}" LICHEN_STRESS="${LICHEN_STRESS:-}" LICHEN_RELEASES="${LICHEN_RELEASES:-}" \
    LICHEN_TEST_SECONDS="${LICHEN_TEST_SECONDS:-}" LICHEN_ROUNDS="${LICHEN_ROUNDS:-}" E2E="$work/e2e" E2E_RESULT="$own/tmp/result" \
    LICHEN_DEBIAN="$debian" LICHEN_DEBIAN_WHY="$why" SLURM_CONF="$slurm" LICHEN_SLURM_WHY="$why" \
    ${as[@]+"${as[@]}"} bash "$work/e2e/suite-$suite.sh" </dev/null || true
  if read -r p f s <"$own/tmp/result" 2>/dev/null; then
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  else
    echo "FAIL $suite: did not reach its end"
    failed=$((failed + 1))
  fi
  rm -f "$own/tmp/result"
  without_slurm
  [ "$suite" != singularity ] || mounted "$own/tmp/for-the-kernel"
  echo "     $suite: $((SECONDS - began)) s"
done
# Another local user can neither talk to the runtime nor read what is the user's.
if [ "$(id -u)" = 0 ] && [ $# -gt 1 ]; then
  "${nameless[@]}" env -i PATH="$work/lichen/bin:$PATH" HOME="$work/home" XDG_RUNTIME_DIR="$work/run" lichen version >/dev/null
  other=(setpriv --reuid $((uid + 20000)) --regid $((uid + 20000)) --clear-groups)
  socket=$(ls "$work"/run/lichen/d/*.s | head -n 1)
  if "${other[@]}" python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])' "$socket" 2>/dev/null ||
    "${other[@]}" cat "$work"/run/lichen/d/*.log >/dev/null 2>&1 ||
    "${other[@]}" ls "$work/home/.local/share/lichen/containers" >/dev/null 2>&1; then
    echo "FAIL another user gets at socket, log or containers" && failed=$((failed + 1))
  else
    echo "ok   another user gets at neither socket, log nor containers" && passed=$((passed + 1))
  fi
fi
echo "e2e: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
