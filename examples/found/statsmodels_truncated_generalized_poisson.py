"""The score of a truncated generalized Poisson model is that of another p where p is 2.

Known: the slope of the package's own loglike.
"""

import numpy as np
from statsmodels.discrete.truncated_model import TruncatedLFGeneralizedPoisson

import gradproof as gp

PACKAGE = "statsmodels"

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(100), rng.normal(size=100)])
y = 1 + rng.poisson(np.exp(0.5 + 0.3 * X[:, 1]))
model = TruncatedLFGeneralizedPoisson(y, X, truncation=0, p=2)
params = np.array([0.5, 0.3, 0.1])


def claim():
    return model.score(params)[0]


def truth():
    return gp.slope(lambda t: float(model.loglike(params + t * np.eye(3)[0]))).value
