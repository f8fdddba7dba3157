"""Matern with nu that has no closed form takes forward differences over 1e-10.

Known: the kernel's own slope.
"""

import numpy as np
from sklearn.gaussian_process.kernels import Matern

import gradproof as gp

PACKAGE = "scikit-learn"

X = np.array([[0.0], [0.01]])
kernel = Matern(length_scale=10.0, nu=0.8)


def claim():
    return kernel(X, eval_gradient=True)[1][0, 1, 0]


def truth():
    theta = kernel.theta
    return gp.slope(lambda t: float(kernel.clone_with_theta(theta + t)(X)[0, 1])).value
