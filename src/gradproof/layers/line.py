"""A model along one direction in which all its parameters and inputs move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.registry import home, outside
from ..judge.chance import largest_within
from ..judge.thresholds import T
from ..operations.ladder import Numbers, Pass
from ..space import tree
from .model import Model
from .places import Held, is_number, movable
from .tape import Record

_STRETCH = 1e3  # at most so many times less than its own size a block is moved


@dataclass(slots=True)
class Moved:
    """One array that moves: a leaf of the inputs, or a parameter in all the layers that hold it.

    ``claims`` are its gradients, by the calls that made them, ``own`` the same without those that
    calls inside them made; ``name`` is that of the first.
    """

    name: str
    base: NDArray[Any]
    helds: list[Held]
    leaf: int | None
    claims: dict[int, Any]
    own: dict[int, Any]
    along: NDArray[Any]

    def at(self, t: float, *, wide: bool) -> NDArray[Any]:
        """The array some way along, in its own precision or in a ``wide`` one."""
        moved = self.base.astype(self.along.dtype) + t * self.along
        return moved if wide else moved.astype(self.base.dtype)

    def resolution(self, k: int, bar: float) -> float:
        """The relative error of one call's gradient that such a bar of its balance lets hide."""
        norm = float(np.linalg.norm(np.asarray(self.claims[k]).ravel()))
        share = norm * float(np.sqrt(np.mean(np.abs(self.along) ** 2)))
        return largest_within((bar / share,), 1 - T.confidence) if share > 0 else math.inf

    @property
    def norm(self) -> float:
        """The largest norm of the gradients."""
        sizes = [float(np.linalg.norm(np.asarray(g).ravel())) for g in self.claims.values()]
        return max([s for s in sizes if math.isfinite(s)], default=0.0)


class Line:
    """The passes along a direction."""

    def __init__(
        self, model: Model, inputs: Sequence[Any], claims: Sequence[Record], seed: int
    ) -> None:
        self.model, self.claims = model, list(claims)
        self.flat = tree.flatten(tuple(inputs), "")
        self.inside = _inside(claims)
        self.moved = _moved(self.flat, claims, self.inside)
        _set_out(self.moved, seed)
        self.wide = False
        self.magnitudes = np.zeros(len(claims))
        self.evaluations = 0

    def at(self, t: float) -> Pass:
        """One pass; NaN where there is none."""
        found = self.run(t)
        if found is None:
            nothing = np.full(len(self.claims), math.nan)
            return Pass(nothing, nothing)
        return found

    def run(self, t: float) -> Pass | None:
        """One pass; None where the model is not finite or calls other layers there."""
        model = self.model
        model.state.restore()
        try:
            with model.tape.listening(self.claims):
                model.forward(self._move(t))
            self.evaluations += 1
            return self._read(t, model.tape.records)
        except Exception as error:
            if not outside(error):
                raise
            return None
        finally:
            model.state.restore()

    def unsteady(self, here: Pass) -> int:
        """The first call whose value is another one at the point than it was with the gradients.

        That of all calls where there is none: a share of what is added up, as in two precisions.
        """
        there = self._read(0.0, self.claims)
        assert there is not None
        apart = np.maximum(np.abs(there.given - here.given), np.abs(there.taken - here.taken))
        other = np.flatnonzero(apart > T.same_products * self.magnitudes)
        return int(other[0]) if other.size else len(self.claims)

    def _move(self, t: float) -> Any:
        leaves = list(self.flat.leaves)
        for moved in self.moved:
            now = moved.at(t, wide=self.wide)
            value = float(now) if is_number(moved.base) else now
            if moved.leaf is not None:
                leaves[moved.leaf] = value
            for held in moved.helds:
                held.put(value)
        return self.flat.unflatten(leaves)

    def _read(self, t: float, records: Sequence[Record]) -> Pass | None:
        if [r.path for r in records] != [r.path for r in self.claims]:
            return None
        every = [record.found for record in records]
        given = np.array([p.given for p in every])
        taken = np.array([p.taken for p in every])
        if t == 0:
            self.magnitudes = np.array([p.magnitude for p in every])
        made = self._between(given, taken)
        for moved in self.moved:
            step = moved.at(t, wide=self.wide).astype(moved.along.dtype) - moved.base
            for k, gradient in moved.own.items():
                made.taken[k] += _dot(gradient, step)
        return made

    def _between(self, given: Numbers, taken: Numbers) -> Pass:
        """What calls do between those inside them: it takes what these give, and gives the rest."""
        own_given, own_taken = given.copy(), taken.copy()
        for k, children in self.inside.items():
            direct = [c for c in children if self.claims[c].parent is self.claims[k]]
            own_given[k] += sum(taken[c] for c in direct)
            own_taken[k] += sum(given[c] for c in direct)
        return Pass(own_given, own_taken)

    def claims_here(self) -> list[Record]:
        """The calls with their gradients at the point, in the precision of the line."""
        self.model.state.restore()
        try:
            return self.model.claims(self._move(0.0))
        finally:
            self.model.state.restore()

    def widen(self) -> bool:
        """Move in double precision from now on, where the model then says the same."""
        if all(moved.base.dtype == moved.along.dtype for moved in self.moved):
            return False
        narrow = self.run(0.0)
        self.wide = True
        try:
            wide = self.run(0.0)
        except (TypeError, ValueError):
            wide = None
        same = narrow is not None and wide is not None and self._alike(narrow, wide)
        self.wide = same and self._takes()
        return self.wide

    def _alike(self, narrow: Pass, wide: Pass) -> bool:
        apart = np.maximum(np.abs(narrow.given - wide.given), np.abs(narrow.taken - wide.taken))
        return bool(np.all(apart <= T.same_products * self.magnitudes))

    def _takes(self) -> bool:
        """Whether the layers let go of their arrays for those of a higher precision."""
        self._move(0.0)
        kept = [np.asarray(h.get()).dtype == m.along.dtype for m in self.moved for h in m.helds]
        self.model.state.restore()
        return all(kept)


