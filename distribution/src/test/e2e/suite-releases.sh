# What guests do on other releases of Debian and on Alpine, under the launchers without namespaces, on unions and on trees of their own. The suite `guests` does more of it, on one release.
. "$E2E/lib.sh"
. "$E2E/images.sh"
. "$E2E/symbols.sh"
guest=$E2E/guest

able() {
  lichen run --rm "${options[@]}" test/alpine true 2>"$TMPDIR/why" || skip "$(cat "$TMPDIR/why")"
}
check() { # PROGRAM NAME
  case $2 in
    golang) [ -x "$guest/made/forks-go" ] || skip "no Go here" ;;
    musl_*) [ -x "$guest/made/churn-musl" ] || skip "no musl-gcc here" ;;
  esac
  timeout -k 5 180 lichen exec -e CALLS="$calls" w "/guest/$1" "$2" </dev/null
}
# java, node, rpm and debugger: their packages are not in these images (`guests` has them). code_from_nowhere is a program of this machine's glibc.
if [ "${LICHEN_RELEASES:-}" = all ]; then
  names=$("$guest/acceptance" | grep -Evx 'java|node|rpm|debugger|code_from_nowhere')
else
  names='paths python compile signals environment executing auxiliary superuser dpkg maps churn cancel'
fi
through() { # IMAGE PROGRAM NAME…
  local image=$1 program=$2 launcher strategy
  shift 2
  for launcher in trap preload symbols; do
    for strategy in uufs extract; do
      case ${LICHEN_RELEASES:-}/$image/$launcher/$strategy in # each launcher and each strategy, in turns
        all/* | */bullseye/trap/extract | */bullseye/preload/uufs | */trixie/trap/uufs | */trixie/preload/extract | */bullseye/symbols/uufs | */trixie/symbols/extract | */test/alpine/*) ;;
        *) continue ;;
      esac
      options=(--launcher $launcher --strategy $strategy) calls=''
      [ $launcher != symbols ] || options=(--launcher preload --preload-engine symbols --strategy $strategy) calls=libc
      way="$image, $launcher, $strategy"
      t "$way: works here" able
      (able) >/dev/null 2>&1 || continue
      lichen run -d --name w "${options[@]}" -v "$guest:/guest:ro" "$image" sleep 100000 >/dev/null
      for name in $(printf '%s\n' "$@" | if [ $launcher = symbols ]; then under_symbols; else cat; fi); do t "$way: $name" check "$program" "$name"; done
      t "$way: nothing is left running" eval 'lichen rm -f w >/dev/null'
    done
  done
}

t "import Alpine" images_ready
through test/alpine acceptance-busybox $(sh "$guest/acceptance-busybox")
import() { # RELEASE
  local path
  for path in $LICHEN_DEBIAN; do
    [ "${path%%=*}" != "$1" ] || { lichen import -q -c CMD=/bin/bash "${path#*=}" "$1" && return; }
  done
  skip "no Debian $1: ${LICHEN_DEBIAN_WHY:-}"
}
for release in bullseye trixie bookworm; do
  [ "$release" != bookworm ] || [ "${LICHEN_RELEASES:-}" = all ] || continue
  t "import Debian $release" import "$release"
  lichen inspect --type image "$release" >/dev/null 2>&1 || continue
  t "it is $release" contains "$(lichen run --rm --launcher preload --strategy uufs "$release" cat /etc/os-release)" "VERSION_CODENAME=$release"
  through "$release" acceptance $names
done
lichen rmi -af >/dev/null
done_
