"""A signal filtered and sampled: convolution by np.convolve and its adjoint."""

import numpy as np

rng = np.random.default_rng(23)
kernel = rng.normal(size=5)
signal = rng.normal(size=16)


def blur(x):
    return np.convolve(x, kernel, mode="valid")


def adjoint(x, g):
    flipped = kernel[::-1]
    return np.convolve(g, flipped, mode="full")


def report(gp):
    return gp.check_vjp(blur, adjoint, signal)
