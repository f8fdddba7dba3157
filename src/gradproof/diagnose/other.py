"""The gradient of another block, in place of this one's or added to it."""

from collections.abc import Iterator

import numpy as np

from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .rules import rule


@rule("other", place=60)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``true = claimed of another block``, which was swapped with this one's, say."""
    own = evidence.block.name
    for name, gradient in evidence.others.items():
        if name == own or gradient.size != evidence.claimed.size:
            continue
        if name in evidence.right and gradient.any() and np.array_equal(gradient, evidence.claimed):
            message = (
                f"{own}: the very same numbers are claimed for {name}, where "
                "they are right: they were copied from there."
            )
            yield Explanation(Kind.OTHER_BLOCK, message, 1.0)
        message = (
            f"its gradient is what is claimed for {name}; the two are "
            "exchanged, or one was copied from the other."
        )
        yield from evidence.corrected(Kind.OTHER_BLOCK, gradient, message)
