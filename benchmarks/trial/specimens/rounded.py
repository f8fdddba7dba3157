"""Rounded: right gradients of which little is left beside their round-off, and faults as small.

What is claimed is the difference of two numbers next to 1, as backpropagation has it for
cross-entropies at confident points; the function itself is computed without any loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..specimen import Specimen
from .twins import factor, one, sign, twins

FAMILY = "rounded"
Array = NDArray[Any]

_WHY = "the claim is the difference of two numbers next to 1, and its last digits are round-off"
_STEPS = np.array([0.0, 0.3, 0.7, 1.1])
_ROWS = np.array([[1.0, 0.5], [0.8, 1.3], [1.7, 0.2]])
_PAIRS = (np.array([0, 0, 1]), np.array([1, 2, 2]))


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def softplus(z: Array) -> Any:
    """Where ``z`` is far below 0."""
    return np.log1p(np.exp(z))


def _softmax(z: Array) -> Array:
    p = np.exp(z - z.max())
    return p / p.sum()


def _first(z: Array) -> Array:
    return (np.arange(z.size) == 0) * np.ones_like(z)


def _ranked(x: Array) -> Array:
    winners, losers = _PAIRS
    pull = (sigmoid(x[winners] - x[losers]) - 1) / 3
    found = np.zeros_like(x)
    np.add.at(found, winners, pull)
    np.subtract.at(found, losers, pull)
    return found


def at_margins() -> Iterator[Specimen]:
    """Losses of what is classified rightly by a margin, and derivatives in saturation."""
    for margin in (17.0, 19.0, 21.0, 23.0, 25.0, 26.5):
        z = margin + _STEPS
        for name, problem in (
            ("logistic loss", one(
                lambda z: np.mean(softplus(-z)), z, lambda z: (sigmoid(z) - 1) / z.size)),
            ("logistic loss of the other class", one(
                lambda z: np.mean(softplus(z)), -z, lambda z: (1 - sigmoid(-z)) / z.size)),
            ("cross-entropy of softmax", one(
                lambda z: np.log1p(np.sum(np.exp(z[1:] - z[0]))),
                np.append(margin, _STEPS[:3]), lambda z: _softmax(z) - _first(z))),
            ("logistic regression", one(
                lambda w: np.mean(softplus(-(_ROWS @ w))), [margin, 0.4],
                lambda w: _ROWS.T @ (sigmoid(_ROWS @ w) - 1) / 3)),
            ("ranking of pairs", one(
                lambda x: np.mean(softplus(x[_PAIRS[1]] - x[_PAIRS[0]])),
                [2 * margin, margin, 0.0], _ranked)),
            ("saturated tanh", one(
                lambda x: np.sum(softplus(-2 * x)), z / 2, lambda x: np.tanh(x) - 1)),
        ):  # fmt: skip
            yield from twins(
                FAMILY, f"{name} at a margin of {margin:g}", problem, factor(1.01), sign(),
                why=_WHY,
            )  # fmt: skip


def remainders() -> Iterator[Specimen]:
    """What is left of 1 where the point is small, or large."""
    for small in (1e-9, 1e-10, 1e-11):
        yield from twins(
            FAMILY, f"exp(x) - 1 at {small:g}",
            one(lambda x, s=small: np.sum(x**2 / 2 + x**3 / 6) / s**2, [small, 2 * small],
                lambda x, s=small: (np.exp(x) - 1) / s**2),
            factor(1.01), sign(), why=_WHY,
        )  # fmt: skip
        yield from twins(
            FAMILY, f"1 - 1 / (1 + x) at {small:g}",
            one(lambda x, s=small: np.sum(x**2 / 2 - x**3 / 3) / s**2, [small, 3 * small],
                lambda x, s=small: (1 - 1 / (1 + x)) / s**2),
            factor(1.01), sign(), why=_WHY,
        )  # fmt: skip
    for large in (1e4, 1e5, 3e5):
        yield from twins(
            FAMILY, f"x / sqrt(1 + x²) - 1 at {large:g}",
            one(lambda x: np.sum(1 / (np.sqrt(1 + x**2) + x)), [large, 2 * large],
                lambda x: x / np.sqrt(1 + x**2) - 1),
            factor(1.01), sign(), why=_WHY,
        )  # fmt: skip


ALL_ROUNDED: tuple[Specimen, ...] = (*at_margins(), *remainders())
