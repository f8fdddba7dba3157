"""A scalar function and its claimed gradient, ready to be measured along directions."""

from __future__ import annotations

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
    spread: float = field(init=False, default=0.0)
    promoted: bool = field(init=False, default=False)
    copying: bool = field(init=False, default=False)
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

    def changed_late(self) -> bool:
        """Whether ``fun`` wrote into the parameters at some later call; then start again."""
        changed = [] if self.copying else self.working.changed()
        if changed:
            self.findings.append(mutation("fun", changed))
            self.copying = self.caller.protect = True
            self.working.restore()
        return bool(changed)

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

    def claimed(self, course: Course) -> tuple[float, float]:
        """The claimed derivative along a direction, and how well the claim itself is known."""
        noise = sum(
            (part.step * self.claim.noise[part.block]) ** 2 for part in course.direction.parts
        )
        return course.along(self.claim.gradients), noise**0.5

    def here(self) -> Any:
        """``fun`` at the working copy as it now stands."""
        return scalar(self.caller(self.fun, "fun", self.working.tree()), self.grad is True)


def mutation(role: str, changed: list[str]) -> Finding:
    """The finding about a function that writes into its arguments."""
    listed = ", ".join(changed[:5]) + (" and others" if len(changed) > 5 else "")
    return Finding(
        Kind.MUTATION,
        None,
        f"{role} changes its arguments in place ({listed}). Here it was given fresh copies at "
        "every call, so this check is not affected, but other callers will be.",
    )


def scalar(result: Any, with_gradient: bool = False) -> Any:
    """The real scalar in what ``fun`` returned, in its own precision."""
    if with_gradient:
        if not (isinstance(result, tuple | list) and len(result) == 2):
            raise UsageError(
                "grad=True says that fun returns (value, gradient), but it returned "
                f"{_described(result)}."
            )
        result = result[0]
    try:
        array = np.asarray(result)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.size != 1 or array.dtype.kind not in "fiub":
        raise UsageError(_not_scalar(result, array))
    return array.reshape(-1)[0]


def _not_scalar(result: Any, array: Any) -> str:
    hint = "return one real number"
    if result is None:
        hint = "did it forget to return?"
    elif isinstance(result, tuple) and len(result) == 2:
        hint = "if that is (value, gradient), pass grad=True; else return the value alone"
    elif array.dtype.kind == "c":
        hint = "return its real part, or its modulus"
    elif array.size > 1:
        hint = "return its sum or its mean, or one component"
    return f"fun must return a real scalar, but returned {_described(result)}: {hint}."


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
