"""The gradient of the largest size along an axis is NaN. Known: it is the sign of that entry."""

import autograd
import autograd.numpy as np

PACKAGE = "autograd"


def claim():
    norms = lambda x: np.sum(np.linalg.norm(x, np.inf, axis=1))  # noqa: E731
    return autograd.grad(norms)(np.array([[1.0, -3.0], [2.0, 0.5]]))[0, 1]


def truth():
    return -1.0
