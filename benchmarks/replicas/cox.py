"""Proportional hazards: the partial likelihood of sorted times, with censoring."""

import numpy as np

rng = np.random.default_rng(40)
Z = rng.normal(size=(10, 3))
event = np.array([1, 1, 0, 1, 0, 1, 1, 1, 0, 1.0])
beta = 0.5 * rng.normal(size=3)


def nll(beta):
    eta = Z @ beta
    at_risk = np.cumsum(np.exp(eta)[::-1])[::-1]
    return -np.sum(event * (eta - np.log(at_risk)))


def nll_grad(beta):
    eta = Z @ beta
    risk = np.exp(eta)
    at_risk = np.cumsum(risk[::-1])[::-1]
    hazard = np.cumsum(event / at_risk)
    return -Z.T @ (event - risk * hazard)


def report(gp):
    return gp.check(nll, beta, grad=nll_grad)
