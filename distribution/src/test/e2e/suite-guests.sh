# What guests do, under every launcher: the same checks (guest/acceptance) in the same image.
. "$E2E/lib.sh"
. "$E2E/images.sh"
. "$E2E/traced.sh"
guest=$E2E/guest
here=$(dirname "$(dirname "$(command -v lichen)")")

import() {
  [ -n "${LICHEN_DEBIAN:-}" ] || skip "no Debian image: ${LICHEN_DEBIAN_WHY:-}"
  lichen import -q -c CMD=/bin/bash "$LICHEN_DEBIAN" workshop
}
t "import a Debian with tools" import
t "import Alpine" images_ready
lichen inspect --type image workshop >/dev/null 2>&1 || {
  done_
  exit
}
able() {
  lichen run --rm "${options[@]}" workshop true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"
}
check() { # NAME
  case $1 in
    golang) [ -x "$guest/made/forks-go" ] || skip "no Go here" ;;
    java) [ -e "$guest/made/forks.jar" ] || skip "no JDK here" ;;
  esac
  timeout -k 5 180 lichen exec w /guest/acceptance "$1" </dev/null
}
# The names that the container shows are those of the archive, in any directory that is not mounted.
names() {
  tar -tf "$LICHEN_DEBIAN" | sed 's,^\./,/,; s,^/*,/,; s,\(.\)/$,\1,' | grep -Ev '^/(dev|proc|sys|run|tmp|etc/(hosts|hostname|resolv.conf))(/|$)' | LC_ALL=C sort -u >"$TMPDIR/archive"
  lichen exec w find / -xdev -path /guest -prune -o -path /lichen -prune -o -print | grep -Ev '^/(dev|proc|sys|run|tmp|guest|lichen|etc/(hosts|hostname|resolv.conf|mtab))(/|$)' | LC_ALL=C sort -u >"$TMPDIR/shown"
  diff "$TMPDIR/archive" "$TMPDIR/shown" | head -n 20 >"$TMPDIR/names"
  equals "" "$(cat "$TMPDIR/names")"
}
long_listing() {
  lichen exec w ls -lAR /usr/lib /usr/bin >"$TMPDIR/listed" 2>&1 || { grep '^ls:' "$TMPDIR/listed" && return 1; }
  local lines=$(tar -tf "$LICHEN_DEBIAN" | grep -Ec '^(\./)?usr/(lib|bin)/.+')
  equals "$lines" "$(grep -c '^[-dlcbps][-rwxsStT]\{9\} ' "$TMPDIR/listed")"
}
escape() {
  mkdir -p "$HOME/outside" && cd "$HOME/outside" && echo secret >secret && printf '#!/bin/sh\necho ran\n' >run && chmod +x run
  exec 8<secret 9<"$HOME/outside"
  sleep 60 &
  local s=0
  timeout 60 lichen exec w python3 /guest/escape.py "$HOME/outside" secret $! || s=$?
  kill $!
  exec 8<&- 9<&-
  equals "run secret" "$(echo $(ls))" && return $s
}
# The same calls by root of a user namespace, on the kernel itself, and by the container's root.
random() {
  local seed run='mkdir /tmp/f && exec /guest/made/fuzz /tmp/f "$0" 20000'
  lichen run --rm --launcher userns test/alpine true >/dev/null 2>&1 || skip "no user namespaces to compare with"
  for seed in ${LICHEN_SEED:-1 2 3}; do
    lichen run --rm --launcher userns --identity single --strategy extract -v "$guest:/guest:ro" test/alpine sh -c "$run" "$seed" >"$TMPDIR/kernel" || return 1
    lichen run --rm "${options[@]}" -v "$guest:/guest:ro" test/alpine sh -c "$run" "$seed" >"$TMPDIR/guest" || return 1
    diff "$TMPDIR/kernel" "$TMPDIR/guest" | head -n 8 >"$TMPDIR/random"
    equals "" "$(cat "$TMPDIR/random")" || { echo "LICHEN_SEED=$seed" && return 1; }
  done
}
stress() {
  local rounds=${LICHEN_STRESS:-3} i
  for i in $(seq "$rounds"); do
    lichen exec w sh -c '/guest/made/signals /tmp 20 && { [ ! -x /guest/made/forks-go ] || /guest/made/forks-go; }' >"$TMPDIR/stress" 2>&1 || { echo "round $i" && cat "$TMPDIR/stress" && return 1; }
  done
  lichen exec w /guest/acceptance churn $((rounds < 100 ? 1000 : 10 * rounds))
}
# Lichen itself, its JVM and all, in a container; and a container of that one.
inside() {
  contains "$(lichen exec w sh -c 'PATH=/lichen/bin:$PATH HOME=/root lichen run --rm hello' 2>&1)" "Hello from inside" &&
    contains "$(lichen exec w sh -c 'PATH=/lichen/bin:$PATH HOME=/root lichen run --rm hello' 2>&1)" "launcher   trap"
}
online() { (: </dev/tcp/deb.debian.org/80) 2>/dev/null || skip "no network: deb.debian.org is not reached"; }
packages() {
  online
  lichen exec w sh -ec 'export DEBIAN_FRONTEND=noninteractive; before=$(dpkg -l | grep -c ^ii)
    apt-get -q update && apt-get -q install -y --no-install-recommends postgresql nginx-light openssh-server cron dbus rsyslog
    [ $(($(dpkg -l | grep -c ^ii) - before)) -ge 20 ] && [ -z "$(dpkg --audit)" ]' >"$TMPDIR/apt" 2>&1 || { tail -n 20 "$TMPDIR/apt" && return 1; }
}
postgres() {
  online
  equals 42 "$(lichen exec w su postgres -c 'cd /tmp && b=/usr/lib/postgresql/15/bin && d=$(mktemp -d) && $b/initdb -D $d/d >/dev/null && $b/pg_ctl -D $d/d -o "-k $d -p 5599 -h \"\"" -w start >/dev/null &&
    psql -h $d -p 5599 -Atc "select 41 + 1"; $b/pg_ctl -D $d/d stop -m fast >/dev/null; rm -rf $d')"
}

