# lichen elf, and the settings of containers that edit programs.
. "$E2E/lib.sh"
here=$TMPDIR/elf tree=$TMPDIR/tree
mkdir -p "$here"
cd "$here"

# A program that says which of our libraries were loaded, and two such libraries.
make_files() {
  have gcc && have readelf || return
  printf '#include <stdio.h>\n#include <math.h>\nint main(int n, char **v) { printf("main %%.0f\\n", sqrt(n * 4)); return 0; }\n' >program.c &&
    printf '#include <stdio.h>\n__attribute__((constructor)) static void one(void) { puts("one"); }\n' >one.c &&
    sed s/one/two/g one.c >two.c && gcc -o program program.c -lm && gcc -o fixed -static program.c -lm &&
    gcc -shared -fPIC -o libone.so one.c && gcc -shared -fPIC -o libtwo.so two.c
}
t "files of a compiler" make_files
shows() {
  contains "$(lichen elf show program)" "needed:      libm.so.6" && contains "$(lichen elf show --format json program libone.so)" '"Kind" : "library"' &&
    lichen elf show --format json program fixed | python3 -c '
import json, sys
program, fixed = json.load(sys.stdin)
assert program["Needed"] == ["libm.so.6", "libc.so.6"] and program["Kind"] == "program" and program["Bits"] == 64, program
assert fixed["Kind"] == "static" and fixed["Needed"] == [] and "Interpreter" not in fixed, fixed'
}
t "elf show, in words and as JSON" shows
sets() {
  cp program p && chmod 4711 p || return
  lichen elf set --add-needed libone.so --add-needed libtwo.so --add-rpath '$ORIGIN' p &&
    equals 3 "$(./p | wc -l)" &&
    contains "$(./p)" one && contains "$(./p)" two && contains "$(ldd ./p)" "libone.so => $here" && equals 4711 "$(stat -c %a p)" || return
  local once
  once=$(sha256sum <p) && lichen elf set --add-needed libone.so --add-rpath '$ORIGIN' p && equals "$once" "$(sha256sum <p)" &&
    lichen elf set --replace-needed libone.so libtwo.so p && equals "two main 2" "$(./p | tr '\n' ' ' | xargs)" &&
    lichen elf set --remove-needed libtwo.so --rpath '' p && equals "main 2" "$(./p)" &&
    equals "$(readelf -Wd program | grep NEEDED)" "$(readelf -Wd p | grep NEEDED)"
}
t "elf set: a library more, another, none; twice is once" sets
interpreter() {
  local old
  old=$(readelf -Wl program | sed -n 's/.*interpreter: \(.*\)]/\1/p') && cp "$old" a-loader-with-a-long-name.so &&
    lichen elf set --interpreter "$here/a-loader-with-a-long-name.so" -o q program && equals "main 2" "$(./q)" &&
    contains "$(lichen elf show q)" a-loader-with-a-long-name.so && ! cmp -s q program &&
    lichen elf set --soname libother.so libone.so && contains "$(lichen elf show libone.so)" "soname:      libother.so" &&
    lichen elf set --soname libone.so libone.so
}
t "elf set: interpreter, soname, another output" interpreter
refuses() {
  local before found
  before=$(sha256sum fixed)
  status 125 lichen elf set --add-needed x fixed && contains "$(cat "$TMPDIR/stderr")" "linked statically" && equals "$before" "$(sha256sum fixed)" &&
    status 125 lichen elf show program.c && contains "$(cat "$TMPDIR/stderr")" "offset 0, e_ident: this is no ELF file" &&
    head -c 3000 program >short && status 125 lichen elf show short && contains "$(cat "$TMPDIR/stderr")" "outside of the file" &&
    status 125 lichen elf show nothing && status 125 lichen elf set program && status 125 lichen elf dance program &&
    mkdir -p closed && cp program closed/ && chmod 500 closed && status 125 lichen elf set --add-needed x closed/program && cmp program closed/program &&
    chmod 700 closed && status 125 lichen elf set --add-needed x -o y program fixed && found=$(find . -name '.lichen*') && equals "" "$found"
}
t "elf: what cannot be is refused, and nothing is written" refuses
help() {
  contains "$(lichen elf --help)" "--replace-needed=OLD NEW" && contains "$(lichen set --help)" --list
}
t "elf --help" help

