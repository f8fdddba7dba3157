"""A Gaussian mixture in one dimension: means, log-deviations and logits of the weights."""

import numpy as np

rng = np.random.default_rng(41)
x = rng.normal(size=14)
params = {"mu": np.array([-1.0, 0.3, 1.4]), "ls": np.array([0.1, -0.4, 0.2]),
          "logits": np.array([0.2, -0.3, 0.5])}  # fmt: skip


def parts(p):
    z = (x[:, None] - p["mu"]) / np.exp(p["ls"])
    logw = p["logits"] - np.log(np.exp(p["logits"]).sum())
    return z, logw - p["ls"] - 0.5 * z**2


def nll(p):
    _, joint = parts(p)
    return -np.log(np.exp(joint).sum(axis=1)).mean()


def nll_grad(p):
    z, joint = parts(p)
    e = np.exp(joint)
    resp = e / e.sum(axis=1, keepdims=True)
    weights = np.exp(p["logits"]) / np.exp(p["logits"]).sum()
    d_mu = (resp * z / np.exp(p["ls"])).sum(axis=0)
    d_ls = (resp * (z**2 - 1)).sum(axis=0)
    d_logits = resp.sum(axis=0) - len(x) * weights
    return {"mu": -d_mu / len(x), "ls": -d_ls / len(x), "logits": -d_logits / len(x)}


def report(gp):
    return gp.check(nll, params, grad=nll_grad)
