"""A model of layers: run forward, and backward with random cotangents or those of the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..backend.registry import home
from ..errors import UsageError
from ..naming import called
from ..space import tree
from ..subject.guards import reseed
from .calls import Made, calls
from .layer import Hints, drawn
from .places import copied, holds_attributes, is_array, movable, walk
from .single import leaf_gradients
from .state import State
from .tape import Entry, Record, Tape

LOSS = "loss"


@dataclass(slots=True)
class Model:
    """Elements that are called one after the other, and all layers inside them.

    A ``function`` calls layers by itself and has no backward: each of its outermost calls is then
    pulled back by itself. ``faults`` say by call what is plainly wrong of its gradients.
    """

    elements: list[tuple[str, Any, tuple[Any, ...]]]
    tape: Tape
    state: State
    hints: Hints
    function: Callable[..., Any] | None = None
    faults: dict[int, str] = field(default_factory=dict)

    def forward(self, inputs: Sequence[Any]) -> list[tuple[Record, Made]]:
        """One pass through the elements; all calls stand in the tape."""
        reseed(self.hints.seed)
        given, done = tuple(inputs), []
        if self.function is not None:
            given = handed_on(self.function(*given, **self.hints.kwargs))
        for path, element, more in self.elements:
            record = self.tape.enter(element, (*given, *more), path)
            with self.tape.within():
                made = record.entry.layer.forward((*given, *more))
            self.tape.leave(record, made)
            done.append((record, made))
            given = handed_on(made.outputs)
        return done

    def claims(self, inputs: Sequence[Any]) -> list[Record]:
        """One pass forward and one backward: every call with its gradients."""
        self.faults = {}
        with self.tape.listening():
            self.tape.left = None if self.function is None else self._by_itself
            try:
                done = self.forward(copied(tuple(inputs)))
                self._backward(done)
            finally:
                self.tape.left = None
        self._overwritten([record for record, _ in done])
        return self.tape.settle()

    def _overwritten(self, called: Sequence[Record]) -> None:
        """Elements that are called again, and whose gradients are then those of one call alone."""
        for k, record in enumerate(called):
            layer, target = record.entry.layer, record.entry.target
            again = any(later.entry.target is target for later in called[k + 1 :])
            if again and layer.kept and not layer.accumulates:
                self.faults.setdefault(id(record), _OVERWRITTEN.format(" and ".join(layer.kept)))

    def _backward(self, done: Sequence[tuple[Record, Made]]) -> None:
        cotangent: Any = None
        for k, (record, made) in reversed(list(enumerate(done))):
            if record.pulled:
                continue
            if cotangent is None:
                cotangent = _above(record, made, 1 + self.hints.seed)
            self._pull(record, made, cotangent)
            if k:
                cotangent = self._handed_back(record, done[k - 1][1])

    def _by_itself(self, record: Record, made: Made) -> None:
        """Pull an outermost call back as soon as it is done."""
        if record.parent is None:
            seed = 1 + self.hints.seed + len(self.tape.records)
            self._pull(record, made, _above(record, made, seed))

    def _pull(self, record: Record, made: Made, cotangent: Any) -> None:
        with self.tape.pull(record.entry.target):
            pulled = record.entry.layer.backward(made, copied(cotangent))
            self.tape.keep(record, cotangent, pulled.inputs, pulled.params, pulled.changed)

    def _handed_back(self, record: Record, before: Made) -> Any:
        """The cotangent of what came before; random numbers where it is no gradient of that."""
        names = record.entry.layer.calls.names
        gradients = [record.gradients.get(name) for name in names]
        whole = tuple(gradients) if isinstance(before.outputs, tuple) else gradients[0]
        flat = tree.flatten(before.outputs, names[0])
        found = leaf_gradients(flat, whole)
        for name, leaf in zip(flat.names, flat.leaves, strict=True):
            if movable(leaf) and (why := misfit(name, leaf, found[name])):
                self.faults[id(record)] = why
                return drawn(before.outputs, 2 + self.hints.seed)
        return whole


_OVERWRITTEN = (
    "it is called again, and its gradients of {} are not added up (= where += is needed): those of "
    "one call alone are left"
)


def _above(record: Record, made: Made, seed: int) -> Any:
    """The cotangent at the end: 1 of a number, as a loss returns it, else random numbers."""
    return 1.0 if record.entry.layer.one else drawn(made.outputs, seed)


def handed_on(outputs: Any) -> tuple[Any, ...]:
    """What the next element is given."""
    return outputs if isinstance(outputs, tuple) else (outputs,)


def misfit(name: str, leaf: Any, gradient: Any) -> str:
    """What is plainly wrong of the gradient of an array; empty where nothing is."""
    if gradient is None:
        return f"it returns no gradient of {name}"
    if np.shape(gradient) != np.shape(leaf):
        return f"the gradient of {name} has shape {np.shape(gradient)} and needs {np.shape(leaf)}"
    numbers = home(gradient).host(gradient) if is_array(gradient) else np.asarray(gradient)
    return "" if np.isfinite(numbers).all() else f"the gradient of {name} is not finite"


# From what the user gives to a model


def model(layers: Any, loss: Any, hints: Hints) -> Model:
    """What is to be run; ``UsageError`` where an element is no layer."""
    elements, function, roots = _elements(layers, hints)
    if loss is not None:
        more = loss[1:] if isinstance(loss, tuple) else ()
        elements.append((LOSS, loss[0] if isinstance(loss, tuple) else loss, more))
    entries: dict[int, Entry] = {}
    for path, element, _ in elements:
        target, entry = _entry(path, element, hints)
        entries.setdefault(id(target), entry)
    listed = [(path, _target(element), more) for path, element, more in elements]
    for path, root in [*((path, target) for path, target, _ in listed), *roots]:
        for target, entry in _inside(path, root, hints):
            entries.setdefault(id(target), entry)
    if not entries or (function is not None and all(e.path == LOSS for e in entries.values())):
        raise UsageError(
            f"No layers were found in {called(layers)}: pass a list of them, an object that holds "
            "them, or a function that reads them from its module or closure."
        )
    state = State([entry.target for entry in entries.values()] + [root for _, root in roots])
    tape = Tape(entries, hints, frozenset(entries))
    return Model(listed, tape, state, hints, function)


def _elements(
    layers: Any, hints: Hints
) -> tuple[list[tuple[str, Any, tuple[Any, ...]]], Any, list[tuple[str, Any]]]:
    """The elements of a stack; or a function with the places where it may have its layers."""
    if isinstance(layers, Mapping):
        return [(str(key), layer, ()) for key, layer in layers.items()], None, []
    if isinstance(layers, list | tuple):
        return [(str(k), layer, ()) for k, layer in enumerate(layers)], None, []
    if not isinstance(layers, FunctionType | MethodType):
        inside = getattr(layers, "layers", None)
        try:
            found = calls(layers, (), hints.forward, hints.backward)
        except UsageError:
            if not isinstance(inside, list | tuple | Mapping):
                raise
            return _elements(inside, hints)
        if found.backward is not None:
            return [("", layers, ())], None, []
        return [], found.forward, [("", layers)]
    own = getattr(layers, "__self__", None)
    return [], layers, [("", variables(layers)), *([] if own is None else [("", own)])]


def variables(function: Any) -> dict[str, Any]:
    """What a function reads besides its arguments: its closure, and names of its module."""
    plain = getattr(function, "__func__", function)
    code, found = plain.__code__, dict[str, Any]()
    found |= {n: plain.__globals__[n] for n in code.co_names if n in plain.__globals__}
    for name, cell in zip(code.co_freevars, plain.__closure__ or (), strict=True):
        with suppress(ValueError):  # it has no value yet
            found[name] = cell.cell_contents
    return found


def _target(element: Any) -> Any:
    return element[0] if isinstance(element, tuple) and len(element) == 2 else element


def _entry(path: str, element: Any, hints: Hints) -> tuple[Any, Entry]:
    """An element, which may be a pair of functions; it has to have a backward."""
    target = _target(element)
    backward = element[1] if target is not element else hints.backward
    try:
        found = calls(target, (), hints.forward, backward)
    except UsageError as error:
        raise UsageError(f"Layer {path}: {error}") from None
    if found.backward is None and path != LOSS and holds_attributes(target):
        raise UsageError(
            f"Layer {path} ({called(target)}) has no backward that can be guessed (backward, "
            "backprop, bprop, …): pass backward=, the name of its method, or the pair of functions "
            "(forward, backward) in its place."
        )
    return target, Entry(target, path, found.forward, found.backward)


def _inside(path: str, root: Any, hints: Hints) -> Iterator[tuple[Any, Entry]]:
    """The layers that are reached from an element."""
    for place in walk(root):
        value = place.get()
        if not holds_attributes(value):
            continue
        with suppress(UsageError):
            found = calls(value, (), hints.forward, hints.backward)
            if found.backward is not None:
                own = _dotted(place.name)
                yield (
                    value,
                    Entry(value, f"{path}.{own}" if path else own, found.forward, found.backward),
                )


def _dotted(name: str) -> str:
    """``layers[3].fc`` as modules are called: ``layers.3.fc``."""
    for old, new in (("']", ""), ("['", "."), ("]", ""), ("[", ".")):
        name = name.replace(old, new)
    return name.removeprefix(".")
