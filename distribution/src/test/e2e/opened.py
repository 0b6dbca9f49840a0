"""opened.py TRACE|- PLACE…: what the guests of a trace (strace -f -y -e trace=%file) looked at by path outside of these places; one a line, and then status 1.

Guests are the process that first executes lichen-stage and all that appear after it: what was there before is the client, the shim and the launcher."""
import os, re, sys

trace, places = sys.argv[1], [path for place in sys.argv[2:] for path in (place, os.path.realpath(place))]
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)(?:<(.*?)>)?(?: .*)?$")
STRING = re.compile(r'(?:(AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
before, guests, waiting, last, calls, outside = set(), False, {}, {}, 0, {}


def allowed(path):
    path = re.sub(r" \(deleted\)$", "", os.path.normpath(path))
    return path.startswith("/memfd:") or any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)


def looked(line):
    """The paths of the host that a call is about."""
    call = CALL.match(line)
    if not call: return
    name, arguments, result, opened = call.groups()
    if opened and opened.startswith("/"): yield opened  # as the kernel knows it
    skipped = name in ("symlink", "symlinkat")  # the first is a text
    for _, directory, path in STRING.findall(arguments.split(", [")[0] if name.startswith("execve") else arguments):
        if skipped: skipped = False
        elif path.startswith("/"): yield path
        elif directory and path: yield directory + "/" + path
        if name in ("setxattr", "lsetxattr", "getxattr", "lgetxattr", "removexattr", "lremovexattr", "readlink", "readlinkat", "getcwd"): break


def take(pid):
    global calls
    for path in looked(last.pop(pid, "")):
        calls += 1
        if not allowed(path): outside.setdefault(path, pid)


for line in sys.stdin if trace == "-" else open(trace, errors="surrogateescape"):
    pid, line = line.split(None, 1)
    if line.startswith("---"):
        if "SIGSYS" in line: last.pop(pid, None)  # the filter has kept it from being made
        continue
    if line.startswith("<..."): line = waiting.pop(pid, "") + re.sub(r"^<\.\.\. \w+ resumed>", "", line)
    elif line.rstrip().endswith("<unfinished ...>"):
        waiting[pid] = line[:line.rindex("<unfinished ...>")]
        if guests and pid not in before: take(pid)
        continue
    if not guests or pid in before:
        if not re.match(r'execve\("[^"]*/lichen-stage".* = 0$', line): before.add(pid)
        else: guests, _ = True, before.discard(pid)
        continue
    take(pid)
    last[pid] = line.rstrip("\n")
for pid in list(last): take(pid)
if not calls: sys.exit("no guest was seen")
for path, pid in outside.items(): print(pid, path)
sys.exit(1 if outside else 0)
