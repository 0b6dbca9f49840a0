"""exact.py COMMAND ROUNDS: random arguments, variables, input and ends arrive exactly. LICHEN_SEED repeats a run."""
import os, random, subprocess, sys, time

command, rounds = sys.argv[1], int(sys.argv[2])
seed = int(os.environ.get("LICHEN_SEED") or time.time())
chance = random.Random(seed)
BYTES = bytes(range(1, 256))
TRICKY = [b"", b" ", b"'", b'"', b"\\", b"$HOME", b"`id`", b"*", b"-", b"--", b"-n", b"\n", b"a\nb", b"~", b"!", b"\xff\xfe", "é".encode(), b"${init.pid}", b"x" * 5000]


def text(most):
    if chance.random() < 0.4:
        return chance.choice(TRICKY)
    return bytes(chance.choices(BYTES, k=chance.randrange(most)))


for i in range(rounds):
    arguments = [text(60) for _ in range(chance.randrange(12))]
    variables = {b"T_%d" % n: text(80) for n in range(chance.randrange(8))}
    data = chance.randbytes(chance.choice([0, 1, 100, 70000, 1000000]))
    end, wanted = chance.choice([(b"exit %d" % n, n) for n in (0, 1, 7, 77, 125, 126, 127, 200, 255)] + [(b"kill %d" % n, 128 + n) for n in (1, 2, 9, 10, 15)])
    environment = dict(os.environb) | variables | {b"T_END": end}
    made = subprocess.run([command.encode()] + arguments, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=60)
    found = made.returncode if made.returncode >= 0 else 128 - made.returncode
    count, rest = made.stdout.split(b"\0", 1)
    got = []
    for _ in range(int(count)):
        word, rest = rest.split(b"\0", 1)
        got.append(word)
    told = set()
    while not rest.startswith(b"\0"):
        word, rest = rest.split(b"\0", 1)
        told.add(word)
    expected = {name + b"=" + value for name, value in variables.items()} | {b"T_END=" + end}
    for what, one, other in (("arguments", arguments, got), ("variables", expected, told), ("input", data, rest[1:]), ("status", wanted, found), ("stderr", b"told", made.stderr)):
        if one != other:
            sys.exit(f"LICHEN_SEED={seed}, round {i}, {what}: wanted {one!r:.500}, found {other!r:.500}")
print(f"{rounds} rounds")
