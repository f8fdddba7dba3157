"""A policy gradient with a baseline and a bonus for entropy; logits linear in the features."""

import numpy as np

rng = np.random.default_rng(34)
states, actions = rng.normal(size=(8, 3)), rng.integers(0, 4, size=8)
advantage, old = rng.normal(size=8), rng.uniform(-2.0, -0.8, size=8)
theta = 0.4 * rng.normal(size=(3, 4))
BONUS = 0.05


def log_policy(theta):
    z = states @ theta
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def surrogate(theta):
    logp = log_policy(theta)
    ratio = np.exp(logp[np.arange(8), actions] - old)
    entropy = -(np.exp(logp) * logp).sum(axis=1)
    return -np.mean(ratio * advantage + BONUS * entropy)


def surrogate_grad(theta):
    logp = log_policy(theta)
    p = np.exp(logp)
    ratio = np.exp(logp[np.arange(8), actions] - old)
    chosen = np.zeros_like(p)
    chosen[np.arange(8), actions] = ratio * advantage
    d_logits = chosen - p * chosen.sum(axis=1, keepdims=True)
    entropy = -(p * logp).sum(axis=1, keepdims=True)
    d_logits += -BONUS * p * (logp + entropy)
    return -states.T @ d_logits / len(states)


def report(gp):
    return gp.check(surrogate, theta, grad=surrogate_grad)
