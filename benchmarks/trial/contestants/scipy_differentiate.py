"""scipy.differentiate.jacobian, and the comparison that its documentation makes."""

from __future__ import annotations

import numpy as np

from ..contestant import Answer, Verdict
from ..specimen import Problem
from .answering import CannotError, answering, installed
from .blocks import Blocks

# Measured: it holds the first 8 points for each of n coordinates, of n numbers each, at once.
BYTES = 9 * 8  # for each of n² numbers
MOST_BYTES = 4e9


class Differentiate:
    """An adaptive numerical gradient; the claim is held against it with ``np.allclose``."""

    name = "scipy.differentiate"
    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        "np.allclose(res.df, claimed) at NumPy's defaults, as in the documentation of "
        "scipy.differentiate.jacobian; where it is false and no differing entry has res.success, "
        "undecided: df is the derivative 'if the algorithm terminated successfully'"
    )

    def version(self) -> str | None:
        return installed("scipy")

    @answering
    def judge(self, problem: Problem) -> Answer:
        from scipy.differentiate import jacobian

        blocks = Blocks(problem, real=True)
        needed = BYTES * blocks.vector.size**2
        if needed > MOST_BYTES:
            raise CannotError(f"its points take {needed / 1e9:.0f} GB: the memory grows with n²")

        # The way to a vectorized function that the documentation gives.
        def vectorized(points: np.ndarray) -> np.ndarray:
            return np.apply_along_axis(blocks.value_of, axis=0, arr=points)

        found = jacobian(vectorized, blocks.vector)
        close = np.isclose(found.df, blocks.claim_of(blocks.vector))
        if np.all(close):
            return Answer(Verdict.PASSES)
        note = f"{np.sum(~close)} of {close.size} entries differ"
        if np.any(~close & found.success):
            return Answer(Verdict.ACCUSES, note=note)
        return Answer(Verdict.UNDECIDED, note=f"{note}, none of which converged")
