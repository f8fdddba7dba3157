"""The second derivative of an associated Legendre function of odd degree at -1 has the wrong sign.

Known: P₃(x) = (5 x³ - 3 x) / 2.
"""

from scipy.special import assoc_legendre_p

PACKAGE = "scipy"


def claim():
    return assoc_legendre_p(3, 0, -1.0, diff_n=2)[2]


def truth():
    return -15.0
