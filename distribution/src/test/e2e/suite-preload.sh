# The launcher "preload": nothing of the kernel, but code that is rewritten.
. "$E2E/lib.sh"
launcher=preload fact=rewritten-code
. "$E2E/engine.sh"

t "no filter is there" eval 'equals 0 "$(run sed -n "s/^Seccomp:[[:space:]]*//p" /proc/self/status)"'
t "it is the last to be chosen" contains "$(lichen doctor | grep "^  [+-]" | tail -n 1)" preload
images() { echo "$HOME"/.local/share/lichen/native/*/images; }
t "what was rewritten is kept, for its owner alone" eval '
  run true && for d in $(images); do equals 700 "$(stat -c %a "$d")" || return 1; done && contains "$(ls $(images))" -'
t "where it cannot be kept the program runs all the same" eval '
  rm -rf $(images)/* && chmod 500 $(images) && equals hello "$(run echo hello)" && status 0 run sh -c "$mapped"; s=$?; chmod 700 $(images); exit $s'
t "what is no image is made anew" eval '
  run true && for f in $(images)/*-*; do : >"$f"; done && equals hello "$(run echo hello)"'
# Programs that tell whether they see a file of the image, with code that the linker writes into.
unusual() {
  have gcc
  cat >"$TMPDIR/u.s" <<'X'
.globl _start
_start: mov $2, %eax; lea path(%rip), %rdi; xor %esi, %esi; syscall
  mov %rax, %rdi; shr $63, %rdi; mov $60, %eax; syscall
path: .asciz "/etc/alpine-release"
.quad _start
X
  mkdir -p "$HOME/u" && gcc -o "$HOME/u/older" "$E2E/guest/older.c" &&
    gcc -nostdlib -static-pie -Wl,-z,notext -o "$HOME/u/textrel" "$TMPDIR/u.s" && gcc -nostdlib -static-pie -Wl,-z,notext,--omagic -o "$HOME/u/omagic" "$TMPDIR/u.s"
}
dispatched() {
  unusual || return 1
  "$HOME/u/older" true 2>/dev/null && [ "$(uname -r | sed 's/^\([0-9]*\)\.\([0-9]*\).*/\1\2/')" -ge 511 ] || skip "no syscall user dispatch before Linux 5.11"
  for program in textrel omagic; do status 0 launched -v "$HOME/u:/u" test/alpine "/u/$program" || return 1; done
}
t "code that cannot be rewritten is trapped" dispatched
# A runtime of its own, for what it starts is on the same kernel.
refused() {
  unusual || return 1
  export XDG_RUNTIME_DIR=$TMPDIR/older XDG_DATA_HOME=$TMPDIR/data
  mkdir -p -m 700 "$XDG_RUNTIME_DIR" && "$HOME/u/older" lichen import -q "$(fixture alpine-minirootfs-3.20.3-x86_64.tar.gz)" old || return 1
  for program in textrel omagic; do
    status 126 "$HOME/u/older" lichen run --rm --launcher preload -v "$HOME/u:/u" old "/u/$program" && contains "$(cat "$TMPDIR/stderr")" "cannot be rewritten" || break
  done
  s=$?
  lichen runtime stop >/dev/null 2>&1
  return $s
}
t "code that cannot be rewritten is refused where nothing traps it" refused
t "nothing is left" nothing_left
done_
