"""Given: claims at kinks that are arrays, computed before, and cannot be asked for beside the kink.

The functions, points and claims are those of other families, where the claim is a function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from ..specimen import Params, Problem, Specimen
from . import alarms, shrunk, ties

FAMILY = "given"


def _given(specimens: Iterable[Specimen]) -> Iterator[Specimen]:
    for specimen in specimens:
        make = functools.partial(_as_arrays, specimen.make)
        yield replace(specimen, name=f"{specimen.name}, as arrays", family=FAMILY, make=make)


def _as_arrays(make: Callable[[], Problem]) -> Problem:
    return replace(make(), given=True)


def _chosen() -> Iterator[Specimen]:
    """A difference of rectifiers at 0, whose backward pass takes the slope 1 for each of them.

    ``relu(a) - w relu(-a)`` has the slopes 1 and ``w`` there, and the sum of both choices is
    ``1 + w``, as in any framework with that convention: a legal claim outside the slopes. Ten times
    as much is none.
    """
    for weight in (0.75, 2.0, 3.0):
        name = f"rectifiers of slope 1 and {weight:g} at 0, both chosen"
        yield Specimen(f"{name}, right", FAMILY, functools.partial(_rectifiers, weight), open=True)
        yield Specimen(
            f"{name}, times 10", FAMILY, functools.partial(_rectifiers, weight, 10.0),
            error=9.0, blocks=("a",), kind="scale",
        )  # fmt: skip


def _rectifiers(weight: float, factor: float = 1.0) -> Problem:
    def fun(p: Params) -> float:
        a, b = p["a"][0], p["b"]
        return float(max(a, 0.0) - weight * max(-a, 0.0) + b @ b)

    def grad(p: Params) -> Params:
        return {"a": np.array([factor * (1.0 + weight)]), "b": 2 * p["b"]}

    return Problem(fun, {"a": np.zeros(1), "b": np.array([0.5, -1.5])}, grad, given=True)


def _many() -> Iterator[Specimen]:
    """Of more entries than are looked at one by one."""
    return (s for s in shrunk.lasso() if s.name.startswith(("lasso of 40,", "lasso of 90,")))


ALL_GIVEN: tuple[Specimen, ...] = (
    *_given(_many()),
    *_given((*alarms.kinks_at_the_point(), *alarms.pooling_ties(), *ties.ALL_TIES)),
    *_chosen(),
)
