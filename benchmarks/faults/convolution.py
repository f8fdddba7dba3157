"""Convolutions: in one dimension with stride and padding, in two without."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .fault import ALL, Family, at, part

rng = np.random.default_rng(303)

# One dimension: three taps, stride 2, one zero on either side

STRIDE, PAD, TAPS = 2, 1, 3
SIGNAL = {
    "x": rng.normal(size=(3, 11)),
    "K": rng.normal(size=(4, 3, TAPS)) / 2,
    "b": rng.normal(size=4),
}
V1 = rng.normal(size=(4, 6))


def padded(x):
    return np.pad(x, ((0, 0), (PAD, PAD)))


def windows1(x):
    return sliding_window_view(padded(x), TAPS, axis=1)[:, ::STRIDE]


def conv1(params):
    return np.einsum("cti,kci->kt", windows1(params["x"]), params["K"]) + params["b"][:, None]


def cost1(params, V):
    return float(np.sum(V * np.tanh(conv1(params))))


def spread(dout, K, length):
    """The gradient with respect to the padded signal."""
    dpadded = np.zeros((K.shape[1], length))
    steps = dout.shape[1]
    for i in range(TAPS):
        dpadded[:, i : i + STRIDE * steps : STRIDE] += K[:, :, i].T @ dout
    return dpadded


def back1(params, V):
    dout = V * (1 - np.tanh(conv1(params)) ** 2)
    dK = np.einsum("kt,cti->kci", dout, windows1(params["x"]))
    dx = spread(dout, params["K"], 13)[:, PAD:-PAD]
    return {"x": dx, "K": dK, "b": dout.sum(axis=1)}


def taps_flipped(params, V):
    dout = V * (1 - np.tanh(conv1(params)) ** 2)
    dK = np.einsum("kt,cti->kci", dout, windows1(params["x"])[:, :, ::-1])
    dx = spread(dout, params["K"], 13)[:, PAD:-PAD]
    return {"x": dx, "K": dK, "b": dout.sum(axis=1)}


def bias_averaged_over_positions(params, V):
    dout = V * (1 - np.tanh(conv1(params)) ** 2)
    dK = np.einsum("kt,cti->kci", dout, windows1(params["x"]))
    dx = spread(dout, params["K"], 13)[:, PAD:-PAD]
    return {"x": dx, "K": dK, "b": dout.mean(axis=1)}


def stride_ignored(params, V):
    dout = V * (1 - np.tanh(conv1(params)) ** 2)
    windows = sliding_window_view(padded(params["x"]), TAPS, axis=1)
    dK = np.einsum("kt,cti->kci", dout, windows[:, : dout.shape[1]])
    dx = spread(dout, params["K"], 13)[:, PAD:-PAD]
    return {"x": dx, "K": dK, "b": dout.sum(axis=1)}


def cropped_on_one_side(params, V):
    dout = V * (1 - np.tanh(conv1(params)) ** 2)
    dK = np.einsum("kt,cti->kci", dout, windows1(params["x"]))
    dx = spread(dout, params["K"], 13)[:, : -2 * PAD]
    return {"x": dx, "K": dK, "b": dout.sum(axis=1)}


def overlap_overwritten(params, V):
    dout = V * (1 - np.tanh(conv1(params)) ** 2)
    K = params["K"]
    dpadded = np.zeros((3, 13))
    for i in range(TAPS):
        dpadded[:, i : i + 12 : STRIDE] = K[:, :, i].T @ dout
    dx = dpadded[:, PAD:-PAD]
    dK = np.einsum("kt,cti->kci", dout, windows1(params["x"]))
    return {"x": dx, "K": dK, "b": dout.sum(axis=1)}


def channels_rolled(params, V):
    dout = V * (1 - np.tanh(conv1(params)) ** 2)
    previous = np.roll(windows1(params["x"]), 1, axis=0)
    dK = np.einsum("kt,cti->kci", dout, previous)
    dx = spread(dout, params["K"], 13)[:, PAD:-PAD]
    return {"x": dx, "K": dK, "b": dout.sum(axis=1)}


# Two dimensions: 3×3 taps


class Conv(NamedTuple):
    image: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray


LAYER = Conv(
    rng.normal(size=(2, 7, 6)), rng.normal(size=(4, 2, 3, 3)) / 3, rng.normal(size=4)
)  # fmt: skip
V2 = rng.normal(size=(4, 5, 4))


def windows2(image):
    return sliding_window_view(image, (3, 3), axis=(1, 2))


def conv2(layer):
    out = np.einsum("cyxij,kcij->kyx", windows2(layer.image), layer.kernel)
    return out + layer.bias[:, None, None]


def cost2(layer, V):
    return float(np.sum(V * np.tanh(conv2(layer))))


def spread2(dout, kernel):
    dimage = np.zeros((2, 7, 6))
    for i in range(3):
        for j in range(3):
            dimage[:, i : i + 5, j : j + 4] += np.tensordot(kernel[:, :, i, j].T, dout, axes=1)
    return dimage


def back2(layer, V):
    dout = V * (1 - np.tanh(conv2(layer)) ** 2)
    dkernel = np.einsum("kyx,cyxij->kcij", dout, windows2(layer.image))
    return Conv(spread2(dout, layer.kernel), dkernel, dout.sum(axis=(1, 2)))


def taps_transposed(layer, V):
    dout = V * (1 - np.tanh(conv2(layer)) ** 2)
    dkernel = np.einsum("kyx,cyxij->kcji", dout, windows2(layer.image))
    return Conv(spread2(dout, layer.kernel), dkernel, dout.sum(axis=(1, 2)))


def convolved_not_correlated(layer, V):
    dout = V * (1 - np.tanh(conv2(layer)) ** 2)
    dkernel = np.einsum("kyx,cyxij->kcij", dout, windows2(layer.image))[:, :, ::-1, ::-1]
    return Conv(spread2(dout, layer.kernel), dkernel, dout.sum(axis=(1, 2)))


def first_row_of_taps_skipped(layer, V):
    dout = V * (1 - np.tanh(conv2(layer)) ** 2)
    dkernel = np.zeros_like(layer.kernel)
    for i in range(1, 3):
        for j in range(3):
            shifted = layer.image[:, i : i + 5, j : j + 4]
            dkernel[:, :, i, j] = np.einsum("kyx,cyx->kc", dout, shifted)
    return Conv(spread2(dout, layer.kernel), dkernel, dout.sum(axis=(1, 2)))


def last_channel_halved(layer, V):
    dout = V * (1 - np.tanh(conv2(layer)) ** 2)
    dkernel = np.einsum("kyx,cyxij->kcij", dout, windows2(layer.image))
    dkernel[-1] /= 2
    return Conv(image=spread2(dout, layer.kernel), kernel=dkernel, bias=dout.sum(axis=(1, 2)))


def border_of_the_image_lost(layer, V):
    dout = V * (1 - np.tanh(conv2(layer)) ** 2)
    dimage = np.zeros_like(layer.image)
    dimage[:, 1:-1, 1:-1] = spread2(dout, layer.kernel)[:, 1:-1, 1:-1]
    dkernel = np.einsum("kyx,cyxij->kcij", dout, windows2(layer.image))
    return Conv(image=dimage, kernel=dkernel, bias=dout.sum(axis=(1, 2)))


def last_row_of_positions_only(layer, V):
    dout = V * (1 - np.tanh(conv2(layer)) ** 2)
    dkernel = np.einsum("kyx,cyxij->kcij", dout, windows2(layer.image))
    for y in range(5):
        dbias = dout[:, y].sum(axis=1)
    return Conv(spread2(dout, layer.kernel), dkernel, dbias)


one = Family("convolution 1-d", cost1, SIGNAL, (V1,), back1)
two = Family("convolution 2-d", cost2, LAYER, (V2,), back2)
KERNEL = (4, 2, 3, 3)
BORDER = part((2, 7, 6), np.s_[:, [0, -1]], np.s_[:, :, [0, -1]])
FAULTS = (
    one.plant(
        "taps flipped",
        taps_flipped,
        at("['K']", part((4, 3, TAPS), np.s_[:, :, [0, 2]]), "flip", line="dK = np.einsum("),
    ),
    one.plant(
        "bias averaged over positions",
        bias_averaged_over_positions,
        at("['b']", ALL, "scale", line='"b": dout.mean(axis=1)'),
    ),
    one.plant(
        "stride ignored",
        stride_ignored,
        at("['K']", ALL, "other-tensor", "unexplained", line="dK = np.einsum("),
    ),
    one.plant(
        "padding cropped on one side",
        cropped_on_one_side,
        at("['x']", ALL, "permutation", "unexplained", line="dx = spread("),
    ),
    one.plant(
        "overlapping taps overwritten",
        overlap_overwritten,
        at(
            "['x']",
            part((3, 11), np.s_[:, 1:10:2]),
            "missing-accumulation",
            "entries",
            line="dx = dpadded[:, PAD:-PAD]",
        ),
    ),
    one.plant(
        "input channels rolled",
        channels_rolled,
        at("['K']", ALL, "permutation", line='dK = np.einsum("kt,cti->kci", dout, previous)'),
    ),
    two.plant(
        "taps transposed",
        taps_transposed,
        at(
            ".kernel",
            part(KERNEL, np.s_[:, :, [0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1]]),
            "transpose",
            line='dkernel = np.einsum("kyx,cyxij->kcji"',
        ),
    ),
    two.plant(
        "convolved, not correlated",
        convolved_not_correlated,
        at(
            ".kernel",
            part(KERNEL, np.s_[:, :, [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]]),
            "flip",
            line="[:, :, ::-1, ::-1]",
        ),
    ),
    two.plant(
        "first row of taps skipped",
        first_row_of_taps_skipped,
        at(".kernel", part(KERNEL, np.s_[:, :, 0]), "zero", "entries", line="dkernel[:, :, i, j]"),
    ),
    two.plant(
        "last output channel halved",
        last_channel_halved,
        at(
            ".kernel",
            part(KERNEL, -1),
            "entries",
            "row-scale",
            "scale",
            line="dkernel[-1] /= 2",
        ),
    ),
    two.plant(
        "border of the image lost",
        border_of_the_image_lost,
        at(".image", BORDER, "zero", "entries", line="dimage[:, 1:-1, 1:-1] = spread2"),
    ),
    two.plant(
        "only the last row of positions",
        last_row_of_positions_only,
        at(
            ".bias",
            ALL,
            "missing-accumulation",
            "unexplained",
            line="dbias = dout[:, y].sum(axis=1)",
        ),
    ),
)
