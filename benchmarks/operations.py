"""Which operation is at fault: models with one planted fault, at every depth, and right ones.

    python benchmarks/operations.py [--right RUNS] [--models NAME ...] [--seed N]

For each model, precision and kind of fault it says in how many cases exactly the planted call was
named, and for right models how many calls were rejected; with the most passes forward that it took.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from operation_models import MODELS, Fault, Planted

import gradproof as gp

FAULTS = [
    *(Fault("factor", 1 + 10.0**-k) for k in range(7)),
    *(Fault(kind) for kind in ("sign", "lost term", "wrong input", "transposed", "ignored", "cut")),
]
DTYPES = (torch.float64, torch.float32)


@dataclass(slots=True)
class Score:
    """How often the planted call was named and nothing else, and what it cost."""

    named: int = 0
    cases: int = 0
    passes: int = 0
    missed: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--right", type=int, default=20, help="runs of each right model")
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--depths", type=int, default=99, help="at most so many places a model")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    scores: dict[str, Score] = defaultdict(Score)
    for name in asked.models:
        for dtype in DTYPES:
            for fault in FAULTS:
                faulty(scores[f"{name} {dtype}"], name, dtype, fault, asked)
            print(name, dtype, tell(scores[f"{name} {dtype}"]), flush=True)
    cases = sum(score.cases for score in scores.values())
    named = sum(score.named for score in scores.values())
    print(f"named exactly: {named} of {cases} ({100 * named / max(cases, 1):.1f} %)")
    rejected(asked)


def tell(score: Score) -> str:
    missed = "; ".join(score.missed[:6])
    return f"{score.named} of {score.cases}, at most {score.passes} passes  {missed}"


def faulty(score: Score, name: str, dtype: Any, fault: Fault, asked: Any) -> None:
    for depth in range(min(MODELS[name].depth, asked.depths)):
        planted = Planted(fault, depth)
        report = checked(name, dtype, planted, asked.seed)
        found = [o for o in report.operations if o.verdict.rejects]
        score.cases += planted.sown
        score.passes = max(score.passes, report.inquiry)
        right = bool(found) and all(planted.is_it(o) for o in found)
        score.named += right and planted.sown
        if planted.sown and not right:
            score.missed.append(f"{fault} at {depth}: {[o.where for o in found]}")


def checked(name: str, dtype: Any, planted: Planted | None, seed: int) -> Any:
    torch.manual_seed(seed)
    model, inputs, loss = MODELS[name].make(planted)
    inputs = [x.to(dtype) if x.is_floating_point() else x for x in inputs]
    return gp.check_operations(model.to(dtype), *inputs, loss=loss, seed=seed)


def rejected(asked: Any) -> None:
    """Calls of right models that are rejected, or not decided."""
    verdicts, runs, most, began = Counter[str](), 0, 0, time.process_time()
    for name in asked.models:
        check = partial(checked, name, planted=None)
        for seed in range(asked.right):
            report = check(dtype=DTYPES[seed % 2], seed=seed)
            verdicts += Counter(str(o.verdict) for o in report.operations)
            runs, most = runs + 1, max(most, report.inquiry)
            for o in report.operations:
                if o.verdict is not gp.Verdict.CORRECT:
                    print("  ", name, seed, o.where, o.verdict, o.error, o.bar, o.reason)
    seconds = time.process_time() - began
    print(f"right models: {runs} runs, {dict(verdicts)}, at most {most} passes, {seconds:.0f} s")


if __name__ == "__main__":
    main()
