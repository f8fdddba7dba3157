"""Bilinear forms, contractions, factors of a matrix, determinants, and broadcasting."""

import numpy as np

from .fault import ALL, Family, at, part

rng = np.random.default_rng(1212)

# A bilinear form in a batch

FORM = {"A": rng.normal(size=(6, 6)), "x": rng.normal(size=(8, 6)), "y": rng.normal(size=(8, 6))}
G = rng.normal(size=8)


def bilinear(params, g):
    products = np.einsum("ni,ij,nj->n", params["x"], params["A"], params["y"])
    return float(np.sum(g * np.sin(products / 3)))


def bilinear_upstream(params, g):
    products = np.einsum("ni,ij,nj->n", params["x"], params["A"], params["y"])
    return g * np.cos(products / 3) / 3


def bilinear_back(params, g):
    d = bilinear_upstream(params, g)
    A, x, y = params["A"], params["x"], params["y"]
    return {
        "A": np.einsum("n,ni,nj->ij", d, x, y),
        "x": d[:, None] * (y @ A.T),
        "y": d[:, None] * (x @ A),
    }


def form_transposed(params, g):
    d = bilinear_upstream(params, g)
    A, x, y = params["A"], params["x"], params["y"]
    dA = np.einsum("n,ni,nj->ji", d, x, y)
    return {"A": dA, "x": d[:, None] * (y @ A.T), "y": d[:, None] * (x @ A)}


def form_not_transposed_for_x(params, g):
    d = bilinear_upstream(params, g)
    A, x, y = params["A"], params["x"], params["y"]
    dx = d[:, None] * (y @ A)
    return {"A": np.einsum("n,ni,nj->ij", d, x, y), "x": dx, "y": d[:, None] * (x @ A)}


def upstream_of_y_forgotten(params, g):
    d = bilinear_upstream(params, g)
    A, x, y = params["A"], params["x"], params["y"]
    dA = np.einsum("n,ni,nj->ij", d, x, y)
    dx = d[:, None] * (y @ A.T)
    dy = d[:, None] / g[:, None] * (x @ A)
    return {"A": dA, "x": dx, "y": dy}


def x_and_y_swapped(params, g):
    d = bilinear_upstream(params, g)
    A, x, y = params["A"], params["x"], params["y"]
    grads = {"A": np.einsum("n,ni,nj->ij", d, x, y)}
    grads["y"] = d[:, None] * (y @ A.T)
    grads["x"] = d[:, None] * (x @ A)
    return grads


# A quadratic form

SYMMETRIC = (rng.normal(size=(7, 7)) + 3 * np.eye(7)) / 2
SYMMETRIC += SYMMETRIC.T
VECTOR = rng.normal(size=7)


def quadratic(x, S):
    return float(np.log1p((x @ S @ x) ** 2))


def quadratic_back(x, S):
    q = x @ S @ x
    return 4 * q / (1 + q**2) * (S @ x)


def one_side_of_the_square(x, S):
    q = x @ S @ x
    dq = 2 * q / (1 + q**2)
    return dq * (S @ x)


# A tensor contracted with three vectors a batch

CUBE = rng.normal(size=(4, 4, 5))
U, V, W = rng.normal(size=(6, 4)), rng.normal(size=(6, 4)), rng.normal(size=(6, 5))


def contracted(C, U, V, W):
    return float(np.sum(np.tanh(np.einsum("ijk,ni,nj,nk->n", C, U, V, W) / 4)))


def contracted_back(C, U, V, W):
    d = (1 - np.tanh(np.einsum("ijk,ni,nj,nk->n", C, U, V, W) / 4) ** 2) / 4
    return np.einsum("n,ni,nj,nk->ijk", d, U, V, W)


def two_axes_exchanged(C, U, V, W):
    d = (1 - np.tanh(np.einsum("ijk,ni,nj,nk->n", C, U, V, W) / 4) ** 2) / 4
    return np.einsum("n,ni,nj,nk->jik", d, U, V, W)


def last_axis_backwards(C, U, V, W):
    d = (1 - np.tanh(np.einsum("ijk,ni,nj,nk->n", C, U, V, W) / 4) ** 2) / 4
    return np.einsum("n,ni,nj,nk->ijk", d, U, V, W[:, ::-1])


def second_axis_rolled(C, U, V, W):
    d = (1 - np.tanh(np.einsum("ijk,ni,nj,nk->n", C, U, V, W) / 4) ** 2) / 4
    shifted = np.roll(V, 2, axis=1)
    return np.einsum("n,ni,nj,nk->ijk", d, U, shifted, W)


def first_axis_summed_up(C, U, V, W):
    d = (1 - np.tanh(np.einsum("ijk,ni,nj,nk->n", C, U, V, W) / 4) ** 2) / 4
    gradient = np.einsum("n,ni,nj,nk->ijk", d, U, V, W)
    gradient[1:] = np.cumsum(gradient, axis=0)[1:]
    return gradient


# A scaled and shifted matrix: rows and columns with factors of their own

AFFINE = {
    "M": rng.normal(size=(8, 6)),
    "row": rng.uniform(0.4, 2.5, size=(8, 1)),
    "shift": rng.normal(size=6),
}
COTANGENT = rng.normal(size=(8, 6))


def affine(params, g):
    return float(np.sum(g * np.tanh(params["row"] * params["M"] + params["shift"])))


