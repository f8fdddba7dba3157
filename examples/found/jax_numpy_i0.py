"""The second derivative of jax.numpy.i0 at 0. Known: I₀(x) = 1 + x²/4 + …, so that it is 1/2."""

import jax
from jax.numpy import i0

PACKAGE = "jax"


def claim():
    return jax.grad(jax.grad(i0))(0.0)


def truth():
    return 0.5
