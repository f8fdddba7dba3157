"""numdifftools.Gradient, and the comparison that its documentation makes."""

from __future__ import annotations

import numpy as np

from ..contestant import Answer
from ..specimen import Problem
from .answering import answering, installed, passes_if
from .blocks import Blocks


class Numdifftools:
    """An extrapolated numerical gradient; the claim is held against it with ``np.allclose``."""

    name = "numdifftools"
    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        "np.allclose(gradient, claimed) at NumPy's defaults, as in the documentation of "
        "numdifftools.Gradient"
    )

    def version(self) -> str | None:
        return installed("numdifftools")

    @answering
    def judge(self, problem: Problem) -> Answer:
        import numdifftools as nd

        blocks = Blocks(problem, real=True)
        close = np.isclose(
            nd.Gradient(blocks.value_of)(blocks.vector), blocks.claim_of(blocks.vector)
        )
        return passes_if(bool(np.all(close)), f"{np.sum(~close)} of {close.size} entries differ")
