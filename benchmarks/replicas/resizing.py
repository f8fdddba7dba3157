"""Nearest-neighbour upsampling and mean pooling of an image."""

import numpy as np

rng = np.random.default_rng(37)
image = rng.normal(size=(2, 4, 6))


def upsample(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def upsample_vjp(x, g):
    c, h, w = x.shape
    return g.reshape(c, h, 2, w, 2).sum(axis=(2, 4))


def pool(x):
    c, h, w = x.shape
    return x.reshape(c, h // 2, 2, w // 2, 2).mean(axis=(2, 4))


def pool_vjp(x, g):
    return g.repeat(2, axis=1).repeat(2, axis=2) / 4


def report(gp, what):
    return gp.check_vjp(globals()[what], globals()[what + "_vjp"], image)
