"""pymanopt's gradient check: the slope of the Taylor remainder along one random direction.

``diagnostics.check_gradient`` calls ``check_directional_derivative`` and draws what it returns
for the user's eye. Here that function is called, and the slope read as pymanopt's tests read it.
One helper of it, ``identify_linear_piece``, is put in its place by `_linear_piece`, which returns
the same: pymanopt 2.2.1 assigns an array of one element to a number, and NumPy 2.4 refuses that.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np

from ..contestant import Answer
from ..specimen import Problem
from .answering import SEED, answering, installed, passes_if
from .blocks import Array, Blocks

LEAST, MOST = 1.95, 2.05
EXACT = 1e-12  # the remainder that pymanopt itself calls numerically zero


class Pymanopt:
    """The parameters are a point of a product of Euclidean spaces."""

    name = "pymanopt check_gradient"
    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        "a verdict by eye: 'the slope of the continuous line should match that of the dashed "
        "(reference) line', which is 2. Read as pymanopt's own tests read it "
        f"(tests/manifolds/_manifold_tests.py): a slope within [{LEAST}, {MOST}] passes; and so "
        "does a linear model that it calls exact (remainder below "
        f"{EXACT:g} at all steps). np.random.seed({SEED})"
    )

    def version(self) -> str | None:
        return installed("pymanopt")

    @answering
    def judge(self, problem: Problem) -> Answer:
        import pymanopt
        from pymanopt.manifolds import ComplexEuclidean, Euclidean, Product
        from pymanopt.tools import diagnostics

        blocks = Blocks(problem)
        point = [np.atleast_1d(array) for array in blocks.arrays]
        kinds = [ComplexEuclidean if np.iscomplexobj(p) else Euclidean for p in point]
        manifold = Product([kind(*p.shape) for kind, p in zip(kinds, point, strict=True)])

        @pymanopt.function.numpy(manifold)
        def cost(*arrays: Array) -> Any:
            return blocks.value(*arrays)

        @pymanopt.function.numpy(manifold)
        def gradient(*arrays: Array) -> list[Array]:
            claims = blocks.claim(*arrays)
            return [claim.reshape(p.shape) for claim, p in zip(claims, point, strict=True)]

        asked = pymanopt.Problem(manifold, cost, euclidean_gradient=gradient)
        direction = manifold.random_tangent_vector(point)
        with patch.object(diagnostics, "identify_linear_piece", _linear_piece):
            checked = diagnostics.check_directional_derivative(asked, point, direction)
        _, remainder, _, (slope, *_) = checked
        if np.all(remainder < EXACT):
            return passes_if(True, "the linear model is exact")
        return passes_if(bool(LEAST <= slope <= MOST), f"slope {slope:.3f}")


def _linear_piece(x: Array, y: Array, window_length: int) -> tuple[Array, Array]:
    """The window in which (x, y) is closest to a line, and that line."""
    windows = [np.arange(k, k + window_length + 1) for k in range(len(x) - window_length)]
    fits = [np.polyfit(x[window], y[window], deg=1, full=True) for window in windows]
    best = int(np.argmin([residual[0] for _, residual, *_ in fits]))
    return windows[best], fits[best][0]
