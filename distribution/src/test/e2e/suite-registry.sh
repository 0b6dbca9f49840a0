# A real registry: plain, with basic authentication, with TLS from an authority of our own.
. "$E2E/lib.sh"
. "$E2E/registry.sh"
. "$E2E/killed.sh"
. "$E2E/layers.sh"
trap registries_stop EXIT

push() { # LAYOUT[:TAG] NAME [OPTION…]
  local from=$1 name=$2
  shift 2
  skopeo copy -q --dest-tls-verify=false "$@" "oci:$from" "docker://$plain/$name"
}

needed() {
  have docker-registry && have skopeo && have umoci
}
t "a registry, and tools to fill it" needed
(needed >/dev/null) || {
  done_
  exit
}
registry_start plain # not within a test: those are subshells, and it stays
plain=127.0.0.1:$port plain_log=$log

t "layers are made" make_layers
fill() {
  local arm glibc musl
  glibc=$(fixture busybox-glibc-amd64.oci) && musl=$(fixture busybox-musl-amd64.oci) &&
    arm=$(fixture busybox-glibc-arm64.oci) || skip "no busybox layouts"
  push "$glibc" busybox:glibc && push "$musl" busybox:musl && push "$arm" busybox:arm64 &&
    push "$TMPDIR/made:multi" deep/er/multi:1 &&
    skopeo copy -q --dest-compress-format zstd "oci:$TMPDIR/made:multi" "oci:$TMPDIR/zstd:multi" &&
    push "$TMPDIR/zstd:multi" zstd:1
}
t "the registry is filled" fill

t "pull by tag, run" eval '
  lichen pull "$plain/busybox:glibc" && contains "$(lichen run --rm --pull never "$plain/busybox:glibc" busybox 2>&1)" BusyBox'
by_digest() {
  local digest
  digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$plain/busybox:musl")
  lichen pull -q "$plain/busybox@$digest" && status 0 lichen run --rm --pull never "$plain/busybox@$digest" true
}
t "pull by digest, run" by_digest
t "run pulls what is missing" equals yes "$(lichen run --rm "$plain/busybox:musl" echo yes 2>/dev/null)"
again() { # its configuration is read once more, to see whether the platform fits
  local before
  before=$(blob_requests "$plain_log")
  lichen pull "$plain/busybox:glibc" && equals $((before + 1)) "$(blob_requests "$plain_log")"
}
t "a second pull fetches no layer" again
t "pull -q prints the id alone" eval '
  lichen pull -q "$plain/deep/er/multi:1" >"$TMPDIR/out" 2>"$TMPDIR/err" && equals "" "$(cat "$TMPDIR/err")" &&
    [[ $(cat "$TMPDIR/out") =~ ^(sha256:)?[0-9a-f]{64}$ ]]'
plain_lines() {
  lichen rmi -f "$plain/deep/er/multi:1" >/dev/null
  lichen pull "$plain/deep/er/multi:1" >"$TMPDIR/out" 2>&1 || return 1
  ! grep -q $'[\r\e]' "$TMPDIR/out"
}
t "without a terminal: plain lines" plain_lines

refused() { # WHY COMMAND…: status 125, the reason and a hint
  local why=$1 found=0
  shift
  "$@" >/dev/null 2>"$TMPDIR/said" || found=$?
  equals 125 "$found" && contains "$(cat "$TMPDIR/said")" "$why" &&
    contains "$(head -n 1 "$TMPDIR/said")" "lichen: " && grep -q '^hint: .' "$TMPDIR/said" || {
    cat "$TMPDIR/said"
    return 1
  }
}
t "no such tag" refused "$plain/busybox:nosuch" lichen pull "$plain/busybox:nosuch"
t "no such name" refused "$plain/nosuch:1" lichen pull "$plain/nosuch:1"
t "no such host" refused "cannot be resolved" lichen pull "registry.invalid/busybox:1"
t "connection refused" refused "connection refused" lichen pull "127.0.0.1:$(free_port)/busybox:1"
t "arm64 is refused" refused "linux/arm64" lichen pull "$plain/busybox:arm64"

t "whiteouts and an opaque directory hold" layers_hold "$plain/deep/er/multi:1"
t "layers of zstd" eval '
  skopeo inspect --tls-verify=false --raw "docker://$plain/zstd:1" | grep -q "tar+zstd" && lichen rmi -af >/dev/null &&
    layers_hold "$plain/zstd:1"'

with_login() {
  have htpasswd
  htpasswd -Bbc "$TMPDIR/htpasswd" user "pass: word" 2>/dev/null
  registries=()
  trap registries_stop EXIT
  registry_start auth "auth: {htpasswd: {realm: here, path: $TMPDIR/htpasswd}}" || return 1
  local image=127.0.0.1:$port/busybox:musl login=$TMPDIR/auth.json
  lichen rmi -af >/dev/null
  refused "login" lichen pull "$image" &&
    skopeo login --tls-verify=false --authfile "$login" -u user -p "pass: word" "127.0.0.1:$port" &&
    REGISTRY_AUTH_FILE=$login lichen pull "$image" &&
    python3 - "$login" <<'PY' && REGISTRY_AUTH_FILE=$login.wrong refused "user" lichen pull "$image"
import base64, json, sys
auths = json.load(open(sys.argv[1]))
for each in auths["auths"].values():
    each["auth"] = base64.b64encode(b"user:wrong").decode()
json.dump(auths, open(sys.argv[1] + ".wrong", "w"))
PY
}
t "basic authentication: none, the right, the wrong" with_login

