"""PairwiseKernel takes forward differences over 1e-10, which keep few digits.

Known: the kernel's own slope.
"""

import numpy as np
from sklearn.gaussian_process.kernels import PairwiseKernel

import gradproof as gp

PACKAGE = "scikit-learn"

X = np.array([[0.0], [0.01]])
kernel = PairwiseKernel(gamma=1.0, metric="rbf")


def claim():
    return kernel(X, eval_gradient=True)[1][0, 1, 0]


def truth():
    theta = kernel.theta
    return gp.slope(lambda t: float(kernel.clone_with_theta(theta + t)(X)[0, 1])).value
