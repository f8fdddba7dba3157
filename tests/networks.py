"""Random networks with forward and backward by hand, and faults to plant in the backward.

Everything here is right unless a fault is asked for. One example per column of ``X``, as in
``gradproof.demo.network``; a specimen is replayed from its number alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray
Params = dict[str, Array]


# Activations and their derivatives, in the precision of their argument


def _sigmoid(Z: Array) -> Array:
    return np.exp(-np.logaddexp(0, -Z))


def _gelu(Z: Array) -> Array:
    return Z / 2 * (1 + np.tanh(0.8 * (Z + 0.05 * Z**3)))


def _gelu_slope(Z: Array) -> Array:
    T = np.tanh(0.8 * (Z + 0.05 * Z**3))
    return (1 + T) / 2 + Z / 2 * (1 - T**2) * 0.8 * (1 + 0.15 * Z**2)


ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "relu": (lambda Z: np.maximum(Z, 0), lambda Z: (Z > 0).astype(Z.dtype)),
    "leaky relu": (
        lambda Z: np.where(Z > 0, Z, 0.1 * Z),
        lambda Z: np.where(Z > 0, 1, 0.1).astype(Z.dtype),
    ),
    "tanh": (np.tanh, lambda Z: 1 - np.tanh(Z) ** 2),
    "sigmoid": (_sigmoid, lambda Z: _sigmoid(Z) * _sigmoid(-Z)),
    "softplus": (lambda Z: np.logaddexp(0, Z), _sigmoid),
    "gelu": (_gelu, _gelu_slope),
    "sine": (np.sin, np.cos),
    "identity": (lambda Z: Z + 0, np.ones_like),
}
KINKED = ("relu", "leaky relu")


# Losses: the value and its derivative with respect to the last Z, both before the 1/m


def _logistic(Z: Array, Y: Array) -> tuple[Any, Array]:
    return np.sum(np.logaddexp(0, Z) - Y * Z), _sigmoid(Z) - Y


def _article(Z: Array, Y: Array) -> tuple[Any, Array]:
    A = 1 / (1 + np.exp(-Z))
    return np.sum(-np.log(A) * Y - np.log(1 - A) * (1 - Y)), A - Y


def _softmax(Z: Array, Y: Array) -> tuple[Any, Array]:
    shifted = Z - Z.max(axis=0)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=0))
    return -np.sum(Y * logs), np.exp(logs) - Y


def _squares(Z: Array, Y: Array) -> tuple[Any, Array]:
    return np.sum((Z - Y) ** 2) / 2, Z - Y


LOSSES: dict[str, Callable[[Array, Array], tuple[Any, Array]]] = {
    "logistic": _logistic,
    "logistic as the article writes it": _article,
    "softmax": _softmax,
    "squares": _squares,
}


@dataclass(frozen=True)
class Fault:
    """A fault of the backward pass: what, in which block or layer, and its numbers."""

    kind: str
    block: str = ""
    layer: int = 0
    other: int = 0
    entry: int = 0


@dataclass(frozen=True)
class Network:
    """A network, its data, and where it came from."""

    seed: int
    params: Params
    X: Array
    Y: Array
    activations: tuple[str, ...]
    loss: str
    decay: float
    traits: tuple[str, ...]

    def __str__(self) -> str:
        sizes = "-".join(str(n) for n in (len(self.X), *(len(b) for b in self.biases())))
        return (
            f"network {self.seed}: {sizes}, batch {self.X.shape[1]}, {self.X.dtype}, "
            f"{', '.join(self.activations) or 'linear'}, {self.loss}"
            + "".join(f", {trait}" for trait in self.traits)
        )

    def biases(self) -> list[Array]:
        """b1, b2, …"""
        return [b for name, b in self.params.items() if name.startswith("b")]

    @property
    def kinked(self) -> bool:
        """Whether a ReLU sits exactly on its kink."""
        Zs = forward(self, self.params)[1]
        hidden = zip(self.activations, Zs, strict=False)
        return any(name in KINKED and bool((Z == 0).any()) for name, Z in hidden)

    def cost(self, params: Params) -> Any:
        """The function."""
        return forward(self, params)[0]

    def backprop(self, params: Params, fault: Fault | None = None) -> Params:
        """Its gradient, right or with a fault."""
        gradients = backward(self, params, fault)
        if fault is not None and fault.block:
            name = fault.block
            gradients[name] = FAULTS[fault.kind](gradients[name], fault, self.X.shape[1])
        return gradients

    def broken(self, fault: Fault) -> Callable[[Params], Params]:
        """The gradient function with a fault."""
        return partial(self.backprop, fault=fault)


def forward(net: Network, params: Params) -> tuple[Any, list[Array], list[Array]]:
    """The cost, all Z and all A (the input first)."""
    A, Zs, As = net.X, [], [net.X]
    layers = len(params) // 2
    for layer in range(1, layers + 1):
        Z = params[f"W{layer}"] @ A + params[f"b{layer}"]
        Zs.append(Z)
        if layer < layers:
            A = ACTIVATIONS[net.activations[layer - 1]][0](Z)
            As.append(A)
    value = LOSSES[net.loss](Zs[-1], net.Y)[0] / net.X.shape[1]
    if net.decay:
        value = value + net.decay / 2 * sum(np.sum(params[f"W{i + 1}"] ** 2) for i in range(layers))
    return value, Zs, As


def backward(net: Network, params: Params, fault: Fault | None = None) -> Params:
    """The gradient; a fault of the kind "mask" takes the slope of another layer's Z."""
    _, Zs, As = forward(net, params)
    layers, m, gradients = len(Zs), net.X.shape[1], {}
    dZ = LOSSES[net.loss](Zs[-1], net.Y)[1] / m
    for layer in range(layers, 0, -1):
        gradients[f"W{layer}"] = dZ @ As[layer - 1].T + net.decay * params[f"W{layer}"]
        gradients[f"b{layer}"] = np.sum(dZ, axis=1, keepdims=True)
        if layer > 1:
            wrong = fault is not None and fault.kind == "mask" and fault.layer == layer - 1
            source = Zs[fault.other - 1] if wrong and fault is not None else Zs[layer - 2]
            slope = ACTIVATIONS[net.activations[layer - 2]][1](source)
            dZ = (params[f"W{layer}"].T @ dZ) * slope
    return {name: gradients[name] for name in params}


