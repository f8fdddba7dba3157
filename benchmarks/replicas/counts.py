"""Counts with an exposure: the negative-binomial likelihood of rates and of the dispersion."""

import numpy as np
from scipy.special import digamma, gammaln

rng = np.random.default_rng(36)
X, exposure = rng.normal(size=(15, 2)), rng.uniform(0.5, 3.0, size=15)
n = rng.poisson(2.0 * exposure)
params = {"beta": 0.3 * rng.normal(size=2), "r": 1.7}


def nll(p):
    mu = exposure * np.exp(X @ p["beta"])
    r = p["r"]
    terms = gammaln(n + r) - gammaln(r) + r * np.log(r / (r + mu)) + n * np.log(mu / (r + mu))
    return -terms.sum()


def nll_grad(p):
    mu = exposure * np.exp(X @ p["beta"])
    r = p["r"]
    d_eta = n - (n + r) * mu / (r + mu)
    d_r = digamma(n + r) - digamma(r) + np.log(r / (r + mu)) + 1 - (n + r) / (r + mu)
    return {"beta": -X.T @ d_eta, "r": -d_r.sum()}


def report(gp):
    return gp.check(nll, params, grad=nll_grad)
