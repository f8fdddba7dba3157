"""A check that is running: the function and its claim, ready to be measured along directions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..backend.protocol import Backend, Call, Vjp
from ..backend.registry import outside
from ..judge.thresholds import T
from ..records.direction import Direction, Part
from ..records.finding import Finding, Kind
from ..records.verdict import Ruling
from ..space import tree
from ..space.point import Line, Point, Working
from .asked import Asked
from .claim import Claim, Claimed, owned
from .guards import Caller
from .outputs import Outputs, Scalar, rounding
from .surroundings import Seen, written


class Provider:
    """The base of what claims a gradient and is no function, pytree or True."""

    __slots__ = ()


@dataclass(slots=True)
class Projection:
    """One real number made of the outputs, and the gradient claimed for it.

    ``centre`` is its value at the point, ``scale`` the magnitude of what was added up to it,
    ``floor`` and ``scatter`` the rounding and the known noise of one evaluation; ``reading`` is
    its place in what is read, ``mode`` the way in which the claim was obtained, if there are two.
    """

    reading: int
    centre: Any
    scale: float
    floor: float
    scatter: float
    claim: Claimed
    mode: str = ""

    @property
    def rounding(self) -> float:
        """How far apart two of its values may be that are the same."""
        return rounding(self.centre, self.floor)

    @property
    def spread(self) -> float:
        """What is known of the noise of one evaluation."""
        return max(self.floor, self.scatter)

    @property
    def size(self) -> float:
        """Its magnitude, against which a zero gradient is judged; 0 where it is not finite."""
        scale = max(self.scale, abs(float(self.centre)))
        return scale if math.isfinite(scale) else 0.0


@dataclass(slots=True)
class Session:
    """What is running of what was ``asked``: the working copy, what is read, what the guards saw.

    ``grad`` is what was asked for, or the Jacobian that it turned out to be, ``modes`` are those in
    which it was obtained: ``reverse``, ``forward`` or both. ``copying`` and
    ``fresh`` say that the function gets arrays that it may spoil, or keep; ``confined``, that no
    place beside a kink will do, ``left``, what was raised outside the domain;
    ``traces``, that ``fun`` leaves something behind where the gradient's function can see it,
    which had ``seen`` those things before.
    ``passed`` is a pass forward that serves once more, where a list is there to hold it.
    ``operations`` are so many as a framework recorded in ``fun``, ``refused`` the blocks whose
    backward is, whatever it claims. ``round_off`` is that of the claims in low precision, once it
    is known.
    """

    asked: Asked
    caller: Caller
    point: Point = field(init=False)
    fun: Callable[..., Any] = field(init=False)
    grad: Any = field(init=False)
    working: Working = field(init=False)
    outputs: Outputs = field(default_factory=Scalar)
    projections: list[Projection] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    promoted: bool = False
    copying: bool = False
    fresh: bool = False
    untracked: dict[int, str] | None = None
    untracked_reported: bool = False
    passed: list[tuple[Sequence[Any], Vjp]] | None = None
    confined: bool = False
    left: str = ""
    traces: bool = False
    seen: Mapping[str, Seen] = field(default_factory=dict)
    operations: int = 0
    round_off: Sequence[tuple[float, ...]] | None = None
    refused: dict[int, Ruling] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.point, self.fun, self.grad = self.asked.where, self.asked.fun, self.asked.grad
        self.working = Working(self.point, promote=False)

    @property
    def library(self) -> Backend:
        """The array library of the point."""
        return self.point.library

    @property
    def finite(self) -> bool:
        """Whether the function is finite at the point."""
        return all([math.isfinite(float(p.centre)) for p in self.projections])

    @property
    def evaluations(self) -> int:
        """Calls of the user's function so far."""
        return self.caller.calls.get("fun", 0)

    @property
    def gradient_calls(self) -> int:
        """Calls of the user's gradient function so far."""
        return self.caller.calls.get("grad", 0)

    @property
    def movable(self) -> bool:
        """Whether the claim is known at other points too."""
        if getattr(self.grad, "fixed", False):
            return False
        return self.grad is True or callable(self.grad) or isinstance(self.grad, Provider)

    @property
    def leaves_kinks(self) -> bool:
        """Whether the check may go on beside a kink."""
        return self.movable and not self.confined

    def rescale(self, scales: Mapping[int, float]) -> None:
        """Move some blocks as if they were larger."""
        self.point = self.working.point = self.point.rescaled(scales)

    def line(self, direction: Direction) -> Line:
        """The moves along a direction."""
        return self.working.line(direction)

    def evaluate(self, line: Line, t: float) -> tuple[Any, ...]:
        """``fun`` at the point plus ``t`` times a direction: one number for each projection.

        A line remembers its values: no step is taken twice.
        """
        if t in line.values:
            return line.values[t]
        if self.copying:
            self.working.restore()
        line.move(t)
        self.caller.where = partial(_where, self.point, line.direction, t)
        try:
            found = self.caller(self.fun, "fun", self.working.tree(fresh=self.fresh))
        except Exception as error:
            if not outside(error):
                raise
            numbers = self._nowhere(error)
        else:
            numbers = self.outputs.read(found)
        if len(numbers) != len(self.projections):
            numbers = self._chosen(numbers)
        line.values[t] = numbers
        return numbers

    def _nowhere(self, error: Exception) -> tuple[float, ...]:
        """Beside the point, where ``fun`` worked, it has left its domain."""
        if not self.left:
            self.left = f"{type(error).__name__}: {error}".splitlines()[0]
            self.notes.append(f"Where fun raised {self.left}, it counts as not finite.")
        return (math.nan,) * len(self.projections)

    def here(self) -> tuple[Any, ...]:
        """``fun`` at the working copy as it now stands."""
        return self.read(self.result())

    def again(self) -> tuple[Any, ...]:
        """``fun`` at the point once more, with a look at what it did to its arguments."""
        if self.copying:
            self.working.restore()
        value = self.here()
        self.look_for_mutation("fun")
        return value

    def elsewhere(self) -> None:
        """``fun`` at another point, which must make no difference to anybody."""
        parts = tuple(Part(block.index, block.scale) for block in self.point.blocks)
        line = self.line(Direction(parts, 0, 0))
        self.evaluate(line, T.beside)
        line.back()

    def result(self) -> Any:
        """What ``fun`` returns at the working copy as it now stands."""
        return self.caller(self.fun, "fun", self.working.tree(fresh=self.fresh))

    def outputs_at(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """``fun`` as a function from blocks to the leaves of what it returns, for a framework."""
        fun = getattr(self.grad, "of", None) or self.fun  # what a surrogate stands in for
        return lambda moved: tree.leaves(fun(self.point.assemble(moved), *args, **kwargs))

    def read(self, result: Any) -> tuple[Any, ...]:
        """One number for each projection."""
        return self._chosen(self.outputs.read(result))

    def _chosen(self, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """Those of all projections, of which several may share one that is read."""
        if not self.projections:
            return numbers
        return tuple([numbers[projection.reading] for projection in self.projections])

    def look_for_mutation(self, role: str, made: list[Claim] | None = None) -> bool:
        """Whether a function has written into its arguments; from then on it gets fresh ones.

        Claims that were ``made`` may be those arguments: they are copied before all is put back.
        """
        changed = self.working.changed() + self.caller.changed()
        if changed and made:
            made[:] = map(owned, made)
        if changed and not self.copying:
            self.findings.append(_mutation(role, changed))
            self.copying = self.caller.protect = True
        if changed:
            self.working.restore()
        return bool(changed)

    def spoiled(self, flat: Direction | None) -> bool:
        """Whether ``fun`` did something at a later call that makes the check start again.

        It may write into its arguments only now and then, or hold on to an array that moved
        under its feet: then a slope is ``flat``, but not with fresh arrays.
        """
        if not self.copying:
            again = self.here()
            if self.look_for_mutation("fun"):
                return True
            centres = [p.centre for p in self.projections]
            scattered = any(p.scatter for p in self.projections)
            if not scattered and not self._alike(again, centres):
                self.findings.append(_stateful(centres, again))
        if flat is not None and not self.fresh and self._remembers(self.line(flat)):
            self.fresh = True
            self.findings.append(_REMEMBERS)
            return True
        return False

    def left_behind(self) -> bool:
        """Whether ``fun`` was seen only later to leave something behind.

        A buffer that already held what it writes there at the point looks untouched at first.
        """
        return not self.traces and bool(written(self.seen))

    def _alike(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        return alike(one, other, [projection.rounding for projection in self.projections])

    def _remembers(self, line: Line) -> bool:
        line.move(1.0)
        try:
            trusted = self.here()
            params = self.working.tree(fresh=True)
            line.back()
            return not self._alike(self.read(self.caller(self.fun, "fun", params)), trusted)
        except Exception as error:
            if not outside(error):
                raise
            return False
        finally:
            line.back()


def alike(one: Sequence[Any], other: Sequence[Any], within: Sequence[float]) -> bool:
    """Whether two lists of values hold the same numbers; what is no number is alike."""
    triples = zip(one, other, within, strict=True)
    return all([bool(a == b or abs(a - b) <= w or (a != a and b != b)) for a, b, w in triples])  # noqa: PLR0124


def _mutation(role: str, changed: list[str]) -> Finding:
    listed = ", ".join(changed[:5]) + (" and others" if len(changed) > 5 else "")
    return Finding(
        Kind.MUTATION,
        None,
        f"{role} changes its arguments in place ({listed}). Here it was given fresh copies at "
        "every call, so this check is not affected, but other callers will be.",
    )


def _stateful(before: Sequence[Any], after: Sequence[Any]) -> Finding:
    one, other = max(zip(before, after, strict=True), key=lambda pair: abs(pair[0] - pair[1]))
    return Finding(
        Kind.STATEFUL,
        None,
        f"fun has a state: its value at the point was {float(one):.8g} at the beginning of "
        f"the check and {float(other):.8g} at the end. Reset the state at every call.",
    )


_REMEMBERS = Finding(
    Kind.STATEFUL,
    None,
    "fun keeps a reference to its parameters and trusts it later. Here it was given fresh "
    "arrays at every call; keep a copy instead.",
)


def _where(point: Point, direction: Direction, t: float) -> str:
    block = direction.block
    name = "all blocks" if block is None else point.blocks[block].name
    along = f"along random direction {direction.draw} of seed {direction.seed}"
    return f"with {name} moved by {t:.3g} {along}"
