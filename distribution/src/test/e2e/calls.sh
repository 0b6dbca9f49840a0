# Sourced by suites of calls between host and containers: an image, exposed commands in PATH, and `report`, made in a directory by reported.
. "$E2E/images.sh"
. "$E2E/tmux.sh"
t "import alpine" images_ready
commands=$(lichen init | sed "s/^export PATH='//; s/'.*//")
export PATH=$commands:$PATH
reported() { # DIRECTORY
  have gcc
  mkdir -p "$1/sub" && gcc -O1 -w -static -o "$1/report" "$E2E/calls/report.c"
}
