"""What gradproof still gets wrong in the trial: each a weakness to mend, none to explain away.

The tests hold the trial to exactly these, so that a mended one has to leave the list.
"""

from __future__ import annotations

WRONG_PASSED: dict[str, str] = {
    "one slope of 1 among 1e9, one entry flipped": (
        "3e-10 of the norm of its block, below every band; a sweep sees it"
    ),
    "largest of two that are 1e-7 apart, the other one": (
        "a kink 1e-7 beside the point cannot be told from one at the point"
    ),
    "hinge 1e-7 inside the margin, that one zero": "the same",
    "max pooling with ties, to the first, to all that are tied": (
        "each tied entry alone may claim all of it; only moving them together would show the sum"
    ),
    "max pooling with ties, shared, to all that are tied": "the same",
    "1 + gradient of 1e-12, zero": (
        "a claim of zero is held against the value, and 1e-12 of that is nothing"
    ),
    "a steep block and a flat one, zero in flat": "the same, beside another block's value",
}
RIGHT_ACCUSED: dict[str, str] = {}
