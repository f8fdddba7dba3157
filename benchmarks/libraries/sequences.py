"""Loops over time: an LSTM class, an adjoint of a heat equation, a filter."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class GRU:
    """A gated cell that stores every step."""

    def __init__(self, Wz, Wr, Wh):
        self.Wz, self.Wr, self.Wh = Wz, Wr, Wh

    def forward(self, xs, h):
        self.steps = []
        for x in xs:
            joined = np.concatenate([x, h])
            z, r = sigmoid(self.Wz @ joined), sigmoid(self.Wr @ joined)
            gated = np.concatenate([x, r * h])
            c = np.tanh(self.Wh @ gated)
            self.steps.append((joined, gated, z, r, c, h))
            h = (1 - z) * h + z * c
        return h

    def backward(self, dh):
        dWz, dWr, dWh = np.zeros_like(self.Wz), np.zeros_like(self.Wr), np.zeros_like(self.Wh)
        for joined, gated, z, r, c, h in reversed(self.steps):
            n = len(joined) - len(h)
            dc = dh * z * (1 - c**2)
            dz = dh * (c - h) * z * (1 - z)
            dgated = self.Wh.T @ dc
            dr = dgated[n:] * h * r * (1 - r)
            dWh += np.outer(dc, gated)
            dWz += np.outer(dz, joined)
            dWr += np.outer(dr, joined)
            djoined = self.Wz.T @ dz + self.Wr.T @ dr
            dh = dh * (1 - z) + dgated[n:] * r + djoined[n:]
        return dWz, dWr, dWh, dh


rng = np.random.default_rng(2)
XS, H, V = rng.normal(size=(4, 3)), rng.normal(size=5), rng.normal(size=5)
WEIGHTS = {"Wz": rng.normal(size=(5, 8)), "Wr": rng.normal(size=(5, 8)),
           "Wh": rng.normal(size=(5, 8)), "h": H}  # fmt: skip


def gru(params):
    cell = GRU(params["Wz"], params["Wr"], params["Wh"])
    return float(V @ cell.forward(XS, params["h"]))


def gru_grad(params):
    cell = GRU(params["Wz"], params["Wr"], params["Wh"])
    cell.forward(XS, params["h"])
    return dict(zip(("Wz", "Wr", "Wh", "h"), cell.backward(V), strict=True))


class Heat:
    """Explicit steps of a heat equation with a reaction, and its discrete adjoint."""

    dt, steps, dx = 0.02, 12, 0.25

    def rate(self, u, k):
        flux = k[1:-1] * np.diff(u) / self.dx
        out = np.zeros_like(u)
        out[:-1] += flux / self.dx
        out[1:] -= flux / self.dx
        return out - u**3

    def solve(self, u, k):
        states = [u]
        for _ in range(self.steps):
            states.append(states[-1] + self.dt * self.rate(states[-1], k))
        return states

    def adjoint(self, states, k, lam):
        dk = np.zeros_like(k)
        for u in reversed(states[:-1]):
            slope = -np.diff(lam) / self.dx
            dk[1:-1] += self.dt * slope * np.diff(u) / self.dx
            back = np.zeros_like(lam)
            back[:-1] -= k[1:-1] * slope / self.dx
            back[1:] += k[1:-1] * slope / self.dx
            lam = lam + self.dt * (back - 3 * u**2 * lam)
        return lam, dk


TARGET = rng.normal(size=8)
FIELD = {"u0": rng.normal(size=8) / 2, "k": 0.3 + rng.random(9)}


def heat(params):
    final = Heat().solve(params["u0"], params["k"])[-1]
    return float(np.sum((final - TARGET) ** 2) / 2)


def heat_grad(params):
    model = Heat()
    states = model.solve(params["u0"], params["k"])
    du, dk = model.adjoint(states, params["k"], states[-1] - TARGET)
    return {"u0": du, "k": dk}


CASES = {"gru": (gru, WEIGHTS, gru_grad), "heat": (heat, FIELD, heat_grad)}
