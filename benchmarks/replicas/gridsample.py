"""Bilinear samples of an image at points: with respect to the image and to the points."""

import numpy as np

rng = np.random.default_rng(37)
image, where = rng.normal(size=(6, 7)), rng.uniform(0.2, 4.8, size=(9, 2))
up = rng.normal(size=9)


def corners(where):
    low = np.floor(where).astype(int)
    return low[:, 0], low[:, 1], where[:, 0] - low[:, 0], where[:, 1] - low[:, 1]


def sample(image, where):
    i, j, a, b = corners(where)
    top = (1 - b) * image[i, j] + b * image[i, j + 1]
    bottom = (1 - b) * image[i + 1, j] + b * image[i + 1, j + 1]
    return (1 - a) * top + a * bottom


def cost(p):
    return up @ np.sin(sample(p["image"], p["where"]))


def cost_grad(p):
    image, where = p["image"], p["where"]
    i, j, a, b = corners(where)
    g = up * np.cos(sample(image, where))
    d_image = np.zeros_like(image)
    np.add.at(d_image, (i, j), g * (1 - a) * (1 - b))
    np.add.at(d_image, (i, j + 1), g * (1 - a) * b)
    np.add.at(d_image, (i + 1, j), g * a * (1 - b))
    np.add.at(d_image, (i + 1, j + 1), g * a * b)
    top = (1 - b) * image[i, j] + b * image[i, j + 1]
    bottom = (1 - b) * image[i + 1, j] + b * image[i + 1, j + 1]
    d_a = g * (bottom - top)
    left = (1 - a) * image[i, j] + a * image[i + 1, j]
    right = (1 - a) * image[i, j + 1] + a * image[i + 1, j + 1]
    d_b = g * (right - left)
    return {"image": d_image, "where": np.stack([d_a, d_b], axis=1)}


def report(gp):
    return gp.check(cost, {"image": image, "where": where}, grad=cost_grad)