# Faults of one block's finished gradient


def _entry(G: Array, fault: Fault, m: int) -> Array:
    G = G.copy()
    G.flat[fault.entry] += np.asarray(0.01 * np.sqrt(np.mean(G**2)), G.dtype)
    return G


def _zeroed_row(G: Array, fault: Fault, m: int) -> Array:
    G = G.copy()
    G[fault.entry // G.shape[1]] = 0
    return G


FAULTS: dict[str, Callable[[Array, Fault, int], Array]] = {
    "factor": lambda G, fault, m: G * (1 + 1e-4),
    "entry": _entry,
    "sign": lambda G, fault, m: -G,
    "transpose": lambda G, fault, m: G.T.copy(),
    "zeroed row": _zeroed_row,
    "dropped 1/m": lambda G, fault, m: G * m,
}
KINDS = (*FAULTS, "mask")


def random_network(seed: int) -> Network:
    """A right network, drawn from everything this page knows."""
    rng = np.random.default_rng(seed)
    dtype = np.float64 if rng.random() < 0.7 else np.float32
    layers = int(rng.integers(1, 6))
    width = int(rng.integers(1, 10))  # layers of one width: square weights, masks that fit
    hidden = [width if rng.random() < 0.5 else int(rng.integers(1, 10)) for _ in range(layers - 1)]
    loss = str(rng.choice(list(LOSSES)))
    outputs = int(rng.integers(2, 6)) if loss == "softmax" else int(rng.integers(1, 4))
    sizes = [int(rng.integers(1, 10)), *hidden, outputs]
    m = int(rng.integers(1, 13))
    same = rng.random() < 0.5
    first = str(rng.choice(list(ACTIVATIONS)))
    activations = tuple(first if same else str(rng.choice(list(ACTIVATIONS))) for _ in hidden)
    params: Params = {}
    zero_biases = rng.random() < 0.4
    for layer in range(1, layers + 1):
        rows, columns = sizes[layer], sizes[layer - 1]
        params[f"W{layer}"] = rng.normal(size=(rows, columns)) * np.sqrt(2 / columns)
        params[f"b{layer}"] = rng.normal(size=(rows, 1)) * (0.0 if zero_biases else 0.5)
    X = rng.normal(size=(sizes[0], m))
    net = Network(
        seed=seed,
        params={name: value.astype(dtype) for name, value in params.items()},
        X=X.astype(dtype),
        Y=_labels(loss, outputs, m, rng).astype(dtype),
        activations=activations,
        loss=loss,
        decay=0.1 if rng.random() < 0.2 else 0.0,
        traits=("zero biases",) if zero_biases else (),
    )
    trait = str(rng.choice(["", "", "", *TRAITS]))
    return _tame(TRAITS[trait](net, rng) if trait else net)


def _tame(net: Network) -> Network:
    """Where half the digits of ``1 - A`` are gone, the article's ``log(1 - A)`` moves in steps."""
    steep = -np.log(np.finfo(net.X.dtype).eps) / 2
    with np.errstate(all="ignore"):
        flat = np.abs(forward(net, net.params)[1][-1]).max() > steep
    return replace(net, loss="logistic") if flat and "article" in net.loss else net


def _labels(loss: str, outputs: int, m: int, rng: np.random.Generator) -> Array:
    if loss == "softmax":
        return np.eye(outputs)[:, rng.integers(outputs, size=m)]
    if loss == "squares":
        return rng.normal(size=(outputs, m))
    return rng.integers(2, size=(outputs, m)).astype(float)


def _with(net: Network, trait: str, **changes: Any) -> Network:
    return replace(net, traits=(*net.traits, trait), **changes)


def _empty_examples(net: Network, rng: np.random.Generator) -> Network:
    """Columns of zeros: with zero biases every ReLU sits on its kink there."""
    X = net.X.copy()
    X[:, rng.random(X.shape[1]) < 0.5] = 0
    return _with(net, "empty examples", X=X)


def _dead_layer(net: Network, rng: np.random.Generator) -> Network:
    """A layer that no example wakes up: what comes before has a gradient of zero."""
    if "relu" not in net.activations:
        return net
    layer = net.activations.index("relu") + 1
    bias = np.full_like(net.params[f"b{layer}"], -100)
    return _with(net, "dead layer", params={**net.params, f"b{layer}": bias})


def _scaled_data(net: Network, rng: np.random.Generator) -> Network:
    factor = 10.0 ** int(rng.integers(-4, 5))
    return _with(net, f"data × {factor:g}", X=(net.X * factor).astype(net.X.dtype))


def _saturated(net: Network, rng: np.random.Generator) -> Network:
    last = f"W{len(net.params) // 2}"
    return _with(net, "saturated", params={**net.params, last: net.params[last] * 30})


TRAITS: dict[str, Callable[[Network, np.random.Generator], Network]] = {
    "empty examples": _empty_examples,
    "dead layer": _dead_layer,
    "scaled data": _scaled_data,
    "saturated": _saturated,
}


def relative_change(right: Params, broken: Params) -> dict[str, float]:
    """Block by block ``‖broken − right‖ / ‖right‖``."""
    changes = {}
    for name, G in right.items():
        size = float(np.linalg.norm(G.astype(float)))
        gap = float(np.linalg.norm(broken[name].astype(float) - G.astype(float)))
        changes[name] = gap / size if size else (0.0 if gap == 0 else np.inf)
    return changes


def random_fault(net: Network, kind: str, rng: np.random.Generator) -> Fault | None:
    """A fault of a kind somewhere in a network, or None where it has no place for it."""
    if kind == "mask":
        return _random_mask(net, rng)
    names = [
        name
        for name, value in net.params.items()
        if kind != "transpose" or (value.shape[0] == value.shape[1] and len(value) > 1)
    ]
    if not names:
        return None
    name = str(rng.choice(names))
    return Fault(kind, block=name, entry=int(rng.integers(net.params[name].size)))


def _random_mask(net: Network, rng: np.random.Generator) -> Fault | None:
    rows = [len(b) for b in net.biases()]
    places = [
        (layer, other)
        for layer, name in enumerate(net.activations, 1)
        for other in range(1, len(rows) + 1)
        if name in KINKED and other != layer and rows[other - 1] == rows[layer - 1]
    ]
    if not places:
        return None
    layer, other = places[int(rng.integers(len(places)))]
    return Fault("mask", layer=layer, other=other)
