"""The gradient of a radial kernel with a full metric in its first argument.

Known: the derivative of exp(-r²/2) is -M⁻¹ (a - b) times it, and M is the metric.
"""

import numpy as np
from george.kernels import ExpSquaredKernel

PACKAGE = "george"

a, b = np.array([[0.3, 0.7]]), np.array([[1.0, -0.2]])
metric = np.array([[2.0, 0.5], [0.5, 1.0]])
kernel = ExpSquaredKernel(metric=metric, ndim=2)


def claim():
    return kernel.get_x1_gradient(a, b)[0, 0, 0]


def truth():
    solved = np.linalg.solve(metric, (a - b)[0])
    value = np.exp(-((a - b)[0] @ solved) / 2)
    assert abs(value - kernel.get_value(a, b)[0, 0]) < 1e-12
    return -solved[0] * value
