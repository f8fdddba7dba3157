"""Particles with springs and a wall: an energy and its gradient; and a stress in Voigt order."""

import numpy as np

rng = np.random.default_rng(61)
positions = rng.normal(size=(5, 3)) * 2
pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 2)]
K, WALL = 23.0599, 1.7
C = np.diag([3.0, 3.1, 3.2, 1.0, 1.1, 1.2]) + 0.3


def energy(x):
    total = 0.0
    for i, j in pairs:
        r = np.linalg.norm(x[i] - x[j])
        total += 0.5 * K * (r - 1.0) ** 2
    return total + WALL * np.sum(np.exp(-x[:, 2]))


def gradient(x):
    out = np.zeros_like(x)
    for i, j in pairs:
        d = x[i] - x[j]
        r = np.linalg.norm(d)
        f = K * (r - 1.0) * d / r
        out[i] += f
        out[j] -= f
    out[:, 2] -= WALL * np.exp(-x[:, 2])
    return out


def strain_energy(e):
    return 0.5 * e @ C @ e + np.sum(e**4)


def stress(e):
    s = C @ e + 4 * e**3
    return np.array([s[0], s[1], s[2], s[3], s[4], s[5]])


def report(gp, what="energy"):
    if what == "stress":
        return gp.check(strain_energy, np.array([0.1, -0.2, 0.3, 0.05, 0.4, -0.15]), grad=stress)
    return gp.check(energy, positions, grad=gradient)
