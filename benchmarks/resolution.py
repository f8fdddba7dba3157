"""Is the stated resolution true? Planted errors around it, in gradients that pass as correct.

Blocks of 1 to 300 entries, alone and three together, in float64 and float32; functions that are
smooth, quadratic, noisy, or evaluated in float32; errors in one entry, in two alike, dense, and
along the gradient. A right claim is checked first, to see what it resolves; then the same with an
error between a third of that (at most a twentieth of the band) and half of the band. Of the blocks
that are called correct, at most 1 % may be further off than their resolution, and at most 1 %
further than the upper limit of their interval.

    python benchmarks/resolution.py [--count 600] [--seed 0] [--json FILE]

The exit status is 1 where more are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof.engine.loop import check
from gradproof.engine.state import State
from gradproof.engine.watch import Watch
from gradproof.judge.thresholds import T
from gradproof.records.verdict import Verdict
from gradproof.space.point import Point
from gradproof.subject.asked import Asked, Options

SIZES = (1, 2, 6, 30, 300)
DTYPES = ("float64", "float32")
BLOCKS = (1, 3)
KINDS = ("smooth", "quadratic", "noisy", "single")
NOISE = 1e-12  # of the values

LEAST = 1e-14  # smaller relative errors are round-off of the right gradient

Array = NDArray[Any]
Pattern = Callable[[np.random.Generator, Array], Array]


# What is planted


def one_entry(rng: np.random.Generator, right: Array) -> Array:
    return np.eye(right.size)[rng.integers(right.size)]


def two_alike(rng: np.random.Generator, right: Array) -> Array:
    return np.isin(np.arange(right.size), rng.choice(right.size, min(2, right.size), False)) * 1.0


def dense(rng: np.random.Generator, right: Array) -> Array:
    return rng.normal(size=right.size)


def along_the_gradient(_: np.random.Generator, right: Array) -> Array:
    return right


PATTERNS: tuple[Pattern, ...] = (one_entry, two_alike, dense, along_the_gradient)


@dataclass(frozen=True, slots=True)
class Subject:
    """A function of some blocks, whose gradient is known to the last digits of float64."""

    params: dict[str, Array]
    weights: dict[str, Array]
    kind: str

    def fun(self, params: dict[str, Array]) -> float:
        if self.kind == "single":  # precision inside, whatever it is given
            params = {k: v.astype(np.float32) for k, v in params.items()}
        total = sum(self.weights[k] @ v for k, v in params.items())
        if self.kind == "quadratic":
            return np.sum(total + total**2)
        value = np.sum(np.exp(np.tanh(total)))
        if self.kind == "noisy":
            value *= 1 + NOISE * np.sin(1e9 * sum(map(np.sum, params.values())))
        return value

    def grad(self) -> dict[str, Array]:
        """In float64, whatever the parameters are."""
        double = {k: v.astype(float) for k, v in self.weights.items()}
        total = sum(double[k] @ v.astype(float) for k, v in self.params.items())
        smooth = np.exp(np.tanh(total)) / np.cosh(total) ** 2
        outer = 1 + 2 * total if self.kind == "quadratic" else smooth
        return {k: weights.T @ outer for k, weights in double.items()}


def subject(rng: np.random.Generator, size: int, dtype: str, blocks: int, kind: str) -> Subject:
    names = [f"w{k}" for k in range(blocks)]
    params = {k: rng.normal(size=size).astype(dtype) for k in names}
    weights = {k: (rng.normal(size=(5, size)) / size**0.5).astype(dtype) for k in names}
    return Subject(params, weights, kind)


# What is found


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: how many blocks passed, how many of them further off than was said."""

    size: int
    dtype: str
    blocks: int
    correct: int
    undecided: int
    rejected: int
    above_resolution: int
    above_high: int
    right_resolution: float
    right_evaluations: float


def judged(subject: Subject, claim: dict[str, Array], seed: int) -> State:
    asked = Asked(subject.fun, Point(subject.params), claim, Options(seed=seed))
    return check(asked, Watch("resolution")).state


def planted(
    subject: Subject, state: State, pattern: Pattern, rng: np.random.Generator, spread: bool
) -> dict[str, Array]:
    """A claim with errors of one pattern in one block, or in each."""
    right, claim = subject.grad(), {}
    for k, (name, seen) in enumerate(zip(right, state.judgements, strict=True)):
        high = state.bands[k].correct_below / 2
        low = max(min(seen.resolution / 3, high / 10), LEAST)
        error = pattern(rng, right[name]) if spread or not k else np.zeros(right[name].size)
        size = np.exp(rng.uniform(np.log(low), np.log(high))) * np.linalg.norm(right[name])
        error = error * size / (np.linalg.norm(error) or 1.0)
        claim[name] = (right[name] + error).astype(subject.params[name].dtype)
    return claim


def row(size: int, dtype: str, blocks: int, count: int, seed: int) -> Row:
    verdicts, resolutions, evaluations = [], [], []
    resolution = high = 0
    for number in range(count):
        rng = np.random.default_rng((seed, number, size, blocks, len(dtype), DTYPES.index(dtype)))
        s = subject(rng, size, dtype, blocks, KINDS[number // 8 % len(KINDS)])
        right = s.grad()
        state = judged(s, {k: g.astype(dtype) for k, g in right.items()}, number)
        resolutions += [j.resolution for j in state.judgements]
        evaluations.append(state.evaluations)
        pattern, spread = PATTERNS[number % len(PATTERNS)], number // 4 % 2 == 0
        claim = planted(s, state, pattern, rng, spread)
        for name, j in zip(right, judged(s, claim, number).judgements, strict=True):
            error = np.linalg.norm(claim[name] - right[name]) / np.linalg.norm(right[name])
            verdicts.append(j.verdict)
            resolution += j.verdict is Verdict.CORRECT and error > j.resolution
            high += j.verdict is Verdict.CORRECT and error > j.high
    counts = Counter(verdicts)
    return Row(
        size=size,
        dtype=dtype,
        blocks=blocks,
        correct=counts[Verdict.CORRECT],
        undecided=counts[Verdict.UNDECIDED],
        rejected=sum(verdict.rejects for verdict in verdicts),
        above_resolution=int(resolution),
        above_high=int(high),
        right_resolution=float(median(resolutions)),
        right_evaluations=mean(evaluations),
    )


def demands(rows: Iterable[Row]) -> list[tuple[str, bool]]:
    allowed, wanted = 1 - T.confidence, []
    for r in rows:
        name = f"{r.blocks} × {r.size} {r.dtype}"
        for what, above in (("resolution", r.above_resolution), ("limit", r.above_high)):
            share = above / r.correct if r.correct else 1.0
            text = f"{name}: {100 * share:.2f} % of {r.correct} further off than their {what}"
            wanted.append((text, share <= allowed))
    return wanted


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=600, help="checks of each setting")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    rows = []
    for blocks in BLOCKS:
        for dtype in DTYPES:
            for size in SIZES:
                rows.append(row(size, dtype, blocks, options.count, options.seed))
                print(rows[-1], flush=True)
    wanted = demands(rows)
    for text, reached in wanted:
        print(f"{'reached    ' if reached else 'NOT REACHED'} {text}")
    if options.json:
        told = [{"text": text, "reached": reached} for text, reached in wanted]
        options.json.write_text(json.dumps({"rows": list(map(asdict, rows)), "demands": told}))
    return 0 if all(reached for _, reached in wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