with_tls() {
  have openssl
  cd "$TMPDIR"
  registries=()
  trap registries_stop EXIT
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=e2e authority" -keyout ca.key -out ca.crt 2>/dev/null &&
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout tls.key -out tls.csr 2>/dev/null &&
    echo "subjectAltName=DNS:localhost" >san &&
    openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out tls.crt 2>/dev/null &&
    registry_start tls "  tls: {certificate: $TMPDIR/tls.crt, key: $TMPDIR/tls.key}" || return 1
  local image=localhost:$port/busybox:musl config=$HOME/.config
  lichen rmi -af >/dev/null
  refused "not trusted" lichen pull "$image" &&
    mkdir -p "$config/lichen" "$config/containers/certs.d/localhost:$port" "$config/containers/certs.d/127.0.0.1:$port" &&
    printf 'registries:\n  ca:\n    "localhost:%s": %s\n' "$port" "$TMPDIR/ca.crt" >"$config/lichen/config.yaml" &&
    lichen pull "$image" && lichen rmi -f "$image" && rm "$config/lichen/config.yaml" &&
    refused "not trusted" lichen pull "$image" &&
    cp ca.crt "$config/containers/certs.d/localhost:$port/" && lichen pull "$image" &&
    cp ca.crt "$config/containers/certs.d/127.0.0.1:$port/" &&
    refused "another name" lichen pull "127.0.0.1:$port/busybox:musl"
}
t "TLS: an unknown authority, registries.ca, certs.d, another name" with_tls

layers_of() { python3 -c 'import json, sys; print(len({each["digest"] for each in json.load(sys.stdin)["layers"]}))'; }
eight() {
  local i pids=()
  export LICHEN_HOME=$TMPDIR/eight
  for ((i = 0; i < 8; i++)); do
    lichen --foreground pull -q "$plain/deep/er/multi:1" >"$TMPDIR/pull$i" 2>&1 &
    pids+=($!)
  done
  for ((i = 0; i < 8; i++)); do
    wait "${pids[i]}" || {
      cat "$TMPDIR/pull$i"
      return 1
    }
  done
  equals "$(skopeo inspect --tls-verify=false --raw "docker://$plain/deep/er/multi:1" | layers_of)" \
    "$(find "$LICHEN_HOME/layers" -mindepth 2 -maxdepth 2 -name fs | wc -l)" &&
    equals "" "$(ls "$LICHEN_HOME/layers/staging" "$LICHEN_HOME/store/staging" | grep -v :)" &&
    store_consistent "$LICHEN_HOME"
}
t "8 pulls of one image in 8 runtimes: one copy of each layer" eight

peers() {
  have umoci && have skopeo
  local store=$HOME/.local/share/lichen/store name=$plain/deep/er/multi:1
  lichen pull -q "$name" >/dev/null &&
    skopeo copy -q "oci:$store:$name" "dir:$TMPDIR/by-skopeo" &&
    umoci unpack --rootless --image "$store:$name" "$TMPDIR/by-umoci" &&
    equals "dir kept" "$(echo $(ls "$TMPDIR/by-umoci/rootfs/d"))" && equals above "$(ls "$TMPDIR/by-umoci/rootfs/o")"
}
t "skopeo and umoci read the store" peers

# Ten images with a layer each that does not compress, so that kills fall into all parts of a pull.
pulls_killed() {
  local i base
  base=$(fixture busybox-musl-amd64.oci) || skip "$base"
  skopeo copy -q "oci:$base" "oci:$TMPDIR/big:base" || return 1
  for ((i = 0; i < 10; i++)); do
    head -c 6000000 /dev/urandom >"$TMPDIR/random"
    umoci insert --rootless --image "$TMPDIR/big:base" --tag "n$i" "$TMPDIR/random" /random &&
      push "$TMPDIR/big:n$i" "big:$i" || return 1
  done
  for ((i = 0; i < rounds; i++)); do
    killed $((RANDOM % 900)) lichen pull -q "$plain/big:$((i % 10))"
    ((i % 10 < 9)) || {
      store_consistent && lichen rmi -af >/dev/null && store_consistent || return 1
    }
  done
  for ((i = 0; i < 10; i++)); do
    lichen pull -q "$plain/big:$i" >/dev/null || return 1
  done
  store_consistent && equals 6000000 "$(lichen run --rm --pull never "$plain/big:0" stat -c %s /random)" &&
    equals "" "$(ls -A "$HOME/.local/share/lichen/store/staging")"
}
t "kill -9 within pull, $rounds times" pulls_killed
lichen rmi -af >/dev/null
done_
