"""The second derivative of hypot(x, 1) at 1 is 0. Known: it is (x² + 1) to the power -3/2."""

import jax
import jax.numpy as jnp

PACKAGE = "jax"


def claim():
    return jax.grad(jax.grad(lambda x: jnp.hypot(x, 1.0)))(1.0)


def truth():
    return 2**-1.5
