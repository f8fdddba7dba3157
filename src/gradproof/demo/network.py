"""An n-layer network in plain NumPy, its backpropagation by hand, and a broken twin.

LINEAR → RELU → … → LINEAR → SIGMOID with the logistic cost, one example per column of ``X``.
Forward and backward stand side by side: every line of the one has its line in the other.

The cost is the article's own formula. Its ``log(1 - A)`` loses digits where ``A`` is close
to 1, and with the textbook's step of 1e-7 that alone puts right code at 1.19e-07, in the
textbook's alert band. ``np.logaddexp`` on ``Z`` would hide what the demo is there to show.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gradproof.errors import UsageError

Array = NDArray[Any]


def initialize_parameters(
    layer_dims: Sequence[int], seed: int = 0, dtype: DTypeLike = np.float64
) -> dict[str, Array]:
    """Draw weights for layers of the given sizes, inputs first.

    The weights are normal with variance ``2 / inputs`` (He et al., 2015), the biases zero.

    Returns
    -------
    dict
        ``W1`` of shape ``(layer_dims[1], layer_dims[0])``, ``b1`` of shape
        ``(layer_dims[1], 1)`` and so on, all of ``dtype``.

    Raises
    ------
    UsageError
        Where there are fewer than two sizes, or one is below 1.
    """
    if len(layer_dims) < 2 or min(layer_dims) < 1:
        raise UsageError(
            f"layer_dims is {list(layer_dims)}: give at least two sizes, inputs first, each ≥ 1."
        )
    rng = np.random.default_rng(seed)
    parameters: dict[str, Array] = {}
    for layer, (inputs, outputs) in enumerate(pairwise(layer_dims), 1):
        weights = rng.standard_normal((outputs, inputs)) * np.sqrt(2 / inputs)
        parameters[f"W{layer}"] = weights.astype(dtype)
        parameters[f"b{layer}"] = np.zeros((outputs, 1), dtype)
    return parameters


def relu(Z: Array) -> Array:
    """Return ``max(Z, 0)``, entry by entry."""
    return np.maximum(Z, 0)


def sigmoid(Z: Array) -> Array:
    """Return ``1 / (1 + exp(-Z))``, entry by entry."""
    return np.asarray(1 / (1 + np.exp(-Z)))


def forward_propagation(
    parameters: Mapping[str, Array], X: Array, Y: Array
) -> tuple[float, dict[str, Array]]:
    """Compute the logistic cost, and keep what the backward pass needs.

    Parameters
    ----------
    parameters : mapping
        ``W1`` of shape ``(n1, n0)``, ``b1`` of shape ``(n1, 1)``, ``W2``, ``b2``, …
    X : array of shape ``(n0, m)``
        One example per column.
    Y : array of shape ``(nL, m)`` or ``(m,)``
        The labels, 0 or 1.

    Returns
    -------
    cost : NumPy scalar
        Mean over the examples, summed over the outputs; float32 where parameters and ``X`` are.
    cache : dict
        The weights ``W1``, … and the activations ``A0`` (the input), ``A1``, …
    """
    m = X.shape[1]
    L = _layers(parameters)
    cache = {f"W{layer}": parameters[f"W{layer}"] for layer in range(1, L + 1)}

    A = cache["A0"] = X
    for layer in range(1, L + 1):
        Z = parameters[f"W{layer}"] @ A + parameters[f"b{layer}"]
        A = cache[f"A{layer}"] = relu(Z) if layer < L else sigmoid(Z)

    Y = Y.astype(A.dtype)  # integer labels would lift float32 to float64
    cost = 1 / m * np.sum(-np.log(A) * Y - np.log(1 - A) * (1 - Y))
    return cost, cache


def backward_propagation(X: Array, Y: Array, cache: Mapping[str, Array]) -> dict[str, Array]:
    """Compute the gradient of the cost from the cache of ``forward_propagation``.

    Returns
    -------
    dict
        ``dW1``, ``db1``, …, each of the shape and dtype of its parameter.
    """
    m = X.shape[1]
    L = _layers(cache)
    gradients = {}

    A = cache[f"A{L}"]
    dZ = A - Y.astype(A.dtype)  # sigmoid and logistic cost together
    for layer in range(L, 0, -1):
        gradients[f"dW{layer}"] = 1 / m * (dZ @ cache[f"A{layer - 1}"].T)
        gradients[f"db{layer}"] = 1 / m * np.sum(dZ, axis=1, keepdims=True)
        if layer > 1:
            dA = cache[f"W{layer}"].T @ dZ
            dZ = dA * (cache[f"A{layer - 1}"] > 0)

    return gradients


def _layers(named: Mapping[str, Array]) -> int:
    return sum(name.startswith("W") for name in named)


def cost(parameters: Mapping[str, Array], X: Array, Y: Array) -> float:
    """Return the cost alone: the function whose gradient is checked."""
    return forward_propagation(parameters, X, Y)[0]


def backprop(parameters: Mapping[str, Array], X: Array, Y: Array) -> dict[str, Array]:
    """Return the gradient of ``cost``: a forward pass, then the backward pass."""
    _, cache = forward_propagation(parameters, X, Y)
    return backward_propagation(X, Y, cache)


def broken_backprop(parameters: Mapping[str, Array], X: Array, Y: Array) -> dict[str, Array]:
    """Return what the article's first attempt returns: ``dW2`` and ``db1`` are wrong.

    Written out for three layers of any size, as the article does. Like the article's it
    returns more than the parameters' gradients: ``dZ3``, ``dA2``, ``dZ2``, ``dA1``, ``dZ1``.

    Raises
    ------
    UsageError
        Where the network has another number of layers.
    """
    if _layers(parameters) != 3:
        raise UsageError(
            f"broken_backprop is written out for 3 layers, and these parameters have "
            f"{_layers(parameters)}: pass W1, b1 to W3, b3."
        )
    _, cache = forward_propagation(parameters, X, Y)
    m = X.shape[1]
    A1, A2, A3 = cache["A1"], cache["A2"], cache["A3"]
    W2, W3 = cache["W2"], cache["W3"]

    dZ3 = A3 - Y.astype(A3.dtype)
    dW3 = 1 / m * np.dot(dZ3, A2.T)
    db3 = 1 / m * np.sum(dZ3, axis=1, keepdims=True)

    dA2 = np.dot(W3.T, dZ3)
    dZ2 = dA2 * (A2 > 0)
    dW2 = 1 / m * np.dot(dZ2, A1.T) * 2
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)

    dA1 = np.dot(W2.T, dZ2)
    dZ1 = dA1 * (A1 > 0)
    dW1 = 1 / m * np.dot(dZ1, X.T)
    db1 = 4 / m * np.sum(dZ1, axis=1, keepdims=True)

    return {
        "dZ3": dZ3, "dW3": dW3,
        "db3": db3, "dA2": dA2, "dZ2": dZ2,
        "dW2": dW2, "db2": db2, "dA1": dA1,
        "dZ1": dZ1, "dW1": dW1, "db1": db1,
    }  # fmt: skip


def article_test_case() -> tuple[Array, Array, dict[str, Array]]:
    """Return the article's ``X`` (4×3), ``Y`` (3 labels) and parameters of a 4-5-3-1 network.

    Drawn by ``randn`` after ``seed(1)`` in the order X, W1, b1, W2, b2, W3, b3, from a
    generator of its own: NumPy's global one stays as it was.
    """
    randn = np.random.RandomState(1).randn
    X = randn(4, 3)
    Y = np.array([1, 1, 0])
    shapes = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    return X, Y, {name: randn(*shape) for name, shape in shapes.items()}
