# Sourced: a terminal, driven by tmux, 100 columns and 30 lines, with a shell whose prompt is "host> ".
mux() { tmux -L lichen-e2e "$@"; }
screen() { mux capture-pane -p -t w; }
keys() { mux send-keys -t w "$@"; }
shows() { screen | grep -q -- "$1"; }
see() { until_ 15 shows "$1" || {
  screen
  return 1
}; }
open_() {
  have tmux
  mux kill-server 2>/dev/null
  mux new-session -d -s w -x 100 -y 30 "env PS1='host> ' sh"
  see 'host>'
}
# What runs in the foreground has the terminal: it tells its size and waits; Ctrl-Z, fg and Ctrl-C are for it.
has_the_terminal() { # COMMAND, a shell's -c is added
  keys "$1 -c 'test -t 0 && test -t 1 && stty size; sleep 1000'" Enter && see '^30 100' &&
    keys C-z && see Stopped && keys 'clear; fg' Enter && sleep 0.5 && keys C-c && keys 'echo status $?' Enter && see 'status 130'
}
