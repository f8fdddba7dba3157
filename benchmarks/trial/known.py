"""Specimens of which the wrong thing is said today, and what: a list that may only become shorter.

``tests/test_further_specimens.py`` fails where one that stands here is right by now, or is said
something else, and where one fails that does not stand here.
"""

from __future__ import annotations

KNOWN: dict[str, str] = {
    # Steps.
    "naive cross-entropy of 3, both classes at 33, right": "accuses",
    "naive cross-entropy of 6, both classes at 33, right": "accuses",
    # Given.
    "weighted relu at 0, 0 claimed there, sign, as arrays": "undecided",
    "weighted relu at 0, 0 claimed there, claimed 7 there, as arrays": "undecided",
    "weighted relu at 0, 0.5 claimed there, sign, as arrays": "undecided",
    "weighted relu at 0, 0.5 claimed there, claimed 7 there, as arrays": "undecided",
    "weighted relu at 0, 1 claimed there, sign, as arrays": "undecided",
    "weighted relu at 0, 1 claimed there, claimed 7 there, as arrays": "undecided",
    "absolute values at 0, sign, as arrays": "undecided",
    "lasso at 0, sign, as arrays": "undecided",
    "lasso at 0, times 2, as arrays": "undecided",
    "hinge on the margin, sign, as arrays": "undecided",
    "norm at 0, sign, as arrays": "undecided",
    "relu layer with an empty example, sign in b, as arrays": "undecided",
    "relu layer with an empty example, zero in b, as arrays": "undecided",
    "max pooling with ties, to the first, right, as arrays": "undecided",
    "max pooling with ties, shared, right, as arrays": "undecided",
    "the larger of two blocks, equal weights, to the first, to both, as arrays": "undecided",
    "the larger of two blocks, equal weights, to the first, to neither, as arrays": "undecided",
    "the larger of two blocks, equal weights, to the first, sign, as arrays": "undecided",
    "the larger of two blocks, equal weights, shared, to both, as arrays": "undecided",
    "the larger of two blocks, equal weights, shared, to neither, as arrays": "undecided",
    "the larger of two blocks, equal weights, shared, sign, as arrays": "undecided",
    "the larger of two blocks, weights, to the first, to both, as arrays": "undecided",
    "the larger of two blocks, weights, to the first, to neither, as arrays": "undecided",
    "the larger of two blocks, weights, to the first, sign, as arrays": "undecided",
    "the larger of two blocks, weights, shared, to both, as arrays": "undecided",
    "the larger of two blocks, weights, shared, to neither, as arrays": "undecided",
    "the larger of two blocks, weights, shared, sign, as arrays": "undecided",
    "largest minus smallest, shared, to all, as arrays": "passes",
    "largest minus smallest, shared, sign, as arrays": "undecided",
    # Near.
    "cross-entropy at a margin of 29, right": "undecided",
    # Torch.
    (
        "lasso of 40, 0.3 of them 0, 0 taken at the kink, skipped where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 40, 0.3 of them 0, 1 taken at the kink, data sign where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 40, 0.3 of them 0, -0.5 taken at the kink, penalty more than once, as arrays"
    ): "undecided",
    (
        "lasso of 40, 0.7 of them 0, 0 taken at the kink, skipped where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 40, 0.7 of them 0, 1 taken at the kink, data sign where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 40, 0.7 of them 0, -0.5 taken at the kink, penalty more than once, as arrays"
    ): "undecided",
    "lasso of 40, 1 of them 0, 0 taken at the kink, skipped where it is 0, as arrays": "undecided",
    (
        "lasso of 40, 1 of them 0, 1 taken at the kink, data sign where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 40, 1 of them 0, -0.5 taken at the kink, penalty more than once, as arrays"
    ): "undecided",
    (
        "lasso of 90, 0.3 of them 0, 0 taken at the kink, skipped where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 90, 0.3 of them 0, 1 taken at the kink, data sign where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 90, 0.3 of them 0, -0.5 taken at the kink, penalty more than once, as arrays"
    ): "undecided",
    (
        "lasso of 90, 0.7 of them 0, 0 taken at the kink, skipped where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 90, 0.7 of them 0, 1 taken at the kink, data sign where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 90, 0.7 of them 0, -0.5 taken at the kink, penalty more than once, as arrays"
    ): "undecided",
    "lasso of 90, 1 of them 0, 0 taken at the kink, skipped where it is 0, as arrays": "undecided",
    (
        "lasso of 90, 1 of them 0, 1 taken at the kink, data sign where it is 0, as arrays"
    ): "undecided",
    (
        "lasso of 90, 1 of them 0, -0.5 taken at the kink, penalty more than once, as arrays"
    ): "undecided",
    # More kinks in one array than are looked at one by one: what each leaves open hides the others.
    "lasso of 40, 1 of them 0, 0 taken at the kink, right, as arrays": "undecided",
    "lasso of 40, 1 of them 0, 1 taken at the kink, right, as arrays": "undecided",
    "lasso of 40, 1 of them 0, -0.5 taken at the kink, right, as arrays": "undecided",
    "lasso of 90, 0.7 of them 0, 0 taken at the kink, right, as arrays": "undecided",
    "lasso of 90, 0.7 of them 0, 1 taken at the kink, right, as arrays": "undecided",
    "lasso of 90, 0.7 of them 0, -0.5 taken at the kink, right, as arrays": "undecided",
    "lasso of 90, 1 of them 0, 0 taken at the kink, right, as arrays": "undecided",
    "lasso of 90, 1 of them 0, 1 taken at the kink, right, as arrays": "undecided",
    "lasso of 90, 1 of them 0, -0.5 taken at the kink, right, as arrays": "undecided",
    # Rectified, shrunk: several kinks at once, and a choice that none of them gives alone.
    "5 layers of leaky relu without biases, 1 taken at the kink, right": "undecided",
    "6 layers of relu without biases, 1 taken at the kink, right": "undecided",
    "relu, a feature of 10000, one unit off, 0 taken at the kink, right": "undecided",
    "clip, a feature of 10000, half of the units off, 0 taken at the kink, right": "undecided",
    "norms of 4 rows of 5, 1 along the first axis, right": "undecided",
    "norms of 9 rows of 2, 1 along the first axis, right": "undecided",
    "norms of 9 rows of 5, 1 along the first axis, right": "undecided",
}
