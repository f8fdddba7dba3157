"""What a check costs beside the user's function: calls of our own, how deep, and CPU time.

One right check of a network of 4 blocks and 21 parameters, whose forward pass is next to nothing.

    python benchmarks/overhead.py                    # this code
    python benchmarks/overhead.py --before v0.1.0    # beside that of another revision, in one run
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import gradproof as gp

ROOT = Path(__file__).parents[1]
ROUNDS = 10  # processes of each code, one after the other
CHECKS = 40  # in each, of which the fastest counts

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(8, 2)), RNG.normal(size=(8, 1))
PARAMS = {
    "W1": RNG.normal(size=(2, 5)),
    "b1": RNG.normal(size=5),
    "W2": RNG.normal(size=(5, 1)),
    "b2": RNG.normal(size=1),
}


def cost(p: dict[str, Any]) -> float:
    rest = np.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"] - Y
    return float(np.vdot(rest, rest)) / len(Y)


def backprop(p: dict[str, Any]) -> dict[str, Any]:
    hidden = np.tanh(X @ p["W1"] + p["b1"])
    d = 2 * (hidden @ p["W2"] + p["b2"] - Y) / len(Y)
    dh = d @ p["W2"].T * (1 - hidden**2)
    return {"W1": X.T @ dh, "b1": dh.sum(0), "W2": hidden.T @ d, "b2": d.sum(0)}


@dataclass(frozen=True)
class Overhead:
    """Own calls of one check, the deepest chain of them, the files they are in; CPU seconds."""

    verdict: str
    evaluations: int
    calls: int
    depth: int
    files: int
    seconds: float
    forward: float


class Counting:
    """Counts calls of functions in the package while a profiler calls it."""

    def __init__(self) -> None:
        self.root = str(Path(gp.__file__).parent)
        self.calls: Counter[tuple[str, str]] = Counter()
        self.depth = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or not self._own(frame):
            return
        self.calls[frame.f_code.co_filename, frame.f_code.co_qualname] += 1
        depth, at = 0, frame
        while at is not None:
            depth, at = depth + self._own(at), at.f_back
        self.depth = max(self.depth, depth)

    def _own(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename.startswith(self.root)


def check() -> gp.Report:
    return gp.check(cost, PARAMS, grad=backprop)


def counted() -> tuple[gp.Report, Counting]:
    """The second of two checks: what is kept for the next one is there."""
    check()
    counting = Counting()
    sys.setprofile(counting)
    try:
        report = check()
    finally:
        sys.setprofile(None)
    return report, counting


def measured() -> Overhead:
    report, counting = counted()
    return Overhead(
        verdict=str(report.verdict),
        evaluations=report.evaluations,
        calls=sum(counting.calls.values()),
        depth=counting.depth,
        files=len({file for file, _ in counting.calls}),
        seconds=_fastest(check, CHECKS),
        forward=_fastest(lambda: cost(PARAMS), 20 * CHECKS),
    )


def _fastest(function: Any, times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.process_time()
        function()
        spent.append(time.process_time() - began)
    return min(spent)


def _in_turn(sources: dict[str, Path]) -> dict[str, Overhead]:
    """Each code in processes of its own, one after the other; the fastest of each counts."""
    found: dict[str, Overhead] = {}
    for _ in range(ROUNDS):
        for name, source in sources.items():
            one = Overhead(**json.loads(_started(source)))
            if name not in found or one.seconds < found[name].seconds:
                found[name] = one
    return found


def _started(source: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, "--json"], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout


def _source_of(revision: str, folder: str) -> Path:
    """The source of another revision, taken out of git."""
    packed = subprocess.run(
        [shutil.which("git") or "git", "archive", revision, "src"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Path(folder) / "src"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--before", metavar="REVISION", help="compare with another revision")
    options.add_argument("--json", action="store_true", help="this code alone, as JSON")
    chosen = options.parse_args()
    if chosen.json:
        print(json.dumps(asdict(measured())))
        return
    with tempfile.TemporaryDirectory() as folder:
        sources = {"now": ROOT / "src"}
        if chosen.before:
            sources = {chosen.before: _source_of(chosen.before, folder), **sources}
        found = _in_turn(sources)
    Console(width=100).print(_table(found))


def _table(found: dict[str, Overhead]) -> Table:
    table = Table(title="One right check of 4 blocks, 21 parameters")
    for head in ("", "verdict", "evaluations", "own calls", "deep", "files", "CPU ms", "ratio"):
        table.add_column(head, justify="left" if head in ("", "verdict") else "right")
    first = next(iter(found.values()))
    for name, one in found.items():
        table.add_row(
            name, one.verdict, str(one.evaluations), f"{one.calls:,}", str(one.depth),
            str(one.files), f"{1e3 * one.seconds:.2f}", f"{one.seconds / first.seconds:.2f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    main()
