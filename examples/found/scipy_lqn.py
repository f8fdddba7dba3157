"""The derivative of Legendre's Q₁ beyond 1. Known: Q₁(x) = x/2 log((x + 1)/(x - 1)) - 1."""

import mpmath
from scipy.special import lqn

PACKAGE = "scipy"


def claim():
    return lqn(1, 2.0)[1][1]


def truth():
    return mpmath.diff(lambda x: x / 2 * mpmath.log((x + 1) / (x - 1)) - 1, 2)
