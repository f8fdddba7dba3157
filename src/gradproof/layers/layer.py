"""One layer as gradproof calls it: a forward, a backward of cotangents, its parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..backend.registry import home
from ..judge.thresholds import T
from ..naming import called
from ..space import tree
from ..subject.guards import reseed
from .calls import RATE, Calls, Context, Made, require
from .calls import calls as found_calls
from .optimiser import aside, optimisers
from .outcome import Given, apart, cotangents, is_one, settled, times
from .parameters import Before, gradient_of, parameters, told_gradients
from .parameters import held as held_in
from .parameters import returned as returned_parameters
from .places import Held, Place, copied, holds_attributes, host, is_array, is_number, moves
from .returned import Gradients, handed_out
from .state import State

_WRITEABLE = SimpleNamespace(writeable=True)
_RATES = ("lr", "learning_rate", "learningrate", "eta", "step_size")


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user says of a layer, where a guess would not do."""

    forward: Any = None
    backward: Any = None
    params: Any = None
    grads: Any = None
    output: str | None = None
    reset: Any = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a backward ``returned``, and the gradients of inputs and parameters by name.

    ``changed`` are the parameters that it wrote into.
    """

    returned: Any
    inputs: Gradients
    params: Gradients
    changed: tuple[str, ...] = ()


@dataclass(slots=True)
class Layer:
    """A layer that was understood; ``params`` are the places of its parameters by name.

    ``accumulates`` says that its gradients grow from call to call, ``stepped`` that the gradient of
    a parameter is what an optimiser inside the backward made of it.
    """

    target: Any
    hints: Hints
    calls: Calls
    state: State
    params: dict[str, Held] = field(default_factory=dict)
    stepped: frozenset[str] = frozenset()
    optimised: frozenset[str] = frozenset()
    accumulates: bool = False
    one: bool = False
    silent: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    mute: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return called(self.target)

    def forward(self, inputs: Sequence[Any]) -> Made:
        """Run it; a mapping or an object among the inputs that is no parameter is copied."""
        if self.hints.reset is not None:
            _called(self.target, self.hints.reset)
        reseed(self.hints.seed)
        given = tuple(one if moves(one) or is_number(one) else _copied(one) for one in inputs)
        context = Context() if self.calls.with_context else None
        first = (context,) if self.calls.with_context else ()
        named_ones = {name: _copied(one) for name, one in self.hints.kwargs.items()}
        raw = self.calls.forward(*first, *given, **named_ones)
        if self.hints.output is not None:
            raw = getattr(self.target, self.hints.output)
        self.calls = settled(self.calls, raw)
        return apart(self.calls, self.target, raw, Made(None, given, context=context))

    def backward(self, made: Made, cotangent: Any) -> Pulled:
        """The gradients for one cotangent, from gradients that are zero before."""
        found = self.collected(made.inputs, lambda: self.pulled(made, cotangent), self.rate)
        if "cotangent" in self.calls.roles or (made.cache and not isinstance(made.cache, Given)):
            return found
        inputs = {name: times(g, cotangent) for name, g in found.inputs.items()}
        params = {name: times(g, cotangent) for name, g in found.params.items()}
        return replace(found, inputs=inputs, params=params)

    def collected(self, inputs: Sequence[Any], backward: Callable[[], Any], rate: float) -> Pulled:
        """The gradients that a call of the backward makes, in which ``rate`` is that of a step."""
        self._clear()
        before = {name: host(held.get()) for name, held in self.params.items()}
        with aside({name: self.params[name] for name in self.optimised}) as witnessed:
            returned = backward()
        named_inputs = dict(zip(self.calls.names, inputs, strict=False))
        found, params = handed_out(returned, self.target, named_inputs, self.params)
        if self.hints.grads is not None:
            params |= told_gradients(self.target, list(self.params), self.hints.grads)
        changed = [n for n, old in before.items() if not _same(old, self.params[n].get())]
        for name, held in self.params.items():
            if name in self.stepped:
                params[name] = (before[name] - held.get()) / rate
            elif name in self.optimised:
                params[name] = witnessed(name)
            elif name not in params:
                params[name] = gradient_of(held.place)
        return Pulled(returned, found, params, (*changed, *self.optimised))

    def pulled(self, made: Made, cotangent: Any) -> Any:
        """What the backward returns."""
        if self.calls.backward is None:
            return made.cache(cotangent)
        given = cotangents(self.calls, made.outputs, cotangent)
        return self.calls.backward(*self.calls.arguments(made, given))

    @property
    def rate(self) -> float:
        """By what an optimiser's step inside the backward is multiplied."""
        if self.calls.stepping:
            return RATE
        known = (getattr(self.target, name, None) for name in _RATES)
        return next((float(rate) for rate in known if is_number(rate) and rate), 1.0)

    def gradients(self) -> dict[str, Any]:
        """Copies of the gradients of parameters that it keeps now."""
        every = {name: gradient_of(held.place) for name, held in self.params.items()}
        return {name: host(g) for name, g in every.items() if is_array(g)}

    def add(self, before: Mapping[str, Any]) -> None:
        """Let gradients that add up go on from what they were."""
        for name, old in before.items():
            gradient = gradient_of(self.params[name].place)
            if self.accumulates and isinstance(gradient, np.ndarray) and gradient.flags.writeable:
                gradient += old

    def _clear(self) -> None:
        """Set gradients to zero, which may be added to; what is none yet stays so."""
        for place in self.params.values():
            gradient = gradient_of(place.place)
            if is_array(gradient) and getattr(gradient, "flags", _WRITEABLE).writeable:
                # Those of JAX cannot be written to, nor added to in place.
                with suppress(TypeError):
                    gradient[...] = 0

    def move(self, values: Mapping[str, Any]) -> None:
        """Write values into the parameters."""
        for name, place in self.params.items():
            if name in values:
                place.put(values[name])


