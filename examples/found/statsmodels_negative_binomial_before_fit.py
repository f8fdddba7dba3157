"""Before a fit, hessian is in alpha where score and loglike are in its logarithm.

Known: the slope of the package's own score.
"""

import numpy as np
from statsmodels.discrete.discrete_model import NegativeBinomial

import gradproof as gp

PACKAGE = "statsmodels"

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(100), rng.normal(size=100)])
y = rng.poisson(np.exp(0.5 + 0.3 * X[:, 1]))
model = NegativeBinomial(y, X)
params = np.array([0.5, 0.3, 0.7])


def claim():
    return model.hessian(params)[2, 2]


def truth():
    return gp.slope(lambda t: float(model.score(params + t * np.eye(3)[2])[2])).value
