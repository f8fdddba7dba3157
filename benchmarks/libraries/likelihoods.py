"""Scores of likelihoods and forces of energies, as scientific libraries have them."""

import numpy as np
from scipy import special
from scipy.stats import norm

rng = np.random.default_rng(3)
X = rng.normal(size=(15, 3))
Y = (rng.random(15) > 0.4) * 1.0
COUNTS = rng.poisson(3.0, 15)


class Probit:
    def loglike(self, beta):
        q = 2 * Y - 1
        return float(np.sum(norm.logcdf(q * (X @ beta))))

    def score(self, beta):
        q = 2 * Y - 1
        eta = q * (X @ beta)
        return X.T @ (q * norm.pdf(eta) / norm.cdf(eta))


class NegativeBinomial:
    def loglike(self, params):
        mu, size = np.exp(X @ params["beta"]), np.exp(params["logsize"])
        total = special.gammaln(COUNTS + size) - special.gammaln(size)
        total += size * np.log(size / (size + mu)) + COUNTS * np.log(mu / (size + mu))
        return float(np.sum(total))

    def score(self, params):
        mu, size = np.exp(X @ params["beta"]), np.exp(params["logsize"])
        dbeta = X.T @ (size * (COUNTS - mu) / (size + mu))
        dsize = special.digamma(COUNTS + size) - special.digamma(size)
        dsize += np.log(size / (size + mu)) + (mu - COUNTS) / (size + mu)
        return {"beta": dbeta, "logsize": size * np.sum(dsize)}


class LennardJones:
    epsilon, sigma = 0.7, 0.8

    def pairs(self, r):
        d = r[:, None] - r[None]
        return d, np.sqrt((d**2).sum(-1) + np.eye(len(r)))

    def energy(self, r):
        _, dist = self.pairs(r)
        s6 = (self.sigma / dist) ** 6
        return float(4 * self.epsilon * np.sum(np.triu(s6**2 - s6, 1)))

    def gradient(self, r):
        d, dist = self.pairs(r)
        s6 = (self.sigma / dist) ** 6
        slope = 4 * self.epsilon * (6 * s6 - 12 * s6**2) / dist**2
        np.fill_diagonal(slope, 0)
        return (slope[:, :, None] * d).sum(axis=1)


PLACES = rng.normal(size=(5, 3)) * 1.2


class GaussianProcess:
    def __init__(self, X, y):
        self.X, self.y = X, y

    def kernel(self, theta):
        d2 = ((self.X[:, None] - self.X[None]) ** 2).sum(-1)
        base = np.exp(2 * theta[0] - d2 / 2 * np.exp(-2 * theta[1]))
        return d2, base, base + np.exp(2 * theta[2]) * np.eye(len(self.X))

    def nll(self, theta):
        _, _, K = self.kernel(theta)
        return float(self.y @ np.linalg.solve(K, self.y) / 2 + np.linalg.slogdet(K)[1] / 2)

    def grad(self, theta):
        d2, base, K = self.kernel(theta)
        inv = np.linalg.inv(K)
        alpha = inv @ self.y
        inner = inv - np.outer(alpha, alpha)
        scale = base * d2 * np.exp(-2 * theta[1])
        noise = 2 * np.exp(2 * theta[2])
        return np.array(
            [np.sum(inner * base), np.sum(inner * scale) / 2, noise * np.trace(inner) / 2]
        )


PROCESS = GaussianProcess(X, rng.normal(size=15))
CASES = {
    "probit": (Probit().loglike, np.array([0.3, -0.2, 0.5]), Probit().score),
    "negative binomial": (
        NegativeBinomial().loglike,
        {"beta": np.array([0.2, 0.4, -0.3]), "logsize": np.array(0.7)},
        NegativeBinomial().score,
    ),
    "lennard-jones": (LennardJones().energy, PLACES, LennardJones().gradient),
    "gaussian process": (PROCESS.nll, np.array([0.1, 0.3, -0.7]), PROCESS.grad),
}
