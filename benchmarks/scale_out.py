"""A hunt by one process and by several: speed-up, lost time, and what many functions would take.

python benchmarks/scale_out.py [--workers N] [--milliseconds MS] [--tries N]

A function that takes some milliseconds is hunted by one process and by N. The times of its tries,
as its journal has them, are then drawn from for 10,000 functions on 100 machines: a machine takes
the next function when it is free.
"""

from __future__ import annotations

import argparse
import heapq
import json
import tempfile
import time
from pathlib import Path

import numpy as np

import gradproof as gp

FUNCTIONS, MACHINES, TRIES = 10_000, 100, 300


def slow(milliseconds):
    """A function and its gradient that take so long."""

    # In the function itself, so that it travels to workers as it is.
    def fun(x):
        end = time.perf_counter() + milliseconds / 1e3
        while time.perf_counter() < end:
            pass
        return float(np.sum(np.tanh(x)))

    return fun, lambda x: 1 / np.cosh(np.clip(x, -300, 300)) ** 2


def hunted(milliseconds, tries, workers, journal):
    fun, grad = slow(milliseconds)
    began = time.perf_counter()
    hunt = gp.hunt(fun, gp.arrays((3,)), grad=grad, tries=tries, workers=workers, journal=journal)
    return hunt, time.perf_counter() - began


def simulated(seconds, rng):
    """The hours that many functions take on many machines, and the share of time that is lost."""
    each = rng.choice(seconds, size=(FUNCTIONS, TRIES)).sum(axis=1)
    free = [0.0] * MACHINES
    for length in each:
        heapq.heapreplace(free, free[0] + length)
    return max(free) / 3600, 1 - each.sum() / (MACHINES * max(free))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--milliseconds", type=float, default=5.0)
    parser.add_argument("--tries", type=int, default=160)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "journal")
        one, alone = hunted(wanted.milliseconds, wanted.tries, 1, file)
        # Starting the workers is measured apart: a hunt of a few tries.
        _, start = hunted(0.0, 2, wanted.workers, None)
        many, together = hunted(wanted.milliseconds, wanted.tries, wanted.workers, None)
        seconds = [json.loads(line)["seconds"] for line in file.read_text().splitlines()]
    assert (one.tries, one.skipped) == (many.tries, many.skipped)
    lost = 1 - sum(seconds) / (wanted.workers * together)
    hours, idle = simulated(np.array(seconds), np.random.default_rng(0))
    print("| | |\n|---|---|")
    print(f"| {wanted.tries} tries by one process | {alone:.1f} s |")
    print(f"| by {wanted.workers} | {together:.1f} s, {alone / together:.2f} times as fast |")
    print(f"| time lost by the workers | {lost:.0%} |")
    print(f"| starting workers for two tries | {start:.1f} s |")
    print(f"| a try | median {np.median(seconds) * 1e3:.0f} ms, "
          f"most {max(seconds) * 1e3:.0f} ms |")  # fmt: skip
    print(f"| {FUNCTIONS:,} functions, {TRIES} tries each, {MACHINES} machines (simulated) | "
          f"{hours:.2f} h, {idle:.1%} idle |")  # fmt: skip


if __name__ == "__main__":
    main()
