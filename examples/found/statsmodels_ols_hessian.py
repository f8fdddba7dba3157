"""OLS.hessian without a scale is half of the concentrated likelihood's at its maximum.

Known: the likelihood is -n/2 log(ssr) and a constant, and that is a parabola's logarithm here.
"""

import numpy as np
import statsmodels.api as sm

PACKAGE = "statsmodels"

x, y = np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 3.0, 7.0])
best = (x[:, 0] @ y) / (x[:, 0] @ x[:, 0])


def claim():
    return sm.OLS(y, x).hessian([best])[0, 0]


def truth():
    left = y - best * x[:, 0]
    return -len(y) * (x[:, 0] @ x[:, 0]) / (left @ left)
