"""The Hessian of NegativeBinomialP is wrong between a coefficient and alpha where p is not 1 or 2.

Known: the slope of the package's own score.
"""

import numpy as np
from statsmodels.discrete.discrete_model import NegativeBinomialP

import gradproof as gp

PACKAGE = "statsmodels"

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(100), rng.normal(size=100)])
y = rng.poisson(np.exp(0.5 + 0.3 * X[:, 1]))
model = NegativeBinomialP(y, X, p=1.5)
params = np.array([0.5, 0.3, 0.7])


def claim():
    return model.hessian(params)[0, 2]


def truth():
    return gp.slope(lambda t: float(model.score(params + t * np.eye(3)[2])[0])).value
