"""The derivative of Frank's generator has the wrong sign."""

import mpmath
from statsmodels.distributions.copula.transforms import TransfFrank

PACKAGE = "statsmodels"


def claim():
    return TransfFrank().deriv(0.5, 2.0)


def truth():
    return mpmath.diff(lambda t: -mpmath.log(mpmath.expm1(-2 * t) / mpmath.expm1(-2)), 0.5)
