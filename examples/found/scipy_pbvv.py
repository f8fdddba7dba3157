"""The derivative that pbvv returns for x of -8 and less. Known: mpmath's V."""

import mpmath
from scipy.special import pbvv

PACKAGE = "scipy"


def claim():
    return pbvv(1.0, -10.0)[1]


def truth():
    return mpmath.diff(lambda x: mpmath.pcfv(-1.5, x), -10)
