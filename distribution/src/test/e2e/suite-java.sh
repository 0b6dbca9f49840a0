# Every other Java from 17 on that this machine has: the runtime, formats, plugins and launchers work on it.
. "$E2E/lib.sh"
. "$E2E/images.sh"

release() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"; }
version() { lichen info --format '{{.Java}}'; }
used=$(version | cut -d. -f1)

on_it() { # DIRECTORY
  export LICHEN_JAVA_HOME=$1 LICHEN_HOME=$TMPDIR/java-$2
  equals "$2" "$(version | cut -d. -f1)" && contains "$(lichen run --rm hello)" "Hello from inside a container" &&
    images_ready && equals kept "$(lichen run --rm test/alpine echo kept)" &&
    lichen run -d --name j test/alpine sleep 1000 >/dev/null && no_java &&
    equals "again $2" "$(lichen exec j echo again) $(version | cut -d. -f1)" && status 0 lichen doctor &&
    contains "$(lichen plugin list)" image-format-docker && lichen rm -f j
}
others=''
for directory in /usr/lib/jvm/*; do
  [ -r "$directory/release" ] && [ ! -L "$directory" ] && found=$(release "$directory") || continue
  case " $used $others " in *" $found "*) continue ;; esac
  [ "${found:-0}" -ge 17 ] || continue
  others="$others $found"
  t "Java $found" on_it "$directory" "$found"
done
[ -n "$others" ] || echo "     no Java but $used here"
done_
