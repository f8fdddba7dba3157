"""Embeddings: repeated indices, positions, and tables that are used twice."""

import numpy as np

from .fault import ALL, Family, at, part

rng = np.random.default_rng(606)
WORDS, SIZE, LENGTH = 12, 5, 6
# Every word occurs; 2, 5 and 7 more than once.
IDS = rng.permutation(np.concatenate([np.arange(WORDS), rng.choice([2, 5, 7], 12)])).reshape(4, 6)
REPEATED = [2, 5, 7]
POINT = {
    "E": rng.normal(size=(WORDS, SIZE)) / 2,
    "P": rng.normal(size=(LENGTH, 3)) / 2,
    "W": rng.normal(size=(SIZE, 3)) / 2,
}
V = rng.normal(size=(4, LENGTH, 3))


def scores(params, ids):
    return SIZE**0.5 * params["E"][ids] @ params["W"] + params["P"]


def cost(params, ids, V):
    return float(np.sum(V * np.tanh(scores(params, ids))))


def upstream(params, ids, V):
    """The derivatives with respect to the scores and to the scaled embeddings."""
    dA = V * (1 - np.tanh(scores(params, ids)) ** 2)
    return dA, dA @ params["W"].T


def weight(params, ids, dA):
    return np.einsum("nts,ntk->sk", SIZE**0.5 * params["E"][ids], dA)


