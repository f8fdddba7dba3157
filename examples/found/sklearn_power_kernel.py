"""The gradient of a kernel to the power 1/2 is NaN where the kernel is too small for a float.

Known: there the kernel is 0, and so it is around.
"""

import numpy as np
from sklearn.gaussian_process.kernels import RBF

PACKAGE = "scikit-learn"

kernel = RBF(0.01) ** 0.5


def claim():
    return kernel(np.array([[0.0], [1.0]]), eval_gradient=True)[1][0, 1, 0]


def truth():
    near = [(RBF(length) ** 0.5)(np.array([[0.0], [1.0]]))[0, 1] for length in (0.009, 0.011)]
    return near[1] - near[0]
