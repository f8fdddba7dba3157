"""The derivative of gammainc(1, x) at 0 is NaN. Known: the function is 1 - exp(-x)."""

import jax
from jax.scipy.special import gammainc

PACKAGE = "jax"


def claim():
    return jax.grad(lambda x: gammainc(1.0, x))(0.0)


def truth():
    return 1.0
