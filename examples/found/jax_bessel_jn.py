"""The derivative of bessel_jn(x, v=1) at 0.001. Known: J₁(x) = x/2 - x³/16 + …"""

import jax
from jax.scipy.special import bessel_jn

PACKAGE = "jax"


def claim():
    with jax.enable_x64(True):
        return jax.grad(lambda x: bessel_jn(x, v=1)[1])(1e-3)


def truth():
    return 0.5 - 3 / 16 * 1e-6
