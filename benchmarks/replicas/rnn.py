"""A plain recurrent network over time, differentiated by hand."""

import numpy as np

rng = np.random.default_rng(11)
T, n, k = 6, 4, 3
xs = rng.normal(size=(T, k))
target = rng.normal(size=n)
params = [rng.normal(size=(n, n)) * 0.5, rng.normal(size=(n, k)), rng.normal(size=n)]


def run(params):
    W, U, b = params
    hs = [np.zeros(n)]
    for t in range(T):
        hs.append(np.tanh(W @ hs[-1] + U @ xs[t] + b))
    return hs


def loss(params):
    hs = run(params)
    return 0.5 * np.sum((hs[-1] - target) ** 2) + 0.1 * sum(np.sum(h**2) for h in hs)


def bptt(params):
    W, U, b = params
    hs = run(params)
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    dh = hs[-1] - target + 0.2 * hs[-1]
    for t in reversed(range(T)):
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += np.outer(dz, hs[t])
        dU += np.outer(dz, xs[t])
        db += dz
        dh = W.T @ dz + 0.2 * hs[t]
    return [dW, dU, db]


def report(gp):
    return gp.check(loss, params, grad=bptt)
