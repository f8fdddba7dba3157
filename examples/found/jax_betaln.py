"""The second derivative of betaln where both arguments are equal. Known: polygamma functions."""

import jax
from jax.scipy.special import betaln
from scipy.special import polygamma

PACKAGE = "jax"


def claim():
    with jax.enable_x64(True):
        return jax.grad(jax.grad(betaln))(2.0, 2.0)


def truth():
    return polygamma(1, 2.0) - polygamma(1, 4.0)
