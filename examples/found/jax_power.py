"""The second derivative of power(x, 1.0) at 0 is NaN. Known: the function is x."""

import jax
import jax.numpy as jnp

PACKAGE = "jax"


def claim():
    return jax.grad(jax.grad(lambda x: jnp.power(x, 1.0)))(0.0)


def truth():
    return 0.0
