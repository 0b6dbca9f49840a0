# Sourced by suites that kill: what is killed, and what must hold afterwards. The seed is printed.
rounds=${LICHEN_CRASH_ROUNDS:-50}
seed=${LICHEN_SEED:-$RANDOM}
RANDOM=$seed
echo "     seed $seed (LICHEN_SEED=$seed repeats it)"

kill_runtime() { pkill -KILL -u "$(id -u)" java || true; }

# Runs a command and kills the whole of it, and the runtime, after a time. The runtime is there before, so
# that the kill falls into the work and not into the start of a JVM.
killed() { # MILLISECONDS COMMAND…
  local after=$1
  shift
  lichen version >/dev/null
  setsid "$@" >/dev/null 2>&1 &
  local pid=$!
  sleep "$((after / 1000)).$(printf '%03d' $((after % 1000)))"
  kill -KILL -- -$pid 2>/dev/null
  kill_runtime
  wait $pid 2>/dev/null
  return 0
}

store_consistent() { # [HOME]: the index names what is there, each blob is what its name says, layers are whole
  python3 - "${1:-$HOME/.local/share/lichen}" <<'PY'
import hashlib, json, os, sys
home = sys.argv[1]
blobs = home + "/store/blobs/sha256"
wrong = []
for name in os.listdir(blobs):
    with open(os.path.join(blobs, name), "rb") as f:
        if hashlib.file_digest(f, "sha256").hexdigest() != name:
            wrong.append("blob %s is not what its name says" % name)
def there(descriptor, of):
    algorithm, value = descriptor["digest"].split(":")
    path = os.path.join(blobs, value)
    if not os.path.exists(path):
        wrong.append("%s names %s, which is not there" % (of, value))
    elif os.path.getsize(path) != descriptor["size"]:
        wrong.append("%s has another size than %s says" % (value, of))
    return path
def diff_ids(config):
    return json.load(open(config))["rootfs"]["diff_ids"]
layers = home + "/layers/"
for entry in json.load(open(home + "/store/index.json"))["manifests"]:
    manifest = json.load(open(there(entry, "index.json")))
    for diff_id in diff_ids(there(manifest["config"], entry["digest"])):
        if not os.path.isdir(layers + diff_id.split(":")[1] + "/fs"):
            wrong.append("layer %s of %s is not unpacked" % (diff_id, entry["digest"]))
for name in os.listdir(layers):
    if len(name) == 64:
        for line in open(layers + name + "/layer.json"):
            json.loads(line)
print("\n".join(wrong))
sys.exit(bool(wrong))
PY
}
