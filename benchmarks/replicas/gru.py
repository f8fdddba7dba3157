"""A gated recurrent unit over a few steps, as a class with state."""

import numpy as np

rng = np.random.default_rng(44)
xs, up = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
p0 = {name: 0.6 * rng.normal(size=(5, 2)) for name in ("Wz", "Wr", "Wn")}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Unit:
    def __init__(self, Wz, Wr, Wn):
        self.Wz, self.Wr, self.Wn = Wz, Wr, Wn

    def forward(self):
        h, self.cache = np.zeros(2), []
        out = []
        for x in xs:
            xh = np.concatenate([x, h])
            z, r = sigmoid(xh @ self.Wz), sigmoid(xh @ self.Wr)
            xrh = np.concatenate([x, r * h])
            n = np.tanh(xrh @ self.Wn)
            self.cache.append((xh, xrh, z, r, n, h))
            h = (1 - z) * n + z * h
            out.append(h)
        return np.array(out)

    def backward(self, dout):
        dWz, dWr, dWn = (np.zeros_like(w) for w in (self.Wz, self.Wr, self.Wn))
        dh = np.zeros(2)
        for t in reversed(range(len(xs))):
            xh, xrh, z, r, n, h = self.cache[t]
            dh = dh + dout[t]
            dn = dh * (1 - z) * (1 - n**2)
            dz = dh * (h - n) * z * (1 - z)
            drh = (self.Wn @ dn)[3:]
            dr = drh * h * r * (1 - r)
            dWn += np.outer(xrh, dn)
            dWz += np.outer(xh, dz)
            dWr += np.outer(xh, dr)
            dh = dh * z + drh * r + (self.Wz @ dz + self.Wr @ dr)[3:]
        return {"Wz": dWz, "Wr": dWr, "Wn": dWn}


def loss(p):
    return np.sum(up * Unit(**p).forward() ** 2)


def gradient(p):
    unit = Unit(**p)
    out = unit.forward()
    return unit.backward(2 * up * out)


def report(gp):
    return gp.check(loss, p0, grad=gradient)
