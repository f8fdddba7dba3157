"""The derivative of xlogy(0, y) in y at 0 is NaN. Known: the function is 0 for every y."""

import jax
from jax.scipy.special import xlogy

PACKAGE = "jax"


def claim():
    return jax.grad(lambda y: xlogy(0.0, y))(0.0)


def truth():
    return 0.0
