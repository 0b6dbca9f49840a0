# What a new user does first: hello, help, a wrong command, the embedded image without network.
. "$E2E/lib.sh"

hello() {
  local output
  output=$(lichen run --rm hello) && contains "$output" "Hello from inside a container" &&
    contains "$output" "launcher   userns" && contains "$output" "identity   "
}
t "run --rm hello" hello
t "version" contains "$(lichen version 2>&1)" "lichen version 0.1.0"
t "help lists run" contains "$(lichen help 2>&1)" "Run a command in a new container"
misspelt() {
  local output
  output=$(lichen rnu 2>&1) && return 1
  contains "$output" "did you mean: lichen run"
}
t "a misspelt command suggests the right one" misspelt
t "an unknown image name is 125" status 125 lichen run --pull never nosuchimage true
t "doctor says yes" status 0 lichen doctor
t "doctor --format json is JSON" eval 'lichen doctor --format json | python3 -m json.tool'
refused() { # as on a host without user namespaces
  unshare -Ur true 2>/dev/null || skip "no user namespace to forbid them in"
  local output
  output=$(unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec lichen --foreground run --rm --launcher userns hello' 2>&1)
  equals 125 $? && contains "$output" "user namespaces" && contains "$output" "hint: "
}
t "without user namespaces the launcher for them tells what is missing, 125" refused
t "help of a command has an example" contains "$(lichen run --help)" "Example: lichen run"
t "nothing is left of run --rm" equals "" "$(lichen ps -aq)"
done_
