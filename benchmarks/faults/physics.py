"""Charged particles on springs, and a deep network of equal layers."""

import numpy as np
import optree

from .fault import ALL, Family, at, part

rng = np.random.default_rng(1415)

# Charges that repel and attract each other

COULOMB = 332.06371
COUNT = 7
PLACES = rng.permutation(np.indices((3, 3, 3)).reshape(3, -1).T)[:COUNT] * 1.3
PLACES = PLACES + rng.normal(size=(COUNT, 3)) / 5
CHARGES = rng.uniform(-1, 1, size=COUNT)
FIRST, SECOND = np.triu_indices(COUNT, 1)


def energy(places, charges):
    r = np.linalg.norm(places[FIRST] - places[SECOND], axis=1)
    return float(COULOMB * np.sum(charges[FIRST] * charges[SECOND] / r))


def gradient(places, charges):
    d = places[FIRST] - places[SECOND]
    r = np.linalg.norm(d, axis=1)
    pull = (-COULOMB * charges[FIRST] * charges[SECOND] / r**3)[:, None] * d
    total = np.zeros_like(places)
    np.add.at(total, FIRST, pull)
    np.subtract.at(total, SECOND, pull)
    return total


def force_with_another_constant(places, charges):
    d = places[FIRST] - places[SECOND]
    r = np.linalg.norm(d, axis=1)
    pull = (-332.0716 * charges[FIRST] * charges[SECOND] / r**3)[:, None] * d
    total = np.zeros_like(places)
    np.add.at(total, FIRST, pull)
    np.subtract.at(total, SECOND, pull)
    return total


def no_reaction(places, charges):
    d = places[FIRST] - places[SECOND]
    r = np.linalg.norm(d, axis=1)
    pull = (-COULOMB * charges[FIRST] * charges[SECOND] / r**3)[:, None] * d
    total = np.zeros_like(places)
    np.add.at(total, FIRST, pull)
    return total


def force_not_gradient(places, charges):
    d = places[FIRST] - places[SECOND]
    r = np.linalg.norm(d, axis=1)
    push = (COULOMB * charges[FIRST] * charges[SECOND] / r**3)[:, None] * d
    total = np.zeros_like(places)
    np.add.at(total, FIRST, push)
    np.subtract.at(total, SECOND, push)
    return total


# Three square layers in a dataclass, with a helper for the backward pass of one


@optree.dataclasses.dataclass(namespace="faults")
class Layers:
    first: np.ndarray
    second: np.ndarray
    third: np.ndarray


LAYERS = Layers(*(rng.normal(size=(3, 5, 5)) / 2))
X = rng.normal(size=(5, 8))
V = rng.normal(size=(5, 8))


def activations(layers, X):
    A = [X]
    for W in (layers.first, layers.second, layers.third):
        A.append(np.tanh(W @ A[-1]))
    return A


def deep(layers, X, V):
    return float(np.sum(V * activations(layers, X)[-1]))


def layer_back(W, A, out, dA):
    dZ = dA * (1 - out**2)
    dW = dZ @ A.T
    return dW, W.T @ dZ


def layer_back_transposed(W, A, out, dA):
    dZ = dA * (1 - out**2)
    dW = A @ dZ.T
    return dW, W.T @ dZ


def layer_back_averaged(W, A, out, dA):
    dZ = dA * (1 - out**2)
    dW = dZ @ A.T / A.shape[1]
    return dW, W.T @ dZ


def deep_back(layers, X, V):
    A = activations(layers, X)
    third, dA = layer_back(layers.third, A[2], A[3], V)
    second, dA = layer_back(layers.second, A[1], A[2], dA)
    first, _ = layer_back(layers.first, A[0], A[1], dA)
    return Layers(first, second, third)


def helper_transposes(layers, X, V):
    A = activations(layers, X)
    third, dA = layer_back(layers.third, A[2], A[3], V)
    second, dA = layer_back_transposed(layers.second, A[1], A[2], dA)
    first, _ = layer_back(layers.first, A[0], A[1], dA)
    return Layers(first=first, second=second, third=third)


def helper_averages(layers, X, V):
    A = activations(layers, X)
    third, dA = layer_back_averaged(layers.third, A[2], A[3], V)
    second, dA = layer_back(layers.second, A[1], A[2], dA)
    first, _ = layer_back_averaged(layers.first, A[0], A[1], dA)
    return Layers(first=first, second=second, third=third)


def returned_in_another_order(layers, X, V):
    A = activations(layers, X)
    third, dA = layer_back(layers.third, A[2], A[3], V)
    second, dA = layer_back(layers.second, A[1], A[2], dA)
    first, _ = layer_back(layers.first, A[0], A[1], dA)
    return Layers(first=second, second=third, third=first)


def second_layer_copied(layers, X, V):
    A = activations(layers, X)
    third, dA = layer_back(layers.third, A[2], A[3], V)
    second, dA = layer_back(layers.second, A[1], A[2], dA)
    first = second.copy()
    return Layers(first=first, second=second, third=third)


def three_faults(layers, X, V):
    A = activations(layers, X)
    third, dA = layer_back(layers.third, A[2], A[3], V)
    third = -third
    second, dA = layer_back(layers.second, A[1], A[2], dA)
    second[:, 2] = 0
    first, _ = layer_back(layers.first, A[0], A[1], dA)
    first += 0.2 * layers.first
    return Layers(first=first, second=second, third=third)


charges = Family("charges", energy, PLACES, (CHARGES,), gradient)
layers = Family("three layers", deep, LAYERS, (X, V), deep_back)
OFF = part((5, 5), ~np.eye(5, dtype=bool))
FIELDS = (".first", ".second", ".third")
FAULTS = (
    charges.plant(
        "two values of one constant",
        force_with_another_constant,
        at("", ALL, "scale", line="np.subtract.at(total, SECOND, pull)"),
    ),
    charges.plant(
        "no reaction to the action",
        no_reaction,
        at(
            "",
            part((COUNT, 3), np.s_[1:]),
            "missing-accumulation",
            "held-fixed",
            "unexplained",
            "entries",
            line="np.add.at(total, FIRST, pull)",
        ),
    ),
    charges.plant(
        "force, not gradient",
        force_not_gradient,
        at("", ALL, "sign", "scale", line="np.subtract.at(total, SECOND, push)"),
    ),
    layers.plant(
        "helper transposes",
        helper_transposes,
        at(".second", OFF, "transpose", line="dW = A @ dZ.T"),
    ),
    layers.plant(
        "helper averages over the examples",
        helper_averages,
        at(".third", ALL, "scale", line="dW = dZ @ A.T / A.shape[1]"),
        at(".first", ALL, "scale", line="dW = dZ @ A.T / A.shape[1]"),
    ),
    layers.plant(
        "returned in another order",
        returned_in_another_order,
        *(at(field, ALL, "other-block", line="dW = dZ @ A.T") for field in FIELDS),
    ),
    layers.plant(
        "second layer copied",
        second_layer_copied,
        at(".first", ALL, "other-block", line="first = second.copy()"),
    ),
    layers.plant(
        "three faults in three layers",
        three_faults,
        at(".third", ALL, "sign", "scale", line="third = -third"),
        at(".second", part((5, 5), np.s_[:, 2]), "zero", "entries", line="second[:, 2] = 0"),
        at(".first", ALL, "parameter-term", line="first += 0.2 * layers.first"),
    ),
)
