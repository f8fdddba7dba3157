"""Modules in which faults are planted: a right text, changed here and there, and imported."""

import importlib.util
import sys
from itertools import count

import numpy as np

import gradproof as gp

NETWORK = """\
import numpy as np


def cost(params, X, Y):
    H = np.tanh(X @ params["W1"] + params["b1"])
    Z = H @ params["W2"] + params["b2"]
    return float(np.mean(np.sum((Z - Y) ** 2, axis=1)) / 2)


def backward(params, X, Y):
    m = len(X)
    H = np.tanh(X @ params["W1"] + params["b1"])
    Z = H @ params["W2"] + params["b2"]
    dZ2 = (Z - Y) / m
    dW2 = H.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = dZ2 @ params["W2"].T * (1 - H**2)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""

RIDGE = """\
LAMBDA = 0.3


def cost(params, X, Y):
    R = X @ params["W"] - Y
    return float((R**2).sum() / 2 + LAMBDA / 2 * (params["W"] ** 2).sum())


def backward(params, X, Y):
    R = X @ params["W"] - Y
    return {"W": X.T @ R + LAMBDA * params["W"]}
"""

rng = np.random.default_rng(3)
X, Y = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
PARAMS = {
    "W1": rng.normal(size=(4, 4)),
    "b1": rng.normal(size=4),
    "W2": rng.normal(size=(4, 4)),
    "b2": rng.normal(size=4),
}
WEIGHT = {"W": rng.normal(size=(4, 4))}

_number = count()


def planted(tmp_path, text, *changes):
    """The module of a text after some changes, which must be possible."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    name = f"planted{next(_number)}"
    file = tmp_path / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def wrong(module, params=PARAMS):
    """The report of a check that finds the planted fault."""
    report = gp.check(module.cost, params, grad=module.backward, args=(X, Y))
    assert report.verdict is gp.Verdict.WRONG
    return report