def _inside(claims: Sequence[Record]) -> dict[int, list[int]]:
    """The calls made inside each call, at any depth."""
    places = {id(record): k for k, record in enumerate(claims)}
    found: dict[int, list[int]] = {}
    for k, record in enumerate(claims):
        parent = record.parent
        while parent is not None:
            found.setdefault(places[id(parent)], []).append(k)
            parent = parent.parent
    return found


def _moved(flat: tree.Tree, claims: Sequence[Record], inside: dict[int, list[int]]) -> list[Moved]:
    """Every parameter, once, whichever layers hold it."""
    found: dict[Any, Moved] = {}
    for k, record in enumerate(claims):
        for name, held in record.entry.layer.params.items():
            value = held.get()
            key = id(value) if isinstance(value, np.ndarray) else (id(held.place.owner), name)
            if key not in found:
                found[key] = _made(f"{record.path}.{name}".removeprefix("."), value)
            if held not in found[key].helds:
                found[key].helds.append(held)
            gradient = record.params.get(name)
            if gradient is not None and np.shape(gradient) == np.shape(value):
                found[key].claims[k] = gradient
    for moved in found.values():
        for k, gradient in moved.claims.items():
            mine = [moved.claims[c] for c in inside.get(k, ()) if c in moved.claims]
            moved.own[k] = gradient - sum(mine) if mine else gradient
    return [*_inputs(flat, claims), *found.values()]


def _inputs(flat: tree.Tree, claims: Sequence[Record]) -> list[Moved]:
    """The arrays in the inputs that the first call differentiates, if it is given them."""
    if not claims:
        return []
    first, values = claims[0], flat.unflatten(flat.leaves)
    known = dict(zip(first.entry.layer.calls.names, values, strict=False))
    whole = tree.flatten(values, "")
    names = [path[0] for path in whole.paths]
    found = []
    for k, (leaf, place) in enumerate(zip(flat.leaves, names, strict=True)):
        name = list(known)[place] if place < len(known) else ""
        if movable(leaf) and first.gradients.get(name) is not None:
            title = f"{name}{whole.names[k].removeprefix(f'[{place}]')}"
            found.append(_made(title, leaf, leaf=k))
    return found


def _made(name: str, value: Any, leaf: int | None = None) -> Moved:
    base = np.array(value if is_number(value) else home(value).host(value))
    double = np.result_type(base.dtype, np.float64)
    return Moved(name, base, [], leaf, {}, {}, np.zeros(base.shape, double))


def _set_out(every: Sequence[Moved], seed: int) -> None:
    """Random signs and sizes, scaled so that no array contributes much more than others."""
    generator = np.random.default_rng([seed, 16])
    weights = [moved.norm * _rms(moved.base) for moved in every]
    middle = float(np.median([w for w in weights if w > 0] or [1.0]))
    for moved, weight in zip(every, weights, strict=True):
        stretch = min(max(middle / weight if weight else 1.0, 1 / _STRETCH), 1.0)
        size = generator.uniform(0.5, 1.5, moved.base.shape) * stretch * _rms(moved.base)
        signs = generator.choice([-1.0, 1.0], moved.base.shape)
        if moved.base.dtype.kind == "c":
            signs = signs + 1j * generator.choice([-1.0, 1.0], moved.base.shape)
        moved.along = (signs * size).astype(moved.along.dtype)


def _rms(array: NDArray[Any]) -> float:
    size = float(np.sqrt(np.mean(np.abs(array) ** 2)))
    return size if 0 < size < math.inf else 1.0


def _dot(gradient: Any, step: NDArray[Any]) -> float:
    return float(
        arrays.flat(np.asarray(gradient)).astype(np.float64)
        @ arrays.flat(np.asarray(step)).astype(np.float64)
    )
