"""A variational bound: a linear decoder, an encoder of means and log-variances, fixed noise."""

import numpy as np

rng = np.random.default_rng(39)
X, noise = rng.normal(size=(6, 5)), rng.normal(size=(6, 2))
params = {"mu": 0.4 * rng.normal(size=(5, 2)), "lv": 0.3 * rng.normal(size=(5, 2)),
          "D": 0.5 * rng.normal(size=(2, 5))}  # fmt: skip
BETA = 0.7


def bound(p):
    mu, logvar = X @ p["mu"], X @ p["lv"]
    z = mu + np.exp(0.5 * logvar) * noise
    recon = 0.5 * np.sum((z @ p["D"] - X) ** 2)
    kl = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
    return (recon + BETA * kl) / len(X)


def bound_grad(p):
    mu, logvar = X @ p["mu"], X @ p["lv"]
    std = np.exp(0.5 * logvar)
    z = mu + std * noise
    d_rec = (z @ p["D"] - X) / len(X)
    d_z = d_rec @ p["D"].T
    d_mu = d_z + BETA * mu / len(X)
    d_logvar = 0.5 * d_z * std * noise + 0.5 * BETA * (np.exp(logvar) - 1) / len(X)
    return {"mu": X.T @ d_mu, "lv": X.T @ d_logvar, "D": z.T @ d_rec}


def report(gp):
    return gp.check(bound, params, grad=bound_grad)
