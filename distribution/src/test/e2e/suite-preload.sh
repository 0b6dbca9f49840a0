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
t "nothing is left" nothing_left
done_
