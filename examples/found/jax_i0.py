"""The derivative of I₀ at 0. Known: it is I₁(0) = 0."""

import jax
from jax.scipy.special import i0

PACKAGE = "jax"


def claim():
    return jax.grad(i0)(0.0)


def truth():
    return 0.0
