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
  rm -rf $(images)/* && chmod 500 $(images) && equals hello "$(run echo hello)"; s=$?; chmod 700 $(images); exit $s'
t "what is no image is made anew" eval '
  run true && for f in $(images)/*-*; do : >"$f"; done && equals hello "$(run echo hello)"'
unusual() {
  have gcc
  echo '.globl _start; _start: mov $60, %eax; xor %edi, %edi; syscall; .quad _start' >"$TMPDIR/u.s" && mkdir -p "$HOME/u" &&
    gcc -nostdlib -static-pie -Wl,-z,notext -o "$HOME/u/textrel" "$TMPDIR/u.s" && gcc -nostdlib -static-pie -Wl,-z,notext,--omagic -o "$HOME/u/omagic" "$TMPDIR/u.s" || return 1
  for program in textrel omagic; do
    status 126 launched -v "$HOME/u:/u" test/alpine "/u/$program" && contains "$(cat "$TMPDIR/stderr")" "cannot be rewritten" || return 1
  done
}
t "code that cannot be rewritten is not executed" unusual
t "nothing is left" nothing_left
done_