def affine_back(params, g):
    d = g * (1 - np.tanh(params["row"] * params["M"] + params["shift"]) ** 2)
    drow = np.sum(d * params["M"], axis=1, keepdims=True)
    return {"M": d * params["row"], "row": drow, "shift": d.sum(axis=0)}


def factor_of_the_row_forgotten(params, g):
    d = g * (1 - np.tanh(params["row"] * params["M"] + params["shift"]) ** 2)
    drow = np.sum(d * params["M"], axis=1, keepdims=True)
    dM = 1.0 * d
    return {"M": dM, "row": drow, "shift": d.sum(axis=0)}


def broadcast_not_summed_back(params, g):
    d = g * (1 - np.tanh(params["row"] * params["M"] + params["shift"]) ** 2)
    drow = np.sum(d * params["M"], axis=1, keepdims=True)
    return {"M": d * params["row"], "row": drow, "shift": d[-1]}


def middle_rows_left_out(params, g):
    d = g * (1 - np.tanh(params["row"] * params["M"] + params["shift"]) ** 2)
    dM = d * params["row"]
    dM[3:5] = 0
    drow = np.zeros_like(params["row"])
    drow += np.sum(d * params["M"], axis=1, keepdims=True)
    return {"M": dM, "row": drow, "shift": d.sum(axis=0)}


# The logarithm of a determinant

SQUARE = rng.normal(size=(5, 5)) + 2 * np.eye(5)


def log_determinant(A, factor):
    return float(factor * np.linalg.slogdet(A)[1])


def log_determinant_back(A, factor):
    return factor * np.linalg.inv(A).T


def inverse_not_transposed(A, factor):
    return factor * np.linalg.inv(A)


def adjugate_sign(A, factor):
    signs = (-1.0) ** np.add.outer(np.arange(5), np.arange(5))
    return factor * np.linalg.inv(A).T * signs


form = Family("bilinear", bilinear, FORM, (G,), bilinear_back)
square = Family("quadratic form", quadratic, VECTOR, (SYMMETRIC,), quadratic_back)
cube = Family("contraction", contracted, CUBE, (U, V, W), contracted_back)
rows = Family("scaled matrix", affine, AFFINE, (COTANGENT,), affine_back)
determinant = Family("determinant", log_determinant, SQUARE, (0.7,), log_determinant_back)
OFF = part((6, 6), ~np.eye(6, dtype=bool))
DIFFERENT = part((4, 4, 5), ~np.eye(4, dtype=bool))
ODD = np.add.outer(np.arange(5), np.arange(5)) % 2 == 1
FAULTS = (
    form.plant(
        "form transposed",
        form_transposed,
        at("['A']", OFF, "transpose", line='dA = np.einsum("n,ni,nj->ji", d, x, y)'),
    ),
    form.plant(
        "form not transposed for x",
        form_not_transposed_for_x,
        at("['x']", ALL, "transpose", "unexplained", line="dx = d[:, None] * (y @ A)"),
    ),
    form.plant(
        "upstream of y forgotten",
        upstream_of_y_forgotten,
        at(
            "['y']", ALL, "row-scale", "entry-factor", line="dy = d[:, None] / g[:, None] * (x @ A)"
        ),
    ),
    form.plant(
        "x and y swapped",
        x_and_y_swapped,
        at("['x']", ALL, "other-block", line='grads["x"] = d[:, None] * (x @ A)'),
        at("['y']", ALL, "other-block", line='grads["y"] = d[:, None] * (y @ A.T)'),
    ),
    square.plant(
        "one side of the square",
        one_side_of_the_square,
        at("", ALL, "scale", line="return dq * (S @ x)"),
    ),
    cube.plant(
        "two axes exchanged",
        two_axes_exchanged,
        at("", DIFFERENT, "transpose", line='return np.einsum("n,ni,nj,nk->jik"'),
    ),
    cube.plant(
        "last axis backwards",
        last_axis_backwards,
        at("", part((4, 4, 5), np.s_[:, :, [0, 1, 3, 4]]), "flip", line="W[:, ::-1])"),
    ),
    cube.plant(
        "second axis rolled",
        second_axis_rolled,
        at("", ALL, "permutation", line="return np.einsum("),
    ),
    cube.plant(
        "first axis summed up",
        first_axis_summed_up,
        at(
            "",
            part((4, 4, 5), np.s_[1:]),
            "other-tensor",
            "unexplained",
            "entries",
            line="gradient[1:] =",
        ),
    ),
    rows.plant(
        "factor of the row forgotten",
        factor_of_the_row_forgotten,
        at("['M']", ALL, "row-scale", "entry-factor", line="dM = 1.0 * d"),
    ),
    rows.plant(
        "broadcast not summed back",
        broadcast_not_summed_back,
        at("['shift']", ALL, "missing-accumulation", "unexplained", line='"shift": d[-1]'),
    ),
    rows.plant(
        "middle rows left out",
        middle_rows_left_out,
        at("['M']", part((8, 6), np.s_[3:5]), "zero", "entries", line="dM[3:5] = 0"),
    ),
    determinant.plant(
        "inverse not transposed",
        inverse_not_transposed,
        at(
            "",
            part((5, 5), ~np.eye(5, dtype=bool)),
            "transpose",
            line="return factor * np.linalg.inv(A)",
        ),
    ),
    determinant.plant(
        "signs of the cofactors twice",
        adjugate_sign,
        at(
            "",
            part((5, 5), ODD),
            "entries",
            "sign",
            "entry-factor",
            line="return factor * np.linalg.inv(A).T * s",
        ),
    ),
)
