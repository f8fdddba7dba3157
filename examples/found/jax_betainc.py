"""The derivative of betainc(1, 2, x) at 0 is NaN. Known: the function is 1 - (1 - x)²."""

import jax
from jax.scipy.special import betainc

PACKAGE = "jax"


def claim():
    return jax.grad(lambda x: betainc(1.0, 2.0, x))(0.0)


def truth():
    return 2.0
