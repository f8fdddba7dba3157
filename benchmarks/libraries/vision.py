"""Convolution, pooling and attention as classes."""

import numpy as np


class Conv2d:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.x = x
        n, _, height, width = x.shape
        out_channels, _, k, _ = self.kernel.shape
        out = np.zeros((n, out_channels, height - k + 1, width - k + 1))
        for i in range(k):
            for j in range(k):
                part = x[:, :, i : i + out.shape[2], j : j + out.shape[3]]
                out += np.einsum("nchw,oc->nohw", part, self.kernel[:, :, i, j])
        return out + self.bias[:, None, None]

    def backward(self, dout):
        k = self.kernel.shape[2]
        dx, self.dkernel = np.zeros_like(self.x), np.zeros_like(self.kernel)
        for i in range(k):
            for j in range(k):
                rows, columns = slice(i, i + dout.shape[2]), slice(j, j + dout.shape[3])
                part = self.x[:, :, rows, columns]
                self.dkernel[:, :, i, j] = np.einsum("nohw,nchw->oc", dout, part)
                dx[:, :, rows, columns] += np.einsum("nohw,oc->nchw", dout, self.kernel[:, :, i, j])
        self.dbias = dout.sum(axis=(0, 2, 3))
        return dx


class AvgPool:
    size = 2

    def forward(self, x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))

    def backward(self, dout):
        return np.kron(dout, np.ones((2, 2))) / self.size**2


class Attention:
    def __init__(self, Wq, Wk, Wv):
        self.Wq, self.Wk, self.Wv = Wq, Wk, Wv

    def forward(self, x):
        self.x = x
        self.q, self.k, self.v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        self.scale = self.q.shape[1] ** -0.5
        scores = self.q @ self.k.T * self.scale
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.a = e / e.sum(axis=1, keepdims=True)
        return self.a @ self.v

    def backward(self, dout):
        da = dout @ self.v.T
        ds = self.a * (da - np.sum(da * self.a, axis=1, keepdims=True)) * self.scale
        dq, dk, dv = ds @ self.k, ds.T @ self.q, self.a.T @ dout
        self.dWq, self.dWk, self.dWv = self.x.T @ dq, self.x.T @ dk, self.x.T @ dv
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


rng = np.random.default_rng(5)
IMAGES = rng.normal(size=(2, 2, 6, 6))
V1, V2 = rng.normal(size=(2, 3, 2, 2)), rng.normal(size=(5, 4))
CONV = {"kernel": rng.normal(size=(3, 2, 3, 3)), "bias": rng.normal(size=3), "x": IMAGES}
ATTENTION = {"x": rng.normal(size=(5, 4)), "Wq": rng.normal(size=(4, 4)),
             "Wk": rng.normal(size=(4, 4)), "Wv": rng.normal(size=(4, 4))}  # fmt: skip


def conv(p):
    return float(
        np.sum(V1 * AvgPool().forward(Conv2d(p["kernel"], p["bias"]).forward(p["x"])) ** 2)
    )


def conv_grad(p):
    layer, pool = Conv2d(p["kernel"], p["bias"]), AvgPool()
    out = pool.forward(layer.forward(p["x"]))
    dx = layer.backward(pool.backward(2 * V1 * out))
    return {"kernel": layer.dkernel, "bias": layer.dbias, "x": dx}


def attention(p):
    return float(np.sum(V2 * Attention(p["Wq"], p["Wk"], p["Wv"]).forward(p["x"])))


def attention_grad(p):
    layer = Attention(p["Wq"], p["Wk"], p["Wv"])
    layer.forward(p["x"])
    dx = layer.backward(V2)
    return {"x": dx, "Wq": layer.dWq, "Wk": layer.dWk, "Wv": layer.dWv}


CASES = {"conv": (conv, CONV, conv_grad), "attention": (attention, ATTENTION, attention_grad)}
