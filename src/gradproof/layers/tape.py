"""The calls of layers in one pass through a model: what went in, came out and was pulled back.

The methods of the layers' classes are replaced while a pass runs. A call is noted when it begins,
so that calls have the same order in every pass; its gradients are those of the last call of the
same layer that has none yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any

import numpy as np

from ..backend import arrays
from ..backend.registry import home
from ..errors import UsageError
from ..space import tree
from .calls import Made, taken
from .layer import Hints, Layer, study
from .outcome import apart, settled
from .places import copied, is_array, is_number
from .single import leaf_gradients


@dataclass(slots=True)
class Entry:
    """A layer of a model: where it is in it, its two functions, and how they work once known."""

    target: Any
    path: str
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    known: Layer | None = None

    @property
    def layer(self) -> Layer:
        """How it works."""
        assert self.known is not None
        return self.known


@dataclass(frozen=True, slots=True)
class Products:
    """⟨c, out⟩ and Σ ⟨gradient, in⟩ of a call, and the magnitude of what was added up."""

    given: float = 0.0
    taken: float = 0.0
    magnitude: float = 0.0


@dataclass(slots=True)
class Record:
    """One call: what went in and came out, and copies of the gradients of both.

    ``parent`` is the call in which it was made. In a later pass only the products with the
    gradients of the same call are kept, which are ``found``.
    """

    entry: Entry
    path: str
    parent: Record | None
    inputs: tuple[Any, ...] = ()
    outputs: Any = None
    cotangent: Any = None
    gradients: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    pulled: bool = False
    place: int = 0
    found: Products = Products()


Left = Callable[[Record, Made], None]


@dataclass(slots=True)
class Tape:
    """The records of a pass; ``left`` is called when a layer's forward is done.

    ``against`` are the records of the pass with the gradients, for one that is only multiplied.

    ``pulling`` are the layers whose backward is under way: what one of them calls of itself, and
    every forward meanwhile, is no call of the model's own.
    """

    entries: Mapping[int, Entry]
    hints: Hints
    outsiders: frozenset[int]
    records: list[Record] = field(default_factory=list)
    running: list[Record] = field(default_factory=list)
    against: list[Record] | None = None
    left: Left | None = None
    quiet: bool = False
    pulling: set[int] = field(default_factory=set)

    def enter(self, target: Any, inputs: tuple[Any, ...], path: str | None = None) -> Record:
        """A call begins."""
        entry = self.entries[id(target)]
        if entry.known is None:
            self.learn(entry, inputs)
        parent = self.running[-1] if self.running else None
        own = entry.path if path is None else path
        record = Record(entry, own, parent, place=len(self.records))
        if (claim := self._claim(len(self.records), own)) is None:
            record.inputs = tuple(copied(one) for one in inputs)
        else:
            number, size = _taken(claim, inputs)
            record.found = Products(0.0, number, size)
        self.records.append(record)
        self.running.append(record)
        return record

    def _claim(self, place: int, path: str) -> Record | None:
        """The same call in the pass with the gradients."""
        if self.against is None or place >= len(self.against):
            return None
        claim = self.against[place]
        return claim if claim.path == path else None

    def settle(self) -> list[Record]:
        """The records of a pass with gradients: with their own products, without their outputs."""
        for record in self.records:
            ahead, behind = _given(record, record.outputs), _taken(record, record.inputs)
            record.found = Products(ahead[0], behind[0], ahead[1] + behind[1])
            record.outputs = None
        return self.records

    def learn(self, entry: Entry, inputs: tuple[Any, ...]) -> None:
        """See how a layer works, with nobody listening."""
        before, self.quiet = self.quiet, True
        hints = replace(self.hints, forward=entry.forward, backward=entry.backward)
        hints = replace(hints, kwargs=taken(entry.forward, hints.kwargs))
        try:
            entry.known = study(entry.target, inputs, hints, self.outsiders)
        except UsageError as error:
            raise UsageError(f"Layer {entry.path}: {error}" if entry.path else str(error)) from None
        finally:
            self.quiet = before

    def leave(self, record: Record, made: Made) -> None:
        """A call is done."""
        self.running.pop()
        if (claim := self._claim(record.place, record.path)) is None:
            record.outputs = copied(made.outputs)
        else:
            number, size = _given(claim, made.outputs)
            record.found = Products(number, record.found.taken, record.found.magnitude + size)
        if self.left is not None:
            self.left(record, made)

    def forward(self, target: Any, original: Callable[..., Any], given: Any, kwargs: Any) -> Any:
        """A forward that somebody else called."""
        record = self.enter(target, tuple(given))
        layer = record.entry.layer
        with self.within():
            raw = original(*given, **kwargs)
        found = raw if layer.hints.output is None else getattr(target, layer.hints.output)
        layer.calls = settled(layer.calls, found)
        self.leave(record, apart(layer.calls, target, found, Made(None, tuple(given))))
        return raw

    def backward(self, target: Any, original: Callable[..., Any], given: Any, kwargs: Any) -> Any:
        """A backward that somebody else called."""
        waiting = [r for r in self.records if r.entry.target is target and not r.pulled]
        if not waiting:
            return original(*given, **kwargs)
        record, layer = waiting[-1], waiting[-1].entry.layer
        roles = [role for role, _ in zip(layer.calls.roles, given, strict=False)]
        named = dict(zip(layer.calls.takes, given, strict=False)) | kwargs
        above = [named[n] for n, r in zip(layer.calls.takes, layer.calls.roles, strict=True)
                 if r == "cotangent" and n in named]  # fmt: skip
        rate = next((given[k] for k, role in enumerate(roles) if role == "rate"), layer.rate)
        cotangent = copied(above[0] if len(above) == 1 else tuple(above) if above else 1.0)
        before = layer.gradients()
        pulled = layer.collected(record.inputs, lambda: original(*given, **kwargs), float(rate))
        self.keep(record, cotangent, pulled.inputs, pulled.params, pulled.changed)
        layer.add(before)
        return pulled.returned

    @contextmanager
    def within(self) -> Iterator[None]:
        """Around the forward of a layer that was entered."""
        try:
            yield
        except BaseException:
            self.running.pop()
            raise

    @contextmanager
    def pull(self, target: Any) -> Iterator[None]:
        """Around the backward of a layer."""
        self.pulling.add(id(target))
        try:
            yield
        finally:
            self.pulling.discard(id(target))

    def keep(
        self, record: Record, cotangent: Any, inputs: Any, params: Any, changed: tuple[str, ...]
    ) -> None:
        """Note what a call was given from above, and what it made of that."""
        record.pulled, record.cotangent, record.changed = True, copied(cotangent), changed
        record.gradients = {n: copied(g) for n, g in inputs.items()}
        record.params = {n: copied(g) for n, g in params.items()}

    @contextmanager
    def listening(self, against: list[Record] | None = None) -> Iterator[None]:
        """Around a pass: the layers' methods tell what they are given."""
        self.against = against
        self.records, self.running, self.pulling = [], [], set()
        undo: list[Callable[[], None]] = []
        try:
            for method, which in _methods(self.entries):
                undo.append(_replace(self, *method, which))
            yield
        finally:
            for back in reversed(undo):
                back()


