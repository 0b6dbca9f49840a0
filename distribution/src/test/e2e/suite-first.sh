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
t "nothing is left of run --rm" equals "" "$(lichen ps -aq)"
done_
