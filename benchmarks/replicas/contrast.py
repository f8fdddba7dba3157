"""A contrastive loss of pairs of embeddings on the sphere, with a temperature."""

import numpy as np

rng = np.random.default_rng(35)
point = {"left": rng.normal(size=(6, 4)), "right": rng.normal(size=(6, 4)), "scale": 1.3}


def cost(p):
    a = p["left"] / np.linalg.norm(p["left"], axis=1, keepdims=True)
    b = p["right"] / np.linalg.norm(p["right"], axis=1, keepdims=True)
    logits = np.exp(p["scale"]) * a @ b.T
    top = logits.max(axis=1, keepdims=True)
    logs = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    return -np.trace(logs) / len(a)


def tangent(x, unit, g):
    along = (g * unit).sum(axis=1, keepdims=True)
    return (g - along * unit) / np.linalg.norm(x, axis=1, keepdims=True)


def cost_grad(p):
    a = p["left"] / np.linalg.norm(p["left"], axis=1, keepdims=True)
    b = p["right"] / np.linalg.norm(p["right"], axis=1, keepdims=True)
    t = np.exp(p["scale"])
    logits = t * a @ b.T
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    soft = e / e.sum(axis=1, keepdims=True)
    d = (soft - np.eye(len(a))) / len(a)
    da, db = t * d @ b, t * d.T @ a
    return {
        "left": tangent(p["left"], a, da),
        "right": tangent(p["right"], b, db),
        "scale": np.sum(d * logits),
    }


def report(gp):
    return gp.check(cost, point, grad=cost_grad)
