"""genome.py DIRECTORY: a small genome, short reads of it with errors, also in parts, and long ones; the same each time."""
import os, random, sys

chance = random.Random(20240229)
BASES, PAIRS = "ACGT", str.maketrans("ACGT", "TGCA")
os.chdir(sys.argv[1])
genome = {f"chr{n}": "".join(chance.choices(BASES, k=size)) for n, size in ((1, 60000), (2, 25000))}


def read(size, errors):
    name = chance.choice(list(genome))
    at = chance.randrange(len(genome[name]) - size)
    bases = "".join(chance.choice(BASES) if chance.random() < errors else base for base in genome[name][at : at + size])
    return bases.translate(PAIRS)[::-1] if chance.random() < 0.5 else bases


def record(name, bases):
    return f"@{name}\n{bases}\n+\n{''.join(chance.choices('FGHI', k=len(bases)))}\n"


with open("ref.fa", "w") as out:
    for name, bases in genome.items():
        out.write(f">{name}\n" + "".join(bases[at : at + 70] + "\n" for at in range(0, len(bases), 70)))
short = [record(f"short{n}", read(120, 0.02)) for n in range(2400)]
with open("reads.fq", "w") as out:
    out.writelines(short)
for part in range(8):
    with open(f"part{part}.fq", "w") as out:
        out.writelines(short[part::8])
with open("long.fq", "w") as out:
    out.writelines(record(f"long{n}", read(3000, 0.06)) for n in range(60))