def study(
    target: Any, inputs: Sequence[Any], hints: Hints, outsiders: frozenset[int] = frozenset()
) -> Layer:
    """Understand a layer from one look at how it works; it is left as it was.

    Raises ``UsageError`` where something cannot be guessed.
    """
    calls = found_calls(target, inputs, hints.forward, hints.backward)
    require(target, calls.forward, [*([None] if calls.with_context else []), *inputs], hints.kwargs)
    owners = _owners(target, calls)
    state = State([*owners, hints.params, hints.grads])
    layer = Layer(target, hints, calls, state)
    owner = owners[0] if owners else target
    before = Before.of(owner, outsiders)
    try:
        return _studied(layer, owner, before, [copied(one) for one in inputs])
    finally:
        state.restore()


def _studied(layer: Layer, owner: Any, before: Before, inputs: Sequence[Any]) -> Layer:
    made = layer.forward(inputs)
    layer.one = is_one(made.outputs)
    still = frozenset(p.name for p in before.places if before.kept(p))
    cotangent = drawn(made.outputs)
    returned = _first(layer, made, cotangent)
    moved = [p for p in before.places if p.name in still and not before.kept(p)]
    found = parameters(owner, before, still, layer.hints.params)
    if layer.hints.params is None:
        found |= returned_parameters(before, still, found, returned, made.inputs)
    without = {p.name: p for p in moved if is_array(p.get()) and gradient_of(p) is None}
    optimised = {n: p for n, p in without.items() if optimisers(p)}
    stepped = without if layer.calls.stepping or layer.rate != 1.0 else {}
    layer.params = held_in(before, found | stepped | optimised)
    layer.optimised = frozenset(optimised)
    layer.stepped = frozenset(stepped) - layer.optimised
    first = layer.gradients()
    layer.silent = tuple(
        p.name for p in before.places
        if p.name in still and is_array(p.get()) and before.kept(p) and not _known(p, layer)
    )  # fmt: skip
    layer.pulled(layer.forward(inputs), cotangent)
    second = layer.gradients()
    layer.state.restore()
    layer.accumulates = _grown(layer.gradients(), first, second)
    pulled = layer.backward(layer.forward(inputs), cotangent)
    layer.claimed = tuple(name for name, g in pulled.inputs.items() if g is not None)
    layer.kept = tuple(layer.gradients())
    layer.mute = not layer.claimed and all(g is None for g in pulled.params.values())
    return layer


def _first(layer: Layer, made: Made, cotangent: Any) -> Any:
    """What the backward returns; that of a loss may want the predictions in place of a gradient."""
    try:
        return layer.pulled(made, cotangent)
    except (TypeError, IndexError, AttributeError, ValueError):
        roles = layer.calls.roles
        if not (is_one(made.outputs) and "cotangent" in roles):
            raise
        layer.state.restore()
        swapped = tuple(0 if role == "cotangent" else role for role in roles)
        layer.calls = replace(layer.calls, roles=swapped)
        return layer.pulled(layer.forward(made.inputs), cotangent)


def _owners(target: Any, calls: Calls) -> list[Any]:
    """The objects whose methods are called; the layer itself first."""
    owners = [target, *(getattr(f, "__self__", None) for f in (calls.forward, calls.backward))]
    found = {id(o): o for o in owners if o is not None and not isinstance(o, type)}
    return [o for o in found.values() if holds_attributes(o)]


def _grown(start: Mapping[str, Any], first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether a second backward added as much to the gradients as the first."""
    for name, gradient in first.items():
        if name not in second or second[name].shape != gradient.shape:
            continue
        before = start.get(name, np.zeros_like(gradient))
        before = before if before.shape == gradient.shape else np.zeros_like(gradient)
        added, more = gradient - before, second[name] - gradient
        least = T.grown_least * np.abs(added).max()
        if np.any(more) and np.allclose(added, more, rtol=T.grown, atol=least):
            return True
    return False


def _known(place: Place, layer: Layer) -> bool:
    value = place.get()
    return any(p.get() is value or gradient_of(p.place) is value for p in layer.params.values())


def _same(old: Any, new: Any) -> bool:
    return np.array_equal(old, host(new), equal_nan=old.dtype.kind in "fc")


def _called(target: Any, function: Any) -> None:
    """A reset, given by name or as a function."""
    if isinstance(function, str):
        function = getattr(target, function)
    function()


def _copied(one: Any) -> Any:
    return copy.deepcopy(one) if isinstance(one, dict | list | np.ndarray) else one


def drawn(outputs: Any, seed: int = 0) -> Any:
    """Some numbers like the outputs, of sizes between a half and one and a half, as cotangents."""
    generator = np.random.default_rng(seed)
    flat = tree.flatten(outputs, "output")
    found = []
    for leaf in flat.leaves:
        shape = np.shape(leaf)
        numbers = generator.choice([-1.0, 1.0], shape) * generator.uniform(0.5, 1.5, shape)
        dtype = getattr(leaf, "dtype", None)
        plain = not isinstance(leaf, np.ndarray | np.generic | float) and dtype is not None
        like = home(leaf).array(numbers.ravel(), leaf) if plain else np.asarray(numbers, dtype)
        found.append(like if is_array(leaf) else like[()])
    return flat.unflatten(found)
