# Sourced by suites that need a registry: Debian's docker-registry on a free port of 127.0.0.1, with its
# storage below TMPDIR. Whoever starts one calls registries_stop in the end.
registries=()

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

registry_start() { # NAME [YAML of the sections http and auth]: sets port and log; several may share a storage
  local name=$1 extra=${2:-} config=$TMPDIR/registry-$1.yml
  port=$(free_port)
  log=$TMPDIR/registry-$name.log
  cat >"$config" <<YAML
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: $TMPDIR/registry}}
http:
  addr: 127.0.0.1:$port
$extra
YAML
  docker-registry serve "$config" >"$log" 2>&1 &
  registries+=($!)
  until_ 20 eval "(: </dev/tcp/127.0.0.1/$port) 2>/dev/null" || {
    cat "$log"
    return 1
  }
}

registries_stop() {
  [ ${#registries[@]} = 0 ] || kill "${registries[@]}" 2>/dev/null
  wait 2>/dev/null
}

blob_requests() { # LOG: how many blobs were fetched
  grep -c '"GET /v2/[^"]*/blobs/' "$1"
}
