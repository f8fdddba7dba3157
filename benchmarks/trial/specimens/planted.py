"""The planted faults: each of ``benchmarks/faults`` and its right twin.

Points that are no dict of arrays become one: fields keep their names, the places of a tuple or a
list are ``p0``, ``p1``, …, and a bare array is ``x``. A block without a claim is claimed to be
zero here, because not every checker can be given less than a whole gradient. A cause is told
where every wrong block has the same one.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from faults import ALL, ALL_FAULTS, Fault

from ..specimen import Params, Problem, Specimen
from .twins import difference, silent

FAMILY = "faults"


def _specimens() -> Iterator[Specimen]:
    for fault in ALL_FAULTS:
        right = functools.partial(_problem, fault, fault.right)
        wrong = functools.partial(_problem, fault, fault.wrong)
        yield Specimen(f"{fault.name}, right", FAMILY, right)
        yield Specimen(
            f"{fault.name}, wrong",
            FAMILY,
            wrong,
            error=_error(right(), wrong()),
            blocks=tuple(_key(fault, name) for name in fault.blocks),
            entries={
                _key(fault, name): tuple(sorted(entries))
                for name, entries in fault.blocks.items()
                if entries != ALL
            },
            kind=_kind(fault),
        )


def _problem(fault: Fault, gradient: Callable[..., Any]) -> Problem:
    names = _names(fault.point)

    def fun(params: Params, *args: Any) -> float:
        return fault.fun(_like(fault.point, params), *args)

    def grad(params: Params, *args: Any) -> Params:
        found = gradient(_like(fault.point, params), *args)
        return {name: _claimed(found, name, params[name]) for name in names}

    params = {name: np.array(_part(fault.point, name)) for name in names}
    return Problem(silent(fun), params, silent(grad), copy.deepcopy(fault.args))


def _error(right: Problem, wrong: Problem) -> float:
    claims = (p.grad({k: v.copy() for k, v in p.params.items()}, *p.args) for p in (right, wrong))
    return difference(*claims)[0]


def _names(point: Any) -> tuple[str, ...]:
    if isinstance(point, np.ndarray):
        return ("x",)
    if isinstance(point, dict):
        return tuple(point)
    if dataclasses.is_dataclass(point):
        return tuple(field.name for field in dataclasses.fields(point))
    return getattr(point, "_fields", tuple(f"p{i}" for i in range(len(point))))


def _part(point: Any, name: str) -> Any:
    """What of a point, or of a gradient like it, goes by a name."""
    if isinstance(point, np.ndarray):
        return point
    if isinstance(point, dict):
        return point[name]
    return getattr(point, name) if hasattr(point, name) else point[int(name[1:])]


def _like(point: Any, params: Params) -> Any:
    """The parameters in the form in which the function takes them."""
    if isinstance(point, np.ndarray):
        return params["x"]
    if isinstance(point, dict):
        return params
    parts = list(params.values())
    return type(point)(parts) if type(point) in (tuple, list) else type(point)(*parts)


def _claimed(found: Any, name: str, like: Any) -> Any:
    if isinstance(found, dict) and name not in found:
        return found.get(f"d{name}", np.zeros_like(like))
    return np.asarray(_part(found, name))


def _key(fault: Fault, name: str) -> str:
    """The parameter that a report of gradproof calls ``params['W1']``, ``params[0]`` or so."""
    inner = name.removeprefix("params").strip("[].'")
    names = _names(fault.point)
    if inner.isdigit():
        return names[int(inner)]
    return inner or "x"


def _kind(fault: Fault) -> str:
    """The best answer; none where it is that the error has no pattern, or where blocks differ."""
    best = {kinds[0] for kinds in fault.kinds.values()}
    kind = best.pop() if len(best) == 1 else ""
    return {"unexplained": "", "missing-block": "zero"}.get(kind, kind)


ALL_PLANTED: tuple[Specimen, ...] = tuple(_specimens())
