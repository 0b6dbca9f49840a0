# The launcher "preload" with its other engine: a library that the guest's dynamic linker loads.
. "$E2E/lib.sh"
. "$E2E/symbols.sh"
launcher=preload fact=preload-symbols engine=symbols
leaks="/etc/hosts /etc/resolv.conf /etc/services /etc/localtime /usr/share/zoneinfo" # names of machines, time zones: musl opens them by itself
. "$E2E/engine.sh"
guest=$E2E/guest

library() { ls -t "$HOME"/.local/share/lichen/native/*/liblichen-preload.so | head -n 1; }
t "the library asks for no library, no version, no thread-local memory, and for symbols that every libc has" eval '
  have readelf && run true &&
  equals "__errno_location environ free getauxval malloc realloc" "$(readelf -W --dyn-syms "$(library)" | sed -n "s/^.* UND \([^ ]\)/\1/p" | LC_ALL=C sort | xargs)" &&
  equals "" "$(readelf -Wd "$(library)" | grep -E "NEEDED|VERNEED|VERSYM|TEXTREL|RPATH|RUNPATH")" && equals "" "$(readelf -Wl "$(library)" | grep -E "TLS|INTERP| RWE ")"'
libcs() { # of this machine, of Alpine, and of the Debian image
  local at
  mkdir -p "$TMPDIR/libcs" && cp -L /lib/x86_64-linux-gnu/libc.so.6 "$TMPDIR/libcs/host" 2>/dev/null || cp -L /lib64/libc.so.6 "$TMPDIR/libcs/host" 2>/dev/null
  tar -xzf "$alpine" -O ./lib/ld-musl-x86_64.so.1 >"$TMPDIR/libcs/musl" || return 1
  [ -z "${LICHEN_DEBIAN:-}" ] || for at in $(tar -tf "$LICHEN_DEBIAN" | grep -E '/lib(c|dl|pthread|rt|util|resolv|anl)(-2\.[0-9]+)?\.so(\.[0-9])?$'); do tar -xf "$LICHEN_DEBIAN" -O "$at" >"$TMPDIR/libcs/${at##*/}"; done
  for at in "$TMPDIR"/libcs/*; do [ "$(head -c 4 "$at" | tail -c 3)" = ELF ] || rm "$at"; done
  ls "$TMPDIR"/libcs/*
}
audit() {
  have nm
  libcs >/dev/null || return 1
  equals "" "$("$E2E/symbols/audit" "$(library)" "$TMPDIR"/libcs/*)" && contains "$("$E2E/symbols/audit" /bin/false "$TMPDIR"/libcs/* 2>/dev/null)" "openat"
}
t "every function of the libcs is wrapped, or known" audit

t "a static program is refused, with the reason" eval '
  mkdir -p "$HOME/static" && cp "$E2E/samples/hello" "$HOME/static/hello" && status 126 launched -v "$HOME/static:/s" test/alpine /s/hello && contains "$(cat "$TMPDIR/stderr")" "--preload-engine images" &&
  equals "126 on" "$(run -v 2>/dev/null; launched -v "$HOME/static:/s" test/alpine sh -c "/s/hello 2>/tmp/e; s=\$?; grep -q -- \"--preload-engine images\" /tmp/e && echo \$s on")"'
t "the engine stays a container's own, and inspect tells of it" eval '
  lichen create --name e --launcher preload --preload-engine symbols test/alpine cat /proc/self/maps >/dev/null && contains "$(lichen inspect e)" "engine '\''symbols'\''" && contains "$(lichen start -a e)" /bin/busybox; s=$?; lichen rm e >/dev/null; exit $s'
t "other launchers and unknown engines are refused" eval '
  status 125 lichen run --rm --launcher trap --preload-engine symbols test/alpine true && contains "$(cat "$TMPDIR/stderr")" preload-engine-symbols && ! lichen run --rm --preload-engine other test/alpine true'
t "what the guest does not see: options, variables, the library" eval '
  equals "cat /proc/self/cmdline" "$(run cat /proc/self/cmdline | tr "\0" " " | sed "s/ $//")" && equals "" "$(run sh -c "env; cat /proc/self/environ /proc/self/maps" | tr "\0" "\n" | grep -aE "LICHEN|lichen-preload|LOCPATH|^LD_")"'
t "no file of the host is looked at but the time zone" traced /etc/localtime -- $way test/alpine sh -ec '
  id; ls -lR /etc >/dev/null; su -s /bin/sh guest -c "ls -ld ~"; find / -xdev -name "*.so*" >/dev/null; echo /etc/*.d/*; date; tar -cf /tmp/t /etc 2>/dev/null; apk info; vi --help 2>&1 || :'

names() { "$guest/acceptance" | under_symbols; }
import() {
  [ -n "${LICHEN_DEBIAN:-}" ] || skip "no Debian image: ${LICHEN_DEBIAN_WHY:-}"
  lichen import -q -c CMD=/bin/bash "$LICHEN_DEBIAN" workshop
}
t "import a Debian with tools" import
lichen inspect --type image workshop >/dev/null 2>&1 && for strategy in uufs extract; do
  begin() { lichen run -d --name w $way --strategy $strategy -v "$guest:/guest:ro" workshop sleep infinity >/dev/null; }
  t "$strategy: a Debian starts" begin
  check() { # NAME
    [ "$1" != java ] || [ -e "$guest/made/forks.jar" ] || skip "no JDK here"
    timeout -k 5 180 lichen exec -e CALLS=libc w /guest/acceptance "$1" </dev/null
  }
  for name in $(names); do
    t "$strategy: $name" check "$name"
  done
  compiled() {
    lichen exec w bash -ec 'cd /tmp && printf "int answer(void) { return 42; }\n" >a.c && printf "#include <stdio.h>\nint answer(void);\nint main(void) { printf(\"%%d\\n\", answer()); }\n" >m.c
      mkdir -p lib own && gcc -shared -fPIC -Wl,-soname,libanswer.so -o lib/libanswer.so a.c && gcc -o origin m.c -Llib -lanswer -Wl,-rpath,\$ORIGIN/lib && gcc -o absolute m.c -Llib -lanswer -Wl,--disable-new-dtags,-rpath,/tmp/lib
      gcc -o plain m.c -Llib -lanswer && gcc -no-pie -o fixed m.c a.c
      [ "$(./origin) $(./absolute) $(LD_LIBRARY_PATH=/tmp/lib ./plain) $(./fixed)" = "42 42 42 42" ] && { ./plain 2>e || [ $? = 127 ]; } && grep -q "cannot open shared object file" e
      python3 -c "import ctypes; assert ctypes.CDLL(\"/tmp/lib/libanswer.so\").answer() == 42; assert ctypes.CDLL(\"libm.so.6\"); ctypes.CDLL(\"libz.so.1\")"'
  }
  t "$strategy: RPATH, RUNPATH, LD_LIBRARY_PATH, a library that is missing, dlopen" compiled
  t "$strategy: what libc opens, starts and tells by itself; forks among threads, and in handlers; jumps out of calls" lichen exec w bash -ec 'cd /tmp && gcc -w -o library /guest/library.c -ldl -lpthread && ./library'
  t "$strategy: nothing is left running" eval 'lichen rm -f w >/dev/null'
done
lichen rmi -f workshop >/dev/null 2>&1
t "nothing is left" nothing_left
done_
