# A working terminal, driven by tmux: job control, size, Ctrl-C, detach, attach, the interactive shell.
. "$E2E/lib.sh"
. "$E2E/images.sh"
. "$E2E/tmux.sh"
command -v tmux >/dev/null || {
  t "tmux" skip "no tmux here"
  done_
  exit
}
t "import alpine" images_ready

t "run -it: a prompt, a terminal, a size" eval '
  open_ && keys "lichen run --rm -it --name term test/alpine" Enter && see "/ #" &&
  keys "tty; stty size; echo done-\$((1+1))" Enter && see "done-2" && see "/dev/pts/0" && see "30 100"'
t "a resize reaches the guest" eval '
  mux resize-window -t w -x 90 -y 25 && sleep 0.5 && keys "stty size; echo r\$((2+2))" Enter && see "r4" && see "25 90"'
t "Ctrl-C ends the foreground command only" eval '
  keys "sleep 1000" Enter && sleep 0.5 && keys C-c && keys "echo after\$((1+2))" Enter && see after3'
t "job control: Ctrl-Z, jobs, fg" eval '
  keys "sleep 999" Enter && sleep 0.5 && keys C-z && see "Stopped" && keys "jobs" Enter && see "Stopped.*sleep 999" &&
  keys "kill -9 %1; wait; echo j\$((3+3))" Enter && see j6'
# The shell asks the terminal where its cursor is; the answer must not come between the keys.
t "detach, attach, exit" eval '
  keys "clear; V=kept; echo v\$((4+5))" Enter && see "^v9" && sleep 0.5 && keys C-p && keys C-q && see "host>" &&
  contains "$(lichen ps --format "{{.Names}}")" term &&
  keys "clear; lichen attach term" Enter && sleep 1 && keys Enter && see "/ #" && keys "echo \$V-\$V" Enter && see kept-kept &&
  keys "exit 5" Enter && see "host>" && keys "echo status \$?" Enter && see "status 5"'
t "the terminal is as before" eval 'keys "clear; stty -a | grep -o -w -e -echo -e echo | head -1" Enter && see "^echo"'
t "exec -it" eval '
  lichen run -d --name bg test/alpine sleep 1000 >/dev/null
  keys "clear; lichen exec -it -e PS1=in-bg: bg sh" Enter && see "^in-bg:" && keys "tty; stty size; echo e\$((4+4))" Enter && see e8 && see "/dev/pts/" && see "25 90" &&
  keys "exit 3" Enter && see "^host>" && keys "echo status \$?" Enter && see "status 3"'
lichen rm -f bg >/dev/null
t "the interactive Gogo shell: prompt, command, completion, run, history" eval '
  keys "clear; lichen shell" Enter && see "^lichen>" && keys "version" Enter && see "lichen version" &&
  keys "vers" Tab && sleep 1 && keys Enter && sleep 0.5 && keys "run --rm test/alpine echo from-guest" Enter && see "^from-guest" && see "lichen>" &&
  keys C-d && see "host>"'
mux kill-server 2>/dev/null
done_
