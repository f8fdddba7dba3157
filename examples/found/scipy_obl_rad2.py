"""The derivative that obl_rad2 returns at 1 (and its value). Known: the Wronskian of both kinds.

R₁ R₂' - R₁' R₂ = 1 / (c (x² + 1)).
"""

from scipy.special import obl_rad1, obl_rad2

PACKAGE = "scipy"

c, x = 1.0, 1.0


def claim():
    (first, slope), (second, other) = obl_rad1(0, 0, c, x), obl_rad2(0, 0, c, x)
    return first * other - slope * second


def truth():
    return 1 / (c * (x**2 + 1))
