"""One layer as a function of its inputs and parameters, and its backward as their vjp."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optree

from ..errors import UsageError
from ..records.finding import Finding, Kind
from ..space import tree
from .layer import Layer
from .places import copied, moves


class Named(dict[str, Any]):
    """Arrays by the names that the user has for them, which are those of their blocks."""


class _Name(optree.MappingEntry[str, Any]):
    """A key that is the whole name."""

    def codify(self, node: str = "") -> str:  # noqa: ARG002 - it is one by itself
        """The name."""
        return str(self.entry)


def _taken(named: Any) -> tuple[Any, Any, Any]:
    return tuple(named.values()), tuple(named), tuple(named)


def _built(names: Any, leaves: Any) -> Any:
    return Named(zip(names, leaves, strict=True))


optree.register_pytree_node(Named, _taken, _built, path_entry_type=_Name, namespace=tree.NAMESPACE)


@dataclass(slots=True)
class Single:
    """A layer at some inputs.

    ``point`` has what is differentiated by name, ``left_alone`` why other arrays are not;
    ``written`` are parameters that the backward wrote into.
    """

    layer: Layer
    inputs: tuple[Any, ...]
    wrt: tuple[str, ...] | None = None
    point: Named = field(default_factory=Named)
    left_alone: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    trees: dict[int, tree.Tree] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.layer.params or any(moves(one) for one in self.inputs)):
            raise UsageError(
                f"{self.layer.name} has neither inputs nor parameters that can be moved: pass "
                "floating-point arrays, or name its parameters in params=."
            )
        if self.layer.mute:
            raise UsageError(
                f"The backward of {self.layer.name} returns no gradient, and leaves none where "
                "they are looked for (dx, dW, grads, …): return it, or say in grads= where it is."
            )
        names = self.layer.calls.names
        first = next((k for k, value in enumerate(self.inputs) if moves(value)), None)
        first = None if self.layer.claimed or self.layer.one else first
        for k, (name, value) in enumerate(zip(names, self.inputs, strict=True)):
            if name in self.layer.claimed or (k == first and moves(value)):
                flat = self.trees[k] = tree.flatten(value, name)
                self.point |= dict(zip(flat.names, flat.leaves, strict=True))
            elif moves(value):
                self.left_alone[name] = "gets no gradient from backward"
        for name, place in self.layer.params.items():
            value = place.get()
            self.point[name] = np.array(value) if isinstance(value, np.ndarray) else value
        for name in self.layer.silent:
            self.left_alone[name] = "has no gradient (if it is a parameter, name it in params=)"
        self._choose()

    def _choose(self) -> None:
        """Leave out what was not asked for."""
        if self.wrt is None:
            return
        for name in self.wrt:
            if name not in self.point:
                raise UsageError(
                    f"wrt names {name!r}, but what can be checked is {', '.join(self.point)}."
                )
        for name in [name for name in self.point if name not in self.wrt]:
            del self.point[name]
            self.left_alone[name] = "was not asked for"

    def fun(self, point: Mapping[str, Any]) -> Any:
        """The outputs at a point; the layer is as it was afterwards."""
        self.layer.state.restore()
        try:
            self.layer.move(point)
            made = self.layer.forward(self._inputs(point))
            return copied(made.outputs)
        finally:
            self.layer.state.restore()

    def vjp(self, point: Mapping[str, Any], cotangent: Any) -> dict[str, Any]:
        """The gradients by name, as the backward made them; None where it made none."""
        self.layer.state.restore()
        found: dict[str, Any] = {}
        try:
            self.layer.move(point)
            made = self.layer.forward(self._inputs(point))
            pulled = self.layer.backward(made, cotangent)
            self.written.update(pulled.changed)
            found = {**self._of_inputs(pulled.inputs), **pulled.params}
            return {name: found.get(name) for name in point}
        finally:
            self.layer.state.restore(tuple(found.values()))

    def _inputs(self, point: Mapping[str, Any]) -> list[Any]:
        found = list(self.inputs)
        for k, flat in self.trees.items():
            pairs = zip(flat.names, flat.leaves, strict=True)
            found[k] = flat.unflatten([point.get(name, leaf) for name, leaf in pairs])
        return found

    def _of_inputs(self, gradients: Mapping[str, Any]) -> dict[str, Any]:
        """Those of every array in the inputs."""
        found: dict[str, Any] = {}
        for k, flat in self.trees.items():
            found |= leaf_gradients(flat, gradients.get(self.layer.calls.names[k]))
        return found

    def functions(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Both as plain functions; what looks for the source of the second finds the backward."""

        def fun(point: Mapping[str, Any]) -> Any:
            return self.fun(point)

        def vjp(point: Mapping[str, Any], cotangent: Any) -> Any:
            return self.vjp(point, cotangent)

        vjp.__wrapped__ = self.layer.calls.source  # type: ignore[attr-defined]
        return fun, vjp

    def reported(self) -> list[Finding]:
        """What the report has to say of the way in which the layer works."""
        if not self.written:
            return []
        listed = " and ".join(sorted(self.written)[:3])
        how = "; the gradient was read from that step" if self.layer.stepped else ""
        how = "; the optimiser stood aside" if self.layer.optimised else how
        return [
            Finding(
                Kind.MUTATION,
                None,
                f"backward of {self.layer.name} changes {listed}: an optimiser's step inside a "
                f"backward{how}. Here the parameters were put back after each call; what runs "
                "backward twice, or looks at the gradients at the same parameters, is off.",
            )
        ]

    def notes(self) -> list[str]:
        """What else a reader must know."""
        if not self.layer.accumulates:
            return []
        how = "add up from call to call: they were set to zero before each call of backward."
        return [f"The gradients of {self.layer.name} {how}"]


def leaf_gradients(flat: tree.Tree, whole: Any) -> dict[str, Any]:
    """The gradients of the arrays in an input, by their names; None where there is none."""
    known, found = tree.beginnings(flat.paths), {}
    for name, path in zip(flat.names, flat.paths, strict=True):
        try:
            found[name] = tree.lookup(whole, path, known) if path else whole
        except KeyError:
            found[name] = None
    return found


def listed(names: Sequence[str]) -> tuple[str, ...]:
    """Names as a tuple, whether one was given or several."""
    return (names,) if isinstance(names, str) else tuple(names)