# Programs of all kinds look for what the host has too: locales, converters, name services, caches of the linker, headers, certificates.
looking() {
  traced "$guest" -- "${options[@]}" -v "$guest:/guest:ro" workshop bash -ec '
    cd /tmp && export LANG=C.UTF-8
    locale -a; locale charmap; LC_ALL=de_DE.UTF-8 ls -l /etc; printf "\344" | iconv -f ISO-8859-2 -t UTF-16; getent hosts localhost; getent passwd root; ldconfig -p; ldd /bin/ls; TZ=Europe/Berlin date
    python3 -c "import ctypes.util, locale, socket, ssl, sqlite3, subprocess; locale.setlocale(locale.LC_ALL, \"\"); socket.getaddrinfo(\"localhost\", 80); ssl.create_default_context(); ctypes.CDLL(None); subprocess.run([\"true\"]); open(\"/etc/hostname\")"
    gcc -w -O1 -o looks /guest/looks.c && ./looks && gcc -w -O1 -static -o looks /guest/looks.c && ./looks && perl -MPOSIX -e "setlocale(LC_ALL, q()); exit system(q(true))" && git init -q g
    /guest/made/looks-static; /guest/made/looks-musl; /guest/made/signals-static /tmp 2; [ ! -x /guest/made/forks-go ] || /guest/made/forks-go'
}

# `full`: namespaces isolate, and root is emulated as with trap.
for way in userns trap full preload; do
  case $way in
    userns) options=(--launcher userns) ;;
    trap) options=(--launcher trap) ;; # on shared layers; preload on a tree of its own
    full) options=(--launcher userns --identity full) ;;
    preload) options=(--launcher preload --strategy extract) ;;
  esac
  t "$way works here" able
  (able) >/dev/null 2>&1 || continue
  lichen run -d --name w "${options[@]}" -v "$guest:/guest:ro" -v "$here:/lichen:ro" workshop sleep infinity >/dev/null
  t "$way: find shows what is in the image" names
  t "$way: ls -lR" long_listing
  for name in $("$guest/acceptance"); do
    case $way/$name in
      userns/superuser) continue ;; # identity basic shows owners as they are on disk
    esac
    t "$way: $name" check "$name"
  done
  t "$way: threads, signals and processes again and again" stress
  if [ $way != userns ]; then
    t "$way: no way out" escape
    t "$way: random calls as on the kernel" random
    t "$way: apt-get installs services, scripts and all" packages
    t "$way: PostgreSQL" postgres
  fi
  [ $way != trap ] || t "$way: Lichen inside Lichen" inside
  case $way in trap | preload) t "$way: no file of the host is looked at" looking ;; esac
  t "$way: nothing is left running" eval 'lichen rm -f w >/dev/null'
  alpine_guest() {
    lichen run --rm "${options[@]}" -v "$guest:/guest:ro" test/alpine sh -ec '
      cd /tmp && echo "a b" | { read x y; [ "$y" = b ]; } && ln -s /etc/alpine-release l && grep -q "^3\." l && [ "$(readlink -f /proc/self/exe)" = /bin/busybox ]
      [ "$(find / -xdev -name busybox -path "/bin/*")" = /bin/busybox ] && apk info | grep -qx musl
      apk add -q --allow-untrusted --no-network /guest/made/acceptance.apk && [ "$(cat /opt/apk/f /opt/apk/post | tr "\n" " ")" = "hi done " ] && apk del -q acceptance
      /guest/made/signals-static /tmp 10; [ ! -e /guest/made/churn-musl ] || { mkdir c && /guest/made/churn-musl /tmp/c /guest/made/plug.so 500; }'
  }
  t "$way: Alpine" alpine_guest
  static_guest() {
    [ -x "$guest/made/forks-go" ] || skip "no Go here"
    mkdir -p "$TMPDIR/static/etc" "$TMPDIR/static/bin" && cp "$guest/made/forks-go" "$TMPDIR/static/go" && cp "$(command -v busybox || echo /bin/true)" "$TMPDIR/static/bin/echo"
    echo root:x:0:0:root:/:/go >"$TMPDIR/static/etc/passwd" && echo static >"$TMPDIR/static/etc/hostname"
    tar -C "$TMPDIR/static" -cf "$TMPDIR/static.tar" . && lichen import -q -c 'CMD=["/go"]' "$TMPDIR/static.tar" static && equals "go ok /" "$(lichen run --rm "${options[@]}" static)"
  }
  t "$way: an image of static programs" static_guest
done
lichen rmi -af >/dev/null
done_
