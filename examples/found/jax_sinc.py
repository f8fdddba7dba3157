"""The derivative of sinc at 1e-8 in float64. Known: sin(πx)/(πx) = 1 - π² x² / 6 + …"""

import math

import jax
import jax.numpy as jnp

PACKAGE = "jax"


def claim():
    with jax.enable_x64(True):
        return jax.grad(jnp.sinc)(1e-8)


def truth():
    return -(math.pi**2) / 3 * 1e-8
