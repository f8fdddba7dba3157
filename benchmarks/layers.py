"""Which layer of a NumPy stack with state is at fault: is exactly the planted one named?

A stack of linear layers, batch norms with running means, ReLU, dropout and a residual block, and
the loss; at every depth a fault of one gradient: a factor 1 + 10^-k, a sign, a lost term, a
transposition. ``python benchmarks/layers.py [--quick] [--json FILE]``. A fault
counts where it is beyond the band of what is correct in its precision. The exit status is 1 where a
demand is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

import gradproof as gp

WIDTH = 6


class Linear:
    def __init__(self, rng, out=WIDTH, dtype=float):
        self.W = (rng.normal(size=(WIDTH, out)) / WIDTH**0.5).astype(dtype)
        self.b = rng.normal(size=out).astype(dtype)
        self.dW, self.db, self.fault = np.zeros_like(self.W), np.zeros_like(self.b), None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        dW, db, dx = self.x.T @ dout, dout.sum(0), dout @ self.W.T
        dW, db, dx = planted(self.fault, {"W": dW, "b": db, "x": dx})
        self.dW += dW
        self.db += db
        return dx


class BatchNorm:
    def __init__(self, rng, dtype=float):
        self.gamma = (1 + 0.3 * rng.normal(size=WIDTH)).astype(dtype)
        self.beta = np.zeros(WIDTH, dtype)
        self.mean, self.fault = np.zeros(WIDTH, dtype), None

    def forward(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        self.std = np.sqrt(x.var(0) + np.asarray(1e-5, x.dtype))
        self.xhat = (x - x.mean(0)) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        d = dout * self.gamma
        lost = self.fault is not None and self.fault[1] == "lost"
        term = 0 if lost else self.xhat * (d * self.xhat).mean(0)
        dx = (d - d.mean(0) - term) / self.std
        grads = {"gamma": (dout * self.xhat).sum(0), "beta": dout.sum(0), "x": dx}
        self.dgamma, self.dbeta, dx = planted(self.fault, grads)
        return dx


class Relu:
    fault = None

    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return planted(self.fault, {"x": dout * self.mask})[0]


class Dropout:
    fault = None

    def forward(self, x):
        self.mask = (np.random.random(x.shape) < 0.8).astype(x.dtype)  # noqa: NPY002
        return x * self.mask

    def backward(self, dout):
        return planted(self.fault, {"x": dout * self.mask})[0]


class Residual:
    fault = None

    def __init__(self, rng, dtype=float):
        self.inner, self.act = Linear(rng, dtype=dtype), Tanh()

    def forward(self, x):
        return x + self.act.forward(self.inner.forward(x))

    def backward(self, dout):
        inner = self.inner.backward(self.act.backward(dout))
        lost = self.fault is not None and self.fault[1] == "lost"
        return planted(self.fault, {"x": inner if lost else dout + inner})[0]


class Tanh:
    fault = None

    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return planted(self.fault, {"x": dout * (1 - self.y**2)})[0]


class CrossEntropy:
    fault = None

    def __init__(self, labels):
        self.labels = labels

    def forward(self, x):
        p = np.exp(x - x.max(1, keepdims=True))
        self.p = p / p.sum(1, keepdims=True)
        return -np.mean(np.log(self.p[np.arange(len(x)), self.labels]))

    def backward(self):
        d = self.p.copy()
        d[np.arange(len(d)), self.labels] -= 1
        return planted(self.fault, {"x": d / len(d)})[0]


def planted(fault, gradients):
    """The gradients, one of them with the fault."""
    if fault is None or fault[0] not in gradients:
        return tuple(gradients.values())
    name, kind = fault
    g = gradients[name]
    if kind == "sign":
        g = -g
    elif kind == "transposed":
        g = np.ascontiguousarray(g.T) if g.ndim == 2 and g.shape[0] == g.shape[1] else g[..., ::-1]
    elif kind != "lost":
        g = g * np.asarray(1 + 10.0**-kind, g.dtype)
    return tuple({**gradients, name: g}.values())


def stack(seed, dtype):
    """The layers, the paths of all of them, and the loss."""
    rng = np.random.default_rng(seed)
    layers = []
    for _ in range(3):
        layers += [Linear(rng, dtype=dtype), BatchNorm(rng, dtype), Relu(), Dropout()]
    layers += [Residual(rng, dtype), Linear(rng, 3, dtype)]
    loss = CrossEntropy(rng.integers(0, 3, 8))
    x = rng.normal(size=(8, WIDTH)).astype(dtype)
    named = {str(k): layer for k, layer in enumerate(layers)} | {"loss": loss}
    named |= {"12.inner": layers[12].inner, "12.act": layers[12].act}
    return layers, named, loss, x


def faults(layer):
    """The gradients of a layer, and what can be wrong of each."""
    names = ["W", "b", "x"] if isinstance(layer, Linear) else ["x"]
    names = ["gamma", "beta", "x"] if isinstance(layer, BatchNorm) else names
    for name in names:
        yield from ((name, k) for k in range(7))
        yield name, "sign"
        if name in ("W", "x"):
            yield name, "transposed"
    if isinstance(layer, BatchNorm | Residual):
        yield "x", "lost"


def visible(kind, dtype):
    """Whether a fault is beyond the band of what is correct."""
    band = 1e-7 if dtype is float else 1e-5
    return not isinstance(kind, int) or 10.0**-kind > 2 * band


def right_stacks(dtype, count):
    """How many of so many right stacks have a call rejected, and the passes that each took."""
    rejected, passes = 0, []
    for seed in range(count):
        layers, _, loss, x = stack(seed, dtype)
        report = gp.check_layers(layers, x, loss=loss, seed=seed)
        rejected += any(o.verdict.rejects for o in report.operations)
        passes.append(report.evaluations - report.inquiry)
    return rejected, passes


def wrong_stacks(dtype, every):
    """By kind of fault, how many there are and how many were named exactly; the passes."""
    table, passes, count = {}, [], 0
    for path, layer in stack(0, dtype)[1].items():
        for fault in list(faults(layer))[::every]:
            if not visible(fault[1], dtype):
                continue
            seed, count = count % 50, count + 1
            layers, named, loss, x = stack(seed, dtype)
            named[path].fault = fault
            report = gp.check_layers(layers, x, loss=loss, seed=seed)
            passes.append(report.evaluations - report.inquiry)
            wrong = [(o.path, o.inputs) for o in report.operations if o.verdict.rejects]
            kind = f"1 + 1e-{fault[1]}" if isinstance(fault[1], int) else fault[1]
            row = table.setdefault(kind, Counter())
            row["all"] += 1
            row["named"] += [p for p, _ in wrong] == [path]
            row["gradient"] += wrong == [(path, (fault[0],))]
            if [p for p, _ in wrong] != [path]:
                print("  missed:", path, fault, "seed", seed, "got", wrong)
    return table, passes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="few stacks, every eighth fault")
    parser.add_argument("--json", metavar="FILE", help="also write the rows and the demands")
    chosen = parser.parse_args()
    rows, demands = [], []
    for dtype in (float, np.float32):
        began, name, count = time.process_time(), np.dtype(dtype).name, 5 if chosen.quick else 500
        rejected, passes = right_stacks(dtype, count)
        table, more = wrong_stacks(dtype, 8 if chosen.quick else 1)
        every, most = sum(table.values(), Counter()), max(passes + more)
        rows += [{"dtype": name, "fault": kind, **row} for kind, row in table.items()]
        print(f"\n{name}: {np.median(passes + more):.0f} passes in the median, {most} at most; "
              f"{time.process_time() - began:.0f} s")  # fmt: skip
        print("| fault | exactly that layer named | and its gradient |\n|---|---|---|")
        for kind, row in [*table.items(), ("all", every)]:
            print(f"| {kind} | {row['named']} of {row['all']} | {row['gradient']} |")
        share = every["named"] / every["all"]
        demands += [
            (f"{name}: {rejected} of {count} right stacks rejected, at most 0", rejected == 0),
            (f"{name}: {100 * share:.1f} % named exactly, at least 95 %", share >= 0.95),
            (f"{name}: {most} passes, at most 60 with kinks", most <= 60),
        ]
    for text, reached in demands:
        print("reached" if reached else "MISSED", text)
    if chosen.json:
        told = [{"text": text, "reached": bool(reached)} for text, reached in demands]
        Path(chosen.json).write_text(json.dumps({"rows": rows, "demands": told}), "utf-8")
    return 0 if all(reached for _, reached in demands) else 1


if __name__ == "__main__":
    sys.exit(main())
