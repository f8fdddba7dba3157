"""The gradient of a radial kernel in the entries of a full metric.

Known: k = exp(-r²/2), r² = (a - b)ᵀ (L Lᵀ)⁻¹ (a - b), which its value agrees with, by mpmath.
"""

import mpmath
import numpy as np
from george.kernels import ExpSquaredKernel

PACKAGE = "george"

a, b = np.array([[0.3, 0.7]]), np.array([[1.0, -0.2]])
kernel = ExpSquaredKernel(metric=[[2.0, 0.5], [0.5, 1.0]], ndim=2)


def claim():
    return kernel.get_gradient(a, b)[0, 0, 0]


def truth():
    first, below, last = kernel.get_parameter_vector()
    (dx, dy) = (a - b)[0]

    def value(log_first):
        x = dx / mpmath.exp(log_first)
        y = (dy - below * x) / mpmath.exp(last)
        return mpmath.exp(-(x**2 + y**2) / 2)

    assert abs(value(first) - kernel.get_value(a, b)[0, 0]) < 1e-12
    return mpmath.diff(value, first)
