"""The Hessian has no block between inflation and counts: printed standard errors are too small.

Known: the slope of the package's own score, which is right (its own slope is that of loglike).
"""

import numpy as np
from statsmodels.discrete.count_model import ZeroInflatedPoisson

import gradproof as gp

PACKAGE = "statsmodels"

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(200), rng.normal(size=200)])
y = rng.poisson(np.exp(0.5 + 0.3 * X[:, 1])) * (rng.random(200) > 0.3)
model = ZeroInflatedPoisson(y, X, exog_infl=X)
params = np.array([-0.8, 0.1, 0.5, 0.3])


def claim():
    return model.hessian(params)[0, 2]


def truth():
    return gp.slope(lambda t: float(model.score(params + t * np.eye(4)[0])[2])).value
