"""The second derivative of I₁ at 0. Known: I₁(x) = x/2 + x³/16 + …, so that it is 0."""

import jax
from jax.scipy.special import i1

PACKAGE = "jax"


def claim():
    return jax.grad(jax.grad(i1))(0.0)


def truth():
    return 0.0
