"""The derivative that pbvv_seq returns for negative orders that are no integers.

Known: mpmath's V, with which pbvv agrees.
"""

import mpmath
from scipy.special import pbvv_seq

PACKAGE = "scipy"


def claim():
    return pbvv_seq(-1.5, 0.7)[1][-1]


def truth():
    return mpmath.diff(lambda x: mpmath.pcfv(1.0, x), 0.7)
