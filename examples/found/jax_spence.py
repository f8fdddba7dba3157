"""The derivative of spence is NaN on (1, 2]. Known: -log(x) / (x - 1)."""

import math

import jax
from jax.scipy.special import spence

PACKAGE = "jax"


def claim():
    with jax.enable_x64(True):
        return jax.grad(spence)(1.5)


def truth():
    return -math.log(1.5) / 0.5
