"""Pooling of images and signals: by the largest entry and by the mean."""

import numpy as np

from .fault import ALL, Family, at, where

rng = np.random.default_rng(404)
IMAGE = rng.permutation(3 * 6 * 8).reshape(3, 6, 8) / 40 - 1.8  # no two entries are close
WEIGHTS = rng.normal(size=(3, 3, 4))


def cells(image):
    """The 2×2 cells of an image, as (channel, row, 2, column, 2)."""
    return image.reshape(3, 3, 2, 4, 2)


def enlarge(small):
    return small.repeat(2, axis=1).repeat(2, axis=2)


def max_cost(image, weights):
    return float(np.sum(weights * np.tanh(cells(image).max(axis=(2, 4)))))


def max_back(image, weights):
    largest = cells(image).max(axis=(2, 4))
    upstream = weights * (1 - np.tanh(largest) ** 2)
    return enlarge(upstream) * (image == enlarge(largest))


def everyone_in_the_cell(image, weights):
    largest = cells(image).max(axis=(2, 4))
    upstream = weights * (1 - np.tanh(largest) ** 2)
    return enlarge(upstream)


def nearly_the_largest(image, weights):
    largest = cells(image).max(axis=(2, 4))
    upstream = weights * (1 - np.tanh(largest) ** 2)
    return enlarge(upstream) * (image > enlarge(largest) - 0.3)


def first_of_the_cell(image, weights):
    largest = cells(image).max(axis=(2, 4))
    gradient = np.zeros_like(image)
    gradient[:, ::2, ::2] = weights * (1 - np.tanh(largest) ** 2)
    return gradient


def mean_cost(image, weights):
    return float(np.sum(weights * np.tanh(cells(image).mean(axis=(2, 4)))))


def mean_back(image, weights):
    upstream = weights * (1 - np.tanh(cells(image).mean(axis=(2, 4))) ** 2)
    return enlarge(upstream) / 4


def cell_size_forgotten(image, weights):
    upstream = weights * (1 - np.tanh(cells(image).mean(axis=(2, 4))) ** 2)
    return enlarge(upstream)


def tiled_not_repeated(image, weights):
    upstream = weights * (1 - np.tanh(cells(image).mean(axis=(2, 4))) ** 2)
    return np.tile(upstream, (1, 2, 2)) / 4


# Overlapping windows of a signal: one entry can be the largest of up to three

SIGNAL = rng.permutation(30) / 12 - 1.2
LENGTH = 28
GAIN = rng.normal(size=LENGTH)


def winners(signal):
    windows = np.lib.stride_tricks.sliding_window_view(signal, 3)
    return windows.argmax(axis=1) + np.arange(LENGTH)


def overlap_cost(signal, gain):
    return float(np.sum(gain * np.tanh(signal[winners(signal)])))


def overlap_back(signal, gain):
    chosen = winners(signal)
    gradient = np.zeros_like(signal)
    np.add.at(gradient, chosen, gain * (1 - np.tanh(signal[chosen]) ** 2))
    return gradient


def winner_of_several_overwritten(signal, gain):
    chosen = winners(signal)
    gradient = np.zeros_like(signal)
    gradient[chosen] = gain * (1 - np.tanh(signal[chosen]) ** 2)
    return gradient


LARGEST = enlarge(cells(IMAGE).max(axis=(2, 4)))
CORNER = np.zeros(IMAGE.shape, bool)
CORNER[:, ::2, ::2] = True
ALIKE = np.tile(np.arange(12).reshape(3, 4), (2, 2)) == enlarge(np.arange(12).reshape(1, 3, 4))[0]
largest = Family("max pooling", max_cost, IMAGE, (WEIGHTS,), max_back)
mean = Family("mean pooling", mean_cost, IMAGE, (WEIGHTS,), mean_back)
overlap = Family("overlapping pooling", overlap_cost, SIGNAL, (GAIN,), overlap_back)
FAULTS = (
    largest.plant(
        "to everyone in the cell",
        everyone_in_the_cell,
        at("", where(LARGEST != IMAGE), "entries", "unexplained", line="return enlarge(upstream)"),
    ),
    largest.plant(
        "to all that are nearly the largest",
        nearly_the_largest,
        at(
            "",
            where((LARGEST != IMAGE) & (IMAGE > LARGEST - 0.3)),
            "entries",
            line="return enlarge(upstream) *",
        ),
    ),
    largest.plant(
        "to the first of the cell",
        first_of_the_cell,
        at(
            "",
            where((LARGEST == IMAGE) ^ CORNER),
            "entries",
            "permutation",
            "unexplained",
            line="gradient[:, ::2, ::2] =",
        ),
    ),
    mean.plant(
        "not divided by the cell's size",
        cell_size_forgotten,
        at("", ALL, "scale", line="return enlarge(upstream)"),
    ),
    mean.plant(
        "tiled, not repeated",
        tiled_not_repeated,
        at(
            "",
            where(np.broadcast_to(~ALIKE, IMAGE.shape)),
            "permutation",
            "block-sum",
            "unexplained",
            line="return np.tile(",
        ),
    ),
    overlap.plant(
        "winner of several windows overwritten",
        winner_of_several_overwritten,
        at(
            "",
            where(np.bincount(winners(SIGNAL), minlength=30) > 1),
            "missing-accumulation",
            "entries",
            line="gradient[chosen] = gain *",
        ),
    ),
)