def _methods(entries: Mapping[int, Entry]) -> Iterator[tuple[tuple[Any, str], str]]:
    """Where the methods of all layers stand: their classes, or the layer itself, each once."""
    seen = set()
    for entry in entries.values():
        for function, which in ((entry.forward, "forward"), (entry.backward, "backward")):
            name = getattr(function, "__name__", "")
            own = name in getattr(entry.target, "__dict__", ())
            owner = entry.target if own else type(entry.target)
            if hasattr(owner, name) and (id(owner), name) not in seen:
                seen.add((id(owner), name))
                yield (owner, name), which


def _replace(tape: Tape, owner: Any, name: str, which: str) -> Callable[[], None]:
    """Put a method in place of another that tells the tape of calls from outside."""
    original, bound = getattr(owner, name), not isinstance(owner, type)
    had = name in vars(owner)
    before = vars(owner).get(name)
    if isinstance(before, staticmethod | classmethod):
        return lambda: None

    @wraps(original)
    def method(*given: Any, **kwargs: Any) -> Any:
        target, rest = (owner, given) if bound else (given[0], given[1:]) if given else (None, ())
        call = original if bound else lambda *a, **k: original(target, *a, **k)
        inside = any(r.entry.target is target for r in tape.running) if which == "forward" else (
            id(target) in tape.pulling
        )  # fmt: skip
        strange = id(target) not in tape.entries
        again = which == "forward" and tape.pulling  # a backward that runs the model again
        if tape.quiet or strange or inside or again:
            return original(*given, **kwargs)
        if which == "forward":
            return tape.forward(target, call, rest, kwargs)
        with tape.pull(target):
            return tape.backward(target, call, rest, kwargs)

    try:
        setattr(owner, name, method)
    except (AttributeError, TypeError):  # a class that is not written in Python
        return lambda: None
    if had:
        return lambda: setattr(owner, name, before)
    return lambda: delattr(owner, name)


# Products


def _given(record: Record, outputs: Any) -> tuple[float, float]:
    """⟨c, out⟩ of some outputs with the cotangents of a call, and its magnitude."""
    if not record.pulled:
        return 0.0, 0.0
    pairs = _paired(tree.flatten(outputs, "output"), record.cotangent)
    return _summed([_dot(*pair) for pair in pairs])


def _taken(record: Record, inputs: tuple[Any, ...]) -> tuple[float, float]:
    """Σ ⟨gradient, in⟩ of some inputs with the gradients of a call, and its magnitude."""
    found = []
    for name, value in zip(record.entry.layer.calls.names, inputs, strict=False):
        if record.gradients.get(name) is not None:
            pairs = _paired(tree.flatten(value, name), record.gradients[name])
            found += [_dot(*pair) for pair in pairs]
    return _summed(found)


def _summed(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return sum(n for n, _ in pairs), sum(size for _, size in pairs)


def _paired(flat: tree.Tree, gradient: Any) -> Iterator[tuple[Any, Any]]:
    found = leaf_gradients(flat, gradient)
    for name, leaf in zip(flat.names, flat.leaves, strict=True):
        if found[name] is not None and (is_array(leaf) or is_number(leaf)):
            yield leaf, found[name]


def _dot(value: Any, gradient: Any) -> tuple[float, float]:
    """⟨gradient, value⟩ over all real coordinates, and the magnitude of what was added up."""
    one = arrays.flat(np.asarray(home(value).host(value))).astype(np.float64)
    other = arrays.flat(np.asarray(home(gradient).host(gradient))).astype(np.float64)
    if one.shape != other.shape:
        return np.nan, np.nan
    return float(one @ other), float(np.abs(one) @ np.abs(other))
