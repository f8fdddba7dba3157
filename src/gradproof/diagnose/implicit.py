"""What a wrong derivative of a solution is: the formula with a part left out or turned about.

``F_x`` and ``F_θ`` are measured, the right derivative is ``−F_x⁻¹ F_θ``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..judge.thresholds import T

Array = NDArray[np.float64]

_STEPS = 50  # terms of a series that was cut off


def mistaken(claimed: Array, by_x: Array, by_theta: Array) -> str:
    """The formula that gives the claimed derivative, in words; empty where none does."""
    with np.errstate(all="ignore"):
        try:
            turned = np.asarray(-np.linalg.solve(by_x.T, by_theta), np.float64)
        except np.linalg.LinAlgError:
            return ""
        if _same(claimed, turned):
            return "it is -(F_x^T)^-1 F_theta: solved with the transposed F_x"
        if _same(claimed, -turned):
            return "it is (F_x^T)^-1 F_theta: solved with the transposed F_x, and its sign"
        for sign, words in ((1.0, "F_theta"), (-1.0, "-F_theta")):
            if _same(claimed, sign * by_theta):
                return f"it is {words}: F_x is left out (a single step of a fixed point?)"
        return _series(claimed, by_x + np.eye(len(by_x)), by_theta)


def _series(claimed: Array, step: Array, by_theta: Array) -> str:
    """So many terms of ``Σ Jᵏ f_θ``, for a residual ``f(x, θ) - x``."""
    term = total = by_theta
    for k in range(2, _STEPS + 1):
        term = step @ term
        total = total + term
        if not np.isfinite(total).all():
            return ""
        if _same(claimed, total):
            return f"it is a series that was cut off after {k} terms"
    return ""


def _same(one: Array, other: Array) -> bool:
    """To what the measured matrices are known."""
    size = float(np.linalg.norm(other))
    return bool(float(np.linalg.norm(one - other)) <= T.same_number * size)
