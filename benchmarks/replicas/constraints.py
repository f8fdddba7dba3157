"""Jacobians of constraints and of a pose."""

import numpy as np

q0 = np.array([0.2, 0.7, 0.4])


def constraint(q):
    return np.array([q[0] * q[1] - q[2], np.sin(q[0]) + q[1] ** 2, q[2] ** 3 * q[0], q[1] - q[0]])


def jacobian(q):
    J = np.zeros((4, 3))
    J[0] = [q[1], q[0], -1.0]
    J[1] = [np.cos(q[0]), 2 * q[1], 0.0]
    J[2] = [q[2] ** 3, 0.0, 3 * q[2] ** 2 * q[0]]
    J[3] = [-1.0, 1.0, 0.0]
    return J


def report(gp):
    return gp.check(constraint, q0, grad=jacobian)
