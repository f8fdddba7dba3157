"""A pair potential with a smooth cut-off, and the forces on all particles."""

import numpy as np

rng = np.random.default_rng(45)
x = np.array([[i, j, 0.3 * i * j] for i in range(2) for j in range(3)], float)
x = 1.1 * x + 0.1 * rng.normal(size=x.shape)
charge = np.array([1, -1, 0.5, 1.5, -0.7, 0.9])
CUT = 3.0


def switch(r):
    return np.where(r < CUT, (1 - (r / CUT) ** 2) ** 2, 0.0)


def slope(r):
    return np.where(r < CUT, -4 * r / CUT**2 * (1 - (r / CUT) ** 2), 0.0)


def energy(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            r = np.linalg.norm(x[i] - x[j])
            total += charge[i] * charge[j] / r * switch(r) + 0.1 * r**-6 * switch(r)
    return total


def forces(x):
    out = np.zeros_like(x)
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            d = x[i] - x[j]
            r = np.linalg.norm(d)
            pair = charge[i] * charge[j] / r + 0.1 * r**-6
            dpair = -charge[i] * charge[j] / r**2 - 0.6 * r**-7
            f = (dpair * switch(r) + pair * slope(r)) * d / r
            out[i] -= f
            out[j] += f
    return out


def gradient(x):
    return -forces(x)


def report(gp):
    return gp.check(energy, x, grad=gradient)
