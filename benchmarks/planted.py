"""How many faults just above the resolution are accepted? Random ones, in right gradients.

The resolution of a check is the error that it would have noticed with 99 % probability. Functions,
blocks and patterns of errors are those of `benchmarks/resolution.py`. A right gradient is checked
first, to see what that resolves; then faults of 1 to 1.5 times as much are planted into it, each
checked with directions of its own. A fault is accepted if its block is called correct and stated to
be nearer than it is; at most 1 % may be.

    python benchmarks/planted.py [--count 100000] [--seconds 1200] [--seed 0] [--json FILE]

It ends after so many faults, or so many seconds; it says which. The exit status is 1 where more
than 1 % are accepted.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

import numpy as np
from resolution import BLOCKS, KINDS, LEAST, PATTERNS, SIZES, judged, subject

from gradproof.judge.thresholds import T
from gradproof.records.verdict import Verdict

ABOVE = 1.5  # times the resolution, at most
EACH = 9  # faults in one right gradient
DTYPE = "float64"

Setting = tuple[str, int, int, str]


def faults(seed: int) -> Iterator[tuple[Setting, bool]]:
    """One fault after the other, each of a setting, and whether it is accepted."""
    for number in count():
        rng = np.random.default_rng((seed, number))
        kind, size, blocks = KINDS[number % len(KINDS)], int(rng.choice(SIZES)), int(
            rng.choice(BLOCKS)
        )  # fmt: skip
        function = subject(rng, size, DTYPE, blocks, kind)
        right = function.grad()
        state = judged(function, right, EACH * number)
        for fault in range(EACH):
            index = int(rng.integers(blocks))
            found = state.judgements[index]
            if not (found.verdict is Verdict.CORRECT and LEAST < found.resolution < 1):
                continue  # nothing is said of it
            pattern, name = PATTERNS[rng.integers(len(PATTERNS))], f"w{index}"
            error = pattern(rng, right[name])
            norm = float(np.linalg.norm(right[name]))
            error = error * (norm / (np.linalg.norm(error) or 1.0))
            error *= found.resolution * math.exp(rng.uniform(0, math.log(ABOVE)))
            claim = {**right, name: right[name] + error}
            told = judged(function, claim, EACH * number + fault + 1).judgements[index]
            planted = float(np.linalg.norm(claim[name] - right[name])) / norm
            accepted = told.verdict is Verdict.CORRECT and told.resolution < planted
            yield (kind, size, blocks, pattern.__name__), accepted


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000, help="faults")
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    began, planted, accepted = time.monotonic(), Counter[Setting](), Counter[Setting]()
    with np.errstate(all="ignore"):
        for setting, passed in faults(options.seed):
            planted[setting] += 1
            accepted[setting] += passed
            if planted.total() >= options.count or time.monotonic() - began > options.seconds:
                break
    for axis, what in enumerate(("function", "entries", "blocks", "pattern")):
        for value in sorted({setting[axis] for setting in planted}):  # type: ignore[type-var]
            alike = [setting for setting in planted if setting[axis] == value]
            share = sum(accepted[s] for s in alike) / sum(planted[s] for s in alike)
            print(f"{what} {value}: {100 * share:.2f} % of {sum(planted[s] for s in alike):,}")
    total, share = planted.total(), accepted.total() / planted.total()
    enough = "all that were asked for" if total >= options.count else "as many as the time allowed"
    reached = share <= 1 - T.confidence
    text = f"{100 * share:.3f} % of {total:,} faults accepted ({enough})"
    print(f"{'reached    ' if reached else 'NOT REACHED'} {text}")
    if options.json:
        options.json.write_text(json.dumps({"faults": total, "accepted": accepted.total()}))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
