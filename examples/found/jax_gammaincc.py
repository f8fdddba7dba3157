"""The derivative of gammaincc(1, x) at 0 is NaN. Known: the function is exp(-x)."""

import jax
from jax.scipy.special import gammaincc

PACKAGE = "jax"


def claim():
    return jax.grad(lambda x: gammaincc(1.0, x))(0.0)


def truth():
    return -1.0
