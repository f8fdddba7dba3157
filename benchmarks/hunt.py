"""Faults that hide from a random point, hunted from a default space, each beside its right twin.

python benchmarks/hunt.py [--tries N] [--seed N] [--only WORD]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from hunting import branches, settings, shapes, ties, types, values

import gradproof as gp
from gradproof.space import tree

REPLICAS = [r for m in (values, shapes, settings, ties, branches, types) for r in m.REPLICAS]


def entries(point):
    """The entries of all floating-point arrays of a point."""
    arrays = [np.asarray(leaf) for leaf in tree.flatten(point).leaves]
    return sum(array.size for array in arrays if array.dtype.kind in "fc")


def run(tries, seed, only):
    rows, seconds = [], []
    for replica in REPLICAS:
        if only not in f"{replica.family} {replica.name}":
            continue
        began = time.perf_counter()
        options = {"tries": tries, "seed": seed, "options": dict(replica.settings)}
        hunt = gp.hunt(replica.fun, replica.point, grad=replica.wrong, **options)
        twin = gp.hunt(replica.fun, replica.point, grad=replica.right, **options)
        seconds.append(time.perf_counter() - began)
        size = entries(hunt.found[0].values["point"]) if hunt.found else 0
        rows.append((replica, hunt, twin, size))
        print_row(*rows[-1])
    return rows, seconds


def print_row(replica, hunt, twin, size):
    said = "found" if hunt.found else "MISSED"
    small = "" if not hunt.found or size == replica.entries else f", {size} entries not minimal"
    accused = f", TWIN REJECTED: {twin.found[0].cause}" if twin.found else ""
    print(f"  {said}{small}{accused}: {replica.family}: {replica.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    wanted = parser.parse_args()
    warnings.simplefilter("ignore")
    rows, seconds = run(wanted.tries, wanted.seed, wanted.only)
    count = len(rows)
    found = [row for row in rows if row[1].found]
    minimal = [row for row in found if row[3] == row[0].entries]
    confirmed = [row for row in found if any(f.confirmed_by for f in row[1].found)]
    accused = sum(bool(row[2].found) for row in rows)
    print("\n| | |\n|---|---|")
    print(f"| found within {wanted.tries} tries | {len(found)} of {count} |")
    print(f"| right twins rejected | {accused} |")
    print(f"| minimal in the number of entries | {len(minimal)} of {len(found)} |")
    print(f"| confirmed by a second oracle | {len(confirmed)} of {len(found)} |")
    causes = statistics.mean([len(row[1].found) for row in found] or [0])
    print(f"| causes reported for one fault | mean {causes:.2f} |")
    print(f"| both hunts | median {statistics.median(seconds):.1f} s, most {max(seconds):.1f} s |")
    reached = len(found) >= 0.85 * count and accused == 0 and len(minimal) >= 0.9 * len(found)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
