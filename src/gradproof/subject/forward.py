"""Forward mode: a claim that is known along directions, and not entry by entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.protocol import Backend
from ..errors import UsageError
from ..records.direction import Direction, Part
from ..space import tree
from ..space.directions import RMS
from ..space.point import Line, Working
from .claim import Claimed
from .outputs import Scalar
from .session import Session

_ENTRIES = 512  # blocks up to this many coordinates are written out, where one is in doubt
_DRAW = 1 << 22  # of the directions that tell the size of each block's derivative
_DRAWS = 8  # so many of them
_ALONE = 16  # blocks whose size is looked at one by one
_TWINS = 3  # directions along which round-off is looked at


@dataclass(slots=True)
class Forward:
    """Jacobian-vector products at the point, in its own precision or ``promoted``.

    ``function`` is ``jvp(point, tangent, *args, **kwargs)``, or a framework.
    """

    session: Session
    function: Callable[..., Any] | Backend
    first: Any  # what ``fun`` returned at the point
    promoted: bool = False
    working: Working = field(init=False)
    last: tuple[Direction, tuple[float, ...]] | None = None

    def __post_init__(self) -> None:
        self.working = Working(self.session.point, promote=self.promoted)

    def numbers(self, direction: Direction) -> tuple[float, ...]:
        """The derivative of every number that is read from the outputs, along a direction."""
        if self.last is None or self.last[0] != direction:
            self.last = (direction, self._push(direction) or ())
        return self.last[1]

    def exists(self) -> bool:
        """Whether the function under test has a forward mode at all."""
        everything = self._everything()
        pushed = self._push(everything)
        self.last = None if pushed is None else (everything, pushed)
        return pushed is not None

    def finite(self) -> bool:
        """Whether its products are finite numbers."""
        return bool(np.isfinite(self.numbers(self._everything())).all())

    def _everything(self) -> Direction:
        every = tuple(Part(b.index, b.scale) for b in self.session.point.blocks)
        return Direction(every, 0, _DRAW)

    def _push(self, direction: Direction) -> tuple[float, ...] | None:
        session, caller = self.session, self.session.caller
        if session.copying:
            self.working.restore()
        tangents = self.working.line(direction).tangents()
        before, caller.where = caller.promoted, lambda: f"along random direction {direction.draw}"
        if before != self.promoted:
            caller.promote(promoted=self.promoted)
        try:
            pushed = self._called(tangents)
        finally:
            if before != self.promoted:
                caller.promote(promoted=before)
        if pushed is None:
            return None
        if isinstance(session.outputs, Scalar):
            pushed = pushed[0]
        return tuple(float(number) for number in session.outputs.read(pushed))

    def _called(self, tangents: Sequence[Any]) -> Any:
        session = self.session
        if callable(self.function):
            tangent = session.point.assemble(tangents)
            role = getattr(session.grad, "roles", ("vjp", "jvp"))[1]
            found = session.caller(self.function, role, self.working.tree(), tangent)
            if found is None:
                raise UsageError(
                    "jvp returned None: return how what fun returns changes along the tangent."
                )
            return self._matched(found)
        framework = self.function

        def push(leaves: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
            return framework.jvp(session.outputs_at(args, kwargs), leaves, tangents)

        return session.caller(push, "grad", self.working.leaves())

    def _matched(self, found: Any) -> list[Any]:
        """The tangents of the outputs, found by their paths in what the user's jvp returned."""
        outputs = tree.flatten(self.first, "output")
        known, matched = tree.beginnings(outputs.paths), []
        for output, path, name in zip(outputs.leaves, outputs.paths, outputs.names, strict=True):
            try:
                tangent = tree.lookup(found, path, known)
            except KeyError:
                raise UsageError(f"jvp returned no derivative of {name}.") from None
            if np.shape(tangent) != np.shape(output):
                raise UsageError(
                    f"{name} has shape {tuple(np.shape(output))} but jvp returned "
                    f"{tuple(np.shape(tangent))} for it: one derivative for each number is needed."
                )
            matched.append(tangent)
        return matched


@dataclass(frozen=True, slots=True)
class Pushed(Claimed):
    """What forward mode claims for one number read from the outputs."""

    forward: Forward
    reading: int

    def along(self, line: Line) -> float:
        """The claimed derivative along a direction."""
        return self.forward.numbers(line.direction)[self.reading]

    def gradient(self, block: int) -> NDArray[Any] | None:
        """Entry by entry, where there are few."""
        shape = self.forward.session.point.blocks[block]
        if shape.count > _ENTRIES:
            return None
        entries = [
            self.forward.numbers(Direction((Part(block, 1.0, entry),), 0, 0))[self.reading]
            for entry in range(shape.count)
        ]
        flat = np.array(entries)
        return flat.view(np.complex128).reshape(shape.shape) if shape.is_complex else flat.reshape(
            shape.shape
        )  # fmt: skip


def pushed_claims(
    forward: Forward, readings: int, known: Sequence[tuple[float, ...]]
) -> list[Pushed]:
    """One claim for each reading; norms that reverse mode does not know are estimated."""
    blocks = forward.session.point.blocks
    reported = bool(known) and bool(np.isfinite(known).all()) and forward.finite()
    sizes = np.array(known) if reported else _estimated(forward, readings)
    nothing = (0.0,) * len(blocks)
    return [Pushed(tuple(map(float, sizes[k])), nothing, {}, forward, k) for k in range(readings)]


def _estimated(forward: Forward, readings: int) -> NDArray[np.float64]:
    """Root mean squares over some draws of each block alone, or of all together."""
    blocks = forward.session.point.blocks
    squares = np.zeros((readings, len(blocks)))
    for draw in range(_DRAWS):
        if len(blocks) <= _ALONE:
            for b in blocks:
                direction = Direction((Part(b.index, b.scale),), 0, _DRAW + 1 + draw)
                squares[:, b.index] += (np.array(forward.numbers(direction)) / b.scale) ** 2
        else:
            parts = tuple(Part(b.index, b.scale) for b in blocks)
            together = np.array(forward.numbers(Direction(parts, 0, _DRAW + 1 + draw))) ** 2
            for b in blocks:
                squares[:, b.index] += together / (b.scale**2 * len(blocks))
    return np.asarray(np.sqrt(squares / _DRAWS) / RMS)


def from_twins(forward: Forward) -> list[float]:
    """How far the products are from their twins in double precision, per unit of direction."""
    twin = Forward(forward.session, forward.function, forward.first, promoted=True)
    blocks = forward.session.point.blocks
    unit = math.hypot(*(b.scale for b in blocks))
    apart = []
    for draw in range(_TWINS):
        direction = Direction(tuple(Part(b.index, b.scale) for b in blocks), 0, _DRAW - 1 - draw)
        pairs = zip(forward.numbers(direction), twin.numbers(direction), strict=True)
        apart.append([abs(one - other) / unit for one, other in pairs])
    return [max(found) for found in zip(*apart, strict=True)]
