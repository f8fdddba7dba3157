"""A network with flat weights, a bias column and sigmoids, as in a well-known course."""

import numpy as np

rng = np.random.default_rng(5)
X, y = rng.normal(size=(12, 3)), np.eye(3)[rng.integers(0, 3, 12)]
lam = 0.7
theta = rng.normal(size=4 * 4 + 3 * 5)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cost(theta):
    m = len(X)
    Theta1 = theta[:16].reshape(4, 4)
    Theta2 = theta[16:].reshape(3, 5)
    a1 = np.column_stack([np.ones(m), X])
    a2 = np.column_stack([np.ones(m), sigmoid(a1 @ Theta1.T)])
    h = sigmoid(a2 @ Theta2.T)
    J = -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / m
    return J + lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))


def gradient(theta):
    m = len(X)
    Theta1 = theta[:16].reshape(4, 4)
    Theta2 = theta[16:].reshape(3, 5)
    a1 = np.column_stack([np.ones(m), X])
    z2 = a1 @ Theta1.T
    a2 = np.column_stack([np.ones(m), sigmoid(z2)])
    h = sigmoid(a2 @ Theta2.T)
    d3 = h - y
    g = sigmoid(z2)
    d2 = (d3 @ Theta2[:, 1:]) * g * (1 - g)
    D1 = d2.T @ a1 / m
    D2 = d3.T @ a2 / m
    D1[:, 1:] += lam / m * Theta1[:, 1:]
    D2[:, 1:] += lam / m * Theta2[:, 1:]
    return np.concatenate([D1.ravel(), D2.ravel()])


def report(gp):
    return gp.check(cost, theta, grad=gradient)
