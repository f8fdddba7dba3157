"""A scalar function and its claimed gradient, ready to be measured along directions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import UsageError
from ..records.direction import Direction
from ..records.finding import Finding, Kind
from ..space.point import Course, Point, Working
from .claim import Claim
from .guards import Caller


@dataclass(slots=True)
class Gradient:
    """What is checked: ``centre`` at the point, ``claim`` there, and moves away from it.

    ``findings`` and ``notes`` are what the guards saw on the way.
    """

    point: Point
    caller: Caller
    fun: Callable[..., Any]
    grad: Any
    working: Working = field(init=False)
    claim: Claim = field(init=False)
    centre: Any = field(init=False, default=0.0)
    spread: float = field(init=False, default=0.0)  # known scatter of one evaluation
    promoted: bool = field(init=False, default=False)
    copying: bool = field(init=False, default=False)
    fresh: bool = field(init=False, default=False)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def evaluations(self) -> int:
        """Calls of the user's function so far."""
        return self.caller.calls.get("fun", 0)

    @property
    def movable(self) -> bool:
        """Whether the claim is known at other points too."""
        return self.grad is True or callable(self.grad)

    def look_for_mutation(self, role: str) -> bool:
        """Whether a function has written into its arguments; from then on it gets fresh ones."""
        changed = self.working.changed() + self.caller.changed()
        if changed and not self.copying:
            self.findings.append(_mutation(role, changed))
            self.copying = self.caller.protect = True
        if changed:
            self.working.restore()
        return bool(changed)

    def spoiled(self, course: Course | None) -> bool:
        """Whether ``fun`` did something at a later call that makes the check start again.

        It may write into its arguments only now and then, or hold on to an array that moved
        under its feet: then a slope is flat (``course``), but not with fresh arrays.
        """
        if not self.copying:
            again = self.here()
            if self.look_for_mutation("fun"):
                return True
            if self.spread == 0 and not alike(again, self.centre):
                self.findings.append(_stateful(self.centre, again))
        if course is not None and not self.fresh and self._remembers(course):
            self.fresh = True
            self.findings.append(_REMEMBERS)
            return True
        return False

    def _remembers(self, course: Course) -> bool:
        course.move(1.0)
        trusted = self.here()
        params = self.working.tree(fresh=True)
        course.back()
        value = scalar(self.caller(self.fun, "fun", params), self.grad is True)
        return not alike(value, trusted)

    @property
    def gradient_calls(self) -> int:
        """Calls of the user's gradient function so far."""
        return self.caller.calls.get("grad", 0)

    def evaluate(self, course: Course, t: float) -> Any:
        """``fun`` at the point plus ``t`` times a direction."""
        if self.copying:
            self.working.restore()
        course.move(t)
        self.caller.where = _where(self.point, course.direction, t)
        return self.here()

    def course(self, direction: Direction) -> Course:
        """The moves along a direction."""
        return self.working.course(direction)

    def claimed_bar(self, direction: Direction) -> float:
        """How well the claim itself is known along a direction."""
        return math.hypot(*(p.step * self.claim.noise[p.block] for p in direction.parts))

    def here(self) -> Any:
        """``fun`` at the working copy as it now stands."""
        return scalar(
            self.caller(self.fun, "fun", self.working.tree(fresh=self.fresh)), self.grad is True
        )


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same number, or both are none."""
    return bool(one == other or (np.isnan(one) and np.isnan(other)))


def _mutation(role: str, changed: list[str]) -> Finding:
    listed = ", ".join(changed[:5]) + (" and others" if len(changed) > 5 else "")
    return Finding(
        Kind.MUTATION,
        None,
        f"{role} changes its arguments in place ({listed}). Here it was given fresh copies at "
        "every call, so this check is not affected, but other callers will be.",
    )


def _stateful(before: Any, after: Any) -> Finding:
    return Finding(
        Kind.STATEFUL,
        None,
        f"fun has a state: its value at the point was {float(before):.8g} at the beginning of the "
        f"check and {float(after):.8g} at the end. Reset the state at every call.",
    )


_REMEMBERS = Finding(
    Kind.STATEFUL,
    None,
    "fun keeps a reference to its parameters and trusts it later. Here it was given fresh "
    "arrays at every call; keep a copy instead.",
)


def scalar(result: Any, with_gradient: bool = False) -> Any:
    """The real scalar in what ``fun`` returned, in its own precision."""
    if with_gradient:
        if not (isinstance(result, tuple | list) and len(result) == 2):
            raise UsageError(
                "grad=True says that fun returns (value, gradient), but it returned "
                f"{_described(result)}: return both, or pass the gradient's function as grad."
            )
        result = result[0]
    try:
        array = np.asarray(result)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.size != 1 or array.dtype.kind not in "fiu":
        raise UsageError(_not_scalar(result, array, with_gradient))
    return array.reshape(-1)[0]


def _not_scalar(result: Any, array: Any, with_gradient: bool) -> str:
    hint = "return one real number"
    if with_gradient:
        hint = "with grad=True the value comes first, then the gradient"
    elif result is None:
        hint = "is a return missing in it?"
    elif isinstance(result, tuple) and len(result) == 2:
        hint = "if that is (value, gradient), pass grad=True; else return the value alone"
    elif isinstance(result, tuple | list):
        hint = "return the value alone"
    elif array.dtype.kind == "c":
        hint = "return its real part, or its modulus"
    elif array.size > 1:
        hint = "return its sum or its mean, or one component"
    end = "" if hint.endswith("?") else "."
    return f"fun must return a real scalar, but returned {_described(result)}: {hint}{end}"


def _described(result: Any) -> str:
    if isinstance(result, np.ndarray):
        return f"an array of shape {result.shape} and type {result.dtype}"
    if isinstance(result, tuple | list):
        return f"a {type(result).__name__} of {len(result)}"
    return "None" if result is None else f"a {type(result).__name__}"


def _where(point: Point, direction: Direction, t: float) -> str:
    block = direction.block
    name = "all blocks" if block is None else point.blocks[block].name
    return f"with {name} moved by {t:.3g} along draw {direction.draw} of seed {direction.seed}"
