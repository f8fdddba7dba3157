"""The derivative of poch(x, 2) at 0 is NaN. Known: the function is x (x + 1)."""

import jax
from jax.scipy.special import poch

PACKAGE = "jax"


def claim():
    return jax.grad(lambda x: poch(x, 2.0))(0.0)


def truth():
    return 1.0
