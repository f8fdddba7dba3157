"""The score of a truncated negative binomial model is that of another p where p is 1.

Known: the slope of the package's own loglike.
"""

import numpy as np
from statsmodels.discrete.truncated_model import TruncatedLFNegativeBinomialP

import gradproof as gp

PACKAGE = "statsmodels"

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(100), rng.normal(size=100)])
y = 1 + rng.poisson(np.exp(0.5 + 0.3 * X[:, 1]))
model = TruncatedLFNegativeBinomialP(y, X, truncation=0, p=1)
params = np.array([0.5, 0.3, 0.7])


def claim():
    return model.score(params)[0]


def truth():
    return gp.slope(lambda t: float(model.loglike(params + t * np.eye(3)[0]))).value