make_image() {
  rm -rf "$tree" && mkdir -p "$tree/usr/bin" "$tree/usr/lib" "$tree/opt/tools" || return
  ln -s usr/bin "$tree/bin"
  local file
  for file in $(ldd ./program | grep -o '/[^ ]*'); do
    mkdir -p "$tree$(dirname "$file")" && cp -L "$file" "$tree$file" || return
  done
  cp program "$tree/usr/bin/first" && cp program "$tree/opt/tools/second" && cp fixed "$tree/opt/tools/fixed" && cp libone.so libtwo.so "$tree/usr/lib/" &&
    tar -C "$tree" -cf image.tar . && lichen import -q -c 'CMD=["/bin/first"]' image.tar test/elf >/dev/null
}
t "an image with programs" make_image
layers() { # a digest of all files of all layers
  find "${LICHEN_HOME:-$HOME/.local/share/lichen}"/layers/*/fs -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum
}
settings() { # OPTION…: of create
  local before c
  before=$(layers) && c=$(lichen create "$@" test/elf) && equals "main 2" "$(lichen start -a "$c")" &&
    lichen set "$c" add_needed /bin/first libone.so && lichen set "$c" add_needed /usr/bin/first 'libtwo.so;libone.so' &&
    lichen set "$c" add_rpath /usr/bin/first /usr/lib && equals "add_needed /usr/bin/first libone.so;libtwo.so
add_rpath /usr/bin/first /usr/lib" "$(lichen get "$c")" && equals "main 2 one two" "$(lichen start -a "$c" | sort | xargs)" &&
    lichen unset "$c" add_needed /bin/first libone.so && equals "main 2 two" "$(lichen start -a "$c" | sort | xargs)" &&
    lichen unset "$c" add_needed /bin/first && lichen unset "$c" add_rpath /bin/first && equals "" "$(lichen get "$c")" &&
    equals "main 2" "$(lichen start -a "$c")" && equals "$before" "$(layers)" && equals "main 2" "$(lichen run --rm test/elf)" &&
    lichen rm "$c" >/dev/null
}
t "set, get, unset: a program gets libraries and loses them; the layers stay" settings
t "the same on a tree of its own" settings --strategy extract
every_launcher() {
  local launcher
  for launcher in userns trap; do
    lichen plan --explain run --launcher "$launcher" test/elf 2>/dev/null | grep -q chosen || continue
    settings --launcher "$launcher" || return
  done
}
t "the same under every launcher that works here" every_launcher
own_files() { # CONTAINER NAME: where it has files of that name of its own
  find "${LICHEN_HOME:-$HOME/.local/share/lichen}/containers/$1" -path '*/work' -prune -o -name "$2" -print
}
undone() {
  local c
  c=$(lichen create test/elf) && lichen start -a "$c" >/dev/null && lichen set "$c" add_needed /opt/tools libone.so && lichen set "$c" add_rpath /opt/tools /usr/lib || return
  contains "$(lichen elf show "$(own_files "$c" second)")" "needed:      libone.so" && equals "" "$(own_files "$c" fixed)" &&
    lichen unset "$c" add_needed /opt/tools && lichen unset "$c" add_rpath /opt/tools &&
    equals "" "$(own_files "$c" second)" && lichen rm "$c" >/dev/null
}
t "a directory means all programs in it; unset leaves nothing" undone
own_program() { # one that the guest has put there is given back as it was
  local c file before
  c=$(lichen create --strategy extract test/elf) && lichen start -a "$c" >/dev/null &&
    file=$(own_files "$c" first) && before=$(sha256sum "$file"; stat -c '%a %Y' "$file") &&
    lichen set "$c" remove_needed /usr/bin/first libm.so.6 && ! lichen start -a "$c" 2>/dev/null &&
    lichen unset "$c" remove_needed /usr/bin/first && equals "$before" "$(sha256sum "$file"; stat -c '%a %Y' "$file")" &&
    equals "main 2" "$(lichen start -a "$c")" && lichen set "$c" add_needed /usr/bin/first libone.so && cp program "$file" &&
    lichen unset "$c" add_needed /usr/bin/first && cmp program "$file" && lichen rm "$c" >/dev/null
}
t "a program of the container's own comes back byte for byte; one that was replaced meanwhile stays" own_program
never_started() {
  local c
  c=$(lichen create test/elf) && lichen set "$c" add_needed /bin/first libone.so && lichen set "$c" add_rpath /bin/first /usr/lib &&
    equals "main 2 one" "$(lichen start -a "$c" | sort | xargs)" && lichen rm "$c" >/dev/null
}
t "before the first start" never_started
refused() {
  local c
  c=$(lichen create test/elf) && lichen start -a "$c" >/dev/null && status 125 lichen set "$c" add_needed /nothing x &&
    status 125 lichen set "$c" add_needed relative x && status 125 lichen set "$c" add_nothing /bin/first x &&
    contains "$(cat "$TMPDIR/stderr")" add_needed && status 125 lichen set "$c" add_needed /opt/tools/fixed x &&
    contains "$(cat "$TMPDIR/stderr")" "linked statically" && status 125 lichen set "$c" add_needed /bin/first && equals "" "$(lichen get "$c")" &&
    status 125 lichen set nosuch add_needed /bin/first x && lichen rm "$c" >/dev/null && contains "$(lichen set --list)" "add_rpath: "
}
t "what cannot be set is refused, and nothing is recorded" refused
done_