def back(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    np.add.at(dE, ids, SIZE**0.5 * dH)
    return {"E": dE, "P": dA.sum(axis=0), "W": weight(params, ids, dA)}


def repeated_index_overwritten(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    dE[ids] += SIZE**0.5 * dH
    return {"E": dE, "P": dA.sum(axis=0), "W": weight(params, ids, dA)}


def padding_row_cleared(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    np.add.at(dE, ids, SIZE**0.5 * dH)
    dE[0] = 0
    return {"E": dE, "P": dA.sum(axis=0), "W": weight(params, ids, dA)}


def averaged_over_occurrences(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    np.add.at(dE, ids, SIZE**0.5 * dH)
    dE /= np.bincount(ids.ravel())[:, None]
    return {"E": dE, "P": dA.sum(axis=0), "W": weight(params, ids, dA)}


def counted_from_one(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    for i, row in zip(ids.ravel(), dH.reshape(-1, SIZE), strict=True):
        dE[i - 1] += SIZE**0.5 * row
    return {"E": dE, "P": dA.sum(axis=0), "W": weight(params, ids, dA)}


def root_of_the_size_forgotten(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    for i, row in zip(ids.ravel(), dH.reshape(-1, SIZE), strict=True):
        dE[i] += row
    return {"E": dE, "P": dA.sum(axis=0), "W": weight(params, ids, dA)}


def positions_of_the_last_sentence(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    np.add.at(dE, ids, SIZE**0.5 * dH)
    dP = dA[-1]
    return {"E": dE, "P": dP, "W": weight(params, ids, dA)}


def last_position_missing(params, ids, V):
    dA, dH = upstream(params, ids, V)
    dE = np.zeros_like(params["E"])
    np.add.at(dE, ids, SIZE**0.5 * dH)
    dP = np.zeros_like(params["P"])
    dP[:-1] = dA[:, :-1].sum(axis=0)
    return {"E": dE, "P": dP, "W": weight(params, ids, dA)}


# One table that embeds the words and scores the next one

TIED = {"E": rng.normal(size=(WORDS, SIZE)) / 2, "M": rng.normal(size=(SIZE, SIZE)) / 2}
HERE = np.array([3, 7, 7, 0, 10, 1])
NEXT = np.array([7, 2, 0, 10, 11, 4])


def tied_forward(params, here):
    H = np.tanh(params["E"][here] @ params["M"])
    Z = H @ params["E"].T
    Z = Z - Z.max(axis=1, keepdims=True)
    return H, Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))


def tied_cost(params, here, following):
    _, logs = tied_forward(params, here)
    return float(-logs[np.arange(len(here)), following].mean())


def tied_upstream(params, here, following):
    H, logs = tied_forward(params, here)
    dZ = (np.exp(logs) - np.eye(WORDS)[following]) / len(here)
    return H, dZ, dZ @ params["E"] * (1 - H**2)


def tied_back(params, here, following):
    H, dZ, dA = tied_upstream(params, here, following)
    dE = dZ.T @ H
    np.add.at(dE, here, dA @ params["M"].T)
    return {"E": dE, "M": params["E"][here].T @ dA}


def as_output_only(params, here, following):
    H, dZ, dA = tied_upstream(params, here, following)
    dE = dZ.T @ H
    return {"E": dE, "M": params["E"][here].T @ dA}


def as_input_only(params, here, following):
    _, _, dA = tied_upstream(params, here, following)
    dE = np.zeros_like(params["E"])
    np.add.at(dE, here, dA @ params["M"].T)
    return {"E": dE, "M": params["E"][here].T @ dA}


# An autoencoder whose decoder is the transpose of its encoder

CODE = rng.normal(size=(4, 7)) / 2
DATA = rng.normal(size=(7, 10))


def autoencoder_cost(W, X):
    return float(np.sum((W.T @ np.tanh(W @ X) - X) ** 2) / 2)


def autoencoder_back(W, X):
    H = np.tanh(W @ X)
    R = W.T @ H - X
    return (W @ R * (1 - H**2)) @ X.T + H @ R.T


def decoder_forgotten(W, X):
    H = np.tanh(W @ X)
    R = W.T @ H - X
    return (W @ R * (1 - H**2)) @ X.T


table = Family("embedding", cost, POINT, (IDS, V), back)
tied = Family("tied embedding", tied_cost, TIED, (HERE, NEXT), tied_back)
autoencoder = Family("tied autoencoder", autoencoder_cost, CODE, (DATA,), autoencoder_back)
E, P = "['E']", "['P']"
REPEATED_ROWS = part((WORDS, SIZE), REPEATED)
FAULTS = (
    table.plant(
        "repeated index overwritten",
        repeated_index_overwritten,
        at(E, REPEATED_ROWS, "missing-accumulation", "entries", line="dE[ids] += SIZE**0.5 * dH"),
    ),
    table.plant(
        "row of the padding cleared",
        padding_row_cleared,
        at(E, part((WORDS, SIZE), 0), "zero", "entries", line="dE[0] = 0"),
    ),
    table.plant(
        "averaged over the occurrences",
        averaged_over_occurrences,
        at(E, REPEATED_ROWS, "row-scale", "entries", "entry-factor", line="dE /= np.bincount("),
    ),
    table.plant(
        "words counted from one",
        counted_from_one,
        at(E, ALL, "permutation", line="dE[i - 1] += SIZE**0.5 * row"),
    ),
    table.plant(
        "root of the size forgotten",
        root_of_the_size_forgotten,
        at(E, ALL, "scale", line="dE[i] += row"),
    ),
    table.plant(
        "positions of the last sentence only",
        positions_of_the_last_sentence,
        at(P, ALL, "missing-accumulation", "unexplained", line="dP = dA[-1]"),
    ),
    table.plant(
        "last position missing",
        last_position_missing,
        at(
            P,
            part((LENGTH, 3), -1),
            "zero",
            "entries",
            "missing-accumulation",
            line="dP[:-1] = dA[:, :-1].sum(axis=0)",
        ),
    ),
    tied.plant(
        "used as output only",
        as_output_only,
        at(
            E,
            part((WORDS, SIZE), HERE),
            "missing-accumulation",
            "entries",
            "held-fixed",
            "unexplained",
            line="dE = dZ.T @ H",
        ),
    ),
    tied.plant(
        "used as input only",
        as_input_only,
        at(E, ALL, "missing-accumulation", "unexplained", line="np.add.at(dE, here"),
    ),
    autoencoder.plant(
        "decoder forgotten",
        decoder_forgotten,
        at(
            "",
            ALL,
            "missing-accumulation",
            "held-fixed",
            "unexplained",
            line="return (W @ R * (1 - H**2)) @",
        ),
    ),
)
