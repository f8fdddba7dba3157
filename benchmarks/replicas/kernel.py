"""A Gaussian process: the marginal likelihood in log parameters, and a kernel's hyperparameters."""

import numpy as np

rng = np.random.default_rng(73)
s = np.sort(rng.normal(size=8))
obs = np.sin(s) + 0.1 * rng.normal(size=8)
D2 = (s[:, None] - s[None, :]) ** 2
log_theta = np.array([0.3, -0.2, -1.5])


def covariance(log_theta):
    variance, length, noise = np.exp(log_theta)
    K = variance * np.exp(-0.5 * D2 / length**2)
    return K, K + noise * np.eye(len(s))


def nlml(log_theta):
    _, Ky = covariance(log_theta)
    _, logdet = np.linalg.slogdet(Ky)
    return 0.5 * obs @ np.linalg.solve(Ky, obs) + 0.5 * logdet


def gradient(log_theta):
    variance, length, noise = np.exp(log_theta)
    K, Ky = covariance(log_theta)
    alpha = np.linalg.solve(Ky, obs)
    inner = np.outer(alpha, alpha) - np.linalg.inv(Ky)
    d_variance = K
    d_length = K * D2 / length**2
    d_noise = noise * np.eye(len(s))
    return np.array([-0.5 * np.trace(inner @ d) for d in (d_variance, d_length, d_noise)])


def report(gp):
    return gp.check(nlml, log_theta, grad=gradient)
