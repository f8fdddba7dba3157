"""The gradient of another block, in place of this one's or added to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .rules import rule


@rule("other", place=60)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``true = claimed of another block``, which was swapped with this one's, say."""
    for name, gradient in evidence.others.items():
        if name == evidence.block.name or gradient.size != evidence.claimed.size:
            continue
        if np.array_equal(gradient, evidence.claimed):
            if name in evidence.right and gradient.any():
                yield Explanation(
                    Kind.OTHER_BLOCK,
                    f"{evidence.block.name}: the very same numbers are claimed for {name}, where "
                    "they are right: they were copied from there.",
                    1.0,
                )
            continue
        fit = evidence.fit([], known=gradient)
        if fit is not None:
            yield Explanation(
                Kind.OTHER_BLOCK,
                f"{evidence.block.name}: its gradient is what is claimed for {name}; the two are "
                "exchanged, or one was copied from the other.",
                fit.explained,
                wrong=fit.wrong(gradient),
            )
