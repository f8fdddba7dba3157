"""JAX: would the eight points of one window better be evaluated together, by ``jax.vmap``?

Median times of one window of a small and of a large network, plain and jitted; cold is the first
window, in which JAX compiles. A check takes some 20 to 100 evaluations, that is 2 to 12 windows.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

POINTS = 8
SMALL, LARGE = (12, 24, 7), (784, 800, 500, 10)


def network(widths: tuple[int, ...]) -> tuple[Callable[[Any], Any], list[Any]]:
    """A loss of its weights, and the weights."""
    generator = np.random.default_rng(0)
    weights = [
        jnp.asarray(generator.normal(size=shape) / shape[0] ** 0.5, jnp.float32)
        for shape in pairwise(widths)
    ]
    data = jnp.asarray(generator.normal(size=(64, widths[0])), jnp.float32)

    def loss(weights: list[Any]) -> Any:
        hidden = data
        for weight in weights:
            hidden = jnp.tanh(hidden @ weight)
        return jnp.mean(hidden**2)

    return loss, weights


def forms(loss: Callable[[Any], Any]) -> dict[str, Callable[[Any], Any]]:
    together = jax.vmap(loss)

    def one_by_one(stacked: list[Any]) -> list[float]:
        return [float(loss([weight[k] for weight in stacked])) for k in range(POINTS)]

    return {"one by one": one_by_one, "vmap": lambda stacked: np.asarray(together(stacked))}


def measure(window: Callable[[Any], Any], stacked: list[Any], repeats: int) -> tuple[float, float]:
    """Milliseconds of the first window, and of a later one."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        window(stacked)
        times.append(1e3 * (time.perf_counter() - began))
    return times[0], statistics.median(times[1:])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", metavar="FILE", help="also write the rows")
    options.add_argument("--quick", action="store_true", help="the small network, twice")
    chosen = options.parse_args()
    rows = []
    print("| parameters | function | window | cold | warm |")
    print("| --- | --- | --- | --- | --- |")
    for widths in (SMALL,) if chosen.quick else (SMALL, LARGE):
        loss, weights = network(widths)
        size = sum(weight.size for weight in weights)
        stacked = [jnp.stack([weight] * POINTS) for weight in weights]
        for kind, function in (("plain", loss), ("jitted", jax.jit(loss))):
            for form, window in forms(function).items():
                cold, warm = measure(window, stacked, 2 if chosen.quick else 20)
                print(f"| {size:,} | {kind} | {form} | {cold:.0f} ms | {warm:.2f} ms |")
                rows.append(
                    {"parameters": size, "function": kind, "form": form, "cold": cold, "warm": warm}
                )
    if chosen.json:
        Path(chosen.json).write_text(json.dumps({"rows": rows, "demands": []}), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
