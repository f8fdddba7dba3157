"""Small networks, matrix functions, and functions that are made of a norm or a sum."""

import numpy as np
from scipy import special
from scipy.sparse.linalg import LinearOperator

from .case import Case
from .statistics import h, hp

rng = np.random.default_rng(183)

# One hidden layer: Hessian-vector products by Pearlmutter's R operator

DATA, TARGET = rng.normal(size=(15, 3)), rng.normal(size=15)
NET = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4), "v": rng.normal(size=4)}


def network(p):
    a = np.tanh(DATA @ p["W"] + p["b"])
    return float(np.sum((a @ p["v"] - TARGET) ** 2) / 2)


def network_grad(p):
    a = np.tanh(DATA @ p["W"] + p["b"])
    r = a @ p["v"] - TARGET
    d = r[:, None] * p["v"] * (1 - a**2)
    return {"W": DATA.T @ d, "b": d.sum(0), "v": a.T @ r}


def network_product(p, t, second=1.0, bias=1.0, by_v=1.0):
    """``second`` is what Gauss and Newton leave out."""
    a = np.tanh(DATA @ p["W"] + p["b"])
    r = a @ p["v"] - TARGET
    s = 1 - a**2
    ra = s * (DATA @ t["W"] + bias * t["b"])
    rr = ra @ p["v"] + a @ t["v"]
    rd = rr[:, None] * p["v"] * s
    rest = r[:, None] * (by_v * t["v"] * s - 2 * p["v"] * a * ra)
    rd = rd + second * rest
    return {"W": DATA.T @ rd, "b": rd.sum(0), "v": a.T @ rr + second * ra.T @ r}


def flattened(t):
    return np.concatenate([np.ravel(t[k]) for k in ("W", "b", "v")])


def unflattened(row):
    return {"W": row[:12].reshape(3, 4), "b": row[12:16], "v": row[16:]}


def network_matrix(p, **options):
    columns = [flattened(network_product(p, unflattened(e), **options)) for e in np.eye(20)]
    return np.column_stack(columns)


def network_operator(p):
    return LinearOperator(
        (20, 20), matvec=lambda v: flattened(network_product(p, unflattened(np.ravel(v)))),
        dtype=float,
    )  # fmt: skip


def network_tree(p):
    places = {"W": slice(0, 12), "b": slice(12, 16), "v": slice(16, 20)}
    whole = network_matrix(p)
    return {
        a: {b: whole[places[a], places[b]].reshape(*p[a].shape, *p[b].shape) for b in p} for a in p
    }


def network_tree_cross_transposed(p):
    found = network_tree(p)
    found["b"] = {**found["b"], "v": found["b"]["v"].T}
    found["v"] = {**found["v"], "b": found["v"]["b"].T}
    return found


# Factors of a matrix

R = rng.normal(size=(4, 5))
FACTORS = (rng.normal(size=(4, 2)), rng.normal(size=(2, 5)))


def factors(p):
    u, v = p
    return float(np.sum((u @ v - R) ** 2) / 2)


def factors_grad(p):
    u, v = p
    e = u @ v - R
    return (e @ v.T, u.T @ e)


def factors_hess(p, residual=1.0):
    u, v = p
    e = u @ v - R
    uu = np.einsum("ij,kl->ikjl", np.eye(4), v @ v.T)
    vv = np.einsum("kl,ij->kilj", u.T @ u, np.eye(5))
    uv = np.einsum("il,kj->iklj", u, v) + residual * np.einsum("ij,kl->iklj", e, np.eye(2))
    return ((uu, uv), (uv.transpose(2, 3, 0, 1), vv))


# Log-determinant of a matrix that is not symmetric

MATRIX = np.eye(3) * 2 + rng.normal(size=(3, 3)) * 0.4


def logdet(m):
    return float(np.linalg.slogdet(m)[1])


def logdet_grad(m):
    return np.linalg.inv(m).T


def logdet_hess(m):
    y = np.linalg.inv(m)
    return -np.einsum("jk,li->ijkl", y, y)


def logdet_as_if_symmetric(m):
    y = np.linalg.inv(m)
    return -np.einsum("ik,jl->ijkl", y, y)


# Functions that are quickly written down, and as quickly wrong

V = rng.normal(size=5)


def lse(x):
    return float(special.logsumexp(x))


def lse_hess(x):
    p = special.softmax(x)
    return np.diag(p) - np.outer(p, p)


def norm(x):
    return float(np.linalg.norm(x))


def norm_hess(x):
    r = np.linalg.norm(x)
    return (np.eye(len(x)) - np.outer(x, x) / r**2) / r


B = rng.normal(size=5)


def cosine(x):
    return float(x @ B / np.linalg.norm(x) / np.linalg.norm(B))


def cosine_grad(x):
    r, b = np.linalg.norm(x), B / np.linalg.norm(B)
    return b / r - (x @ b) * x / r**3


def cosine_hess(x):
    r, b = np.linalg.norm(x), B / np.linalg.norm(B)
    c = x @ b
    cross = np.outer(b, x) + np.outer(x, b)
    return -cross / r**3 - c * np.eye(5) / r**3 + 3 * c * np.outer(x, x) / r**5


def cosine_one_sided(x):
    r, b = np.linalg.norm(x), B / np.linalg.norm(B)
    c = x @ b
    cross = 2 * np.outer(b, x)
    return -cross / r**3 - c * np.eye(5) / r**3 + 3 * c * np.outer(x, x) / r**5


POSITIVE = rng.uniform(0.5, 2, size=5)


def product(x):
    return float(np.prod(x))


def product_hess(x):
    whole = np.prod(x) / np.outer(x, x)
    return whole - np.diag(np.diag(whole))


def product_diagonal_left(x):
    return np.prod(x) / np.outer(x, x)


def kernel(x):
    return float(np.exp(-x @ x / 2))


def kernel_hess(x):
    return np.exp(-x @ x / 2) * (np.outer(x, x) - np.eye(len(x)))


# Residuals that are not linear: Gauss and Newton's matrix is no Hessian

T = np.linspace(0, 2, 12)
CURVE = np.array([1.2, 0.7])
OBSERVED = 1.5 * np.exp(-0.5 * T) + rng.normal(size=12) * 0.2


def decay(p):
    return float(np.sum((p[0] * np.exp(-p[1] * T) - OBSERVED) ** 2) / 2)


def decay_parts(p):
    e = np.exp(-p[1] * T)
    return p[0] * e - OBSERVED, np.column_stack([e, -p[0] * T * e]), e


def decay_grad(p):
    r, j, _ = decay_parts(p)
    return j.T @ r


def decay_hess(p, residual=1.0):
    r, j, e = decay_parts(p)
    cross = np.sum(-r * T * e)
    return j.T @ j + residual * np.array([[0, cross], [cross, np.sum(r * p[0] * T**2 * e)]])


# At a maximum, where the gradient is zero but the Hessian is not

TOP = np.zeros(4)

# Eighty parameters in one array

LONG = rng.normal(size=80)
U = rng.normal(size=(30, 80)) / 9


def long(x):
    return float(np.sum(np.cosh(U @ x)))


def long_grad(x):
    return U.T @ np.sinh(U @ x)


def long_hess(x):
    return (U.T * np.cosh(U @ x)) @ U


def long_entry(x):
    found = long_hess(x)
    found[17, 60] *= 1.01
    found[60, 17] *= 1.01
    return found


def long_rows(x):
    found = long_hess(x)
    found[40:] = 0
    found[:, 40:] = 0
    return found


CASES = [
    Case(
        "network", network, network_grad, NET,
        {
            "hessp": hp(network_product),
            "one array": h(network_matrix),
            "operator": h(network_operator),
            "tree": h(network_tree),
            "tree and hessp": {"hess": network_tree, "hessp": network_product},
        },
        {
            "gauss-newton": (hp(lambda p, t: network_product(p, t, second=0.0)), None),
            "gauss-newton matrix": (h(lambda p: network_matrix(p, second=0.0)), None),
            "bias forgotten": (hp(lambda p, t: network_product(p, t, bias=0.0)), None),
            "one term forgotten": (h(lambda p: network_matrix(p, by_v=0.0)), None),
            "cross block transposed": (h(network_tree_cross_transposed), "transpose"),
        },
    ),
    Case(
        "factors", factors, factors_grad, FACTORS, {"tuples": h(factors_hess)},
        {"residual term forgotten": (h(lambda p: factors_hess(p, 0.0)), None)},
    ),
    Case(
        "log-determinant", logdet, logdet_grad, MATRIX, {"shape + shape": h(logdet_hess)},
        {
            "as if symmetric": (h(logdet_as_if_symmetric), None),
            "sign": (h(lambda m: -logdet_hess(m)), "sign"),
        },
    ),
    Case(
        "log-sum-exp", lse, special.softmax, V, {"array": h(lse_hess)},
        {"diagonal only": (h(lambda x: np.diag(special.softmax(x))), None)},
    ),
    Case(
        "norm", norm, lambda x: x / np.linalg.norm(x), V, {"array": h(norm_hess)},
        {"projection forgotten": (h(lambda x: np.eye(5) / np.linalg.norm(x)), None)},
    ),
    Case(
        "cosine", cosine, cosine_grad, V, {"array": h(cosine_hess)},
        {"one side of a symmetric term": (h(cosine_one_sided), "asymmetric")},
    ),
    Case(
        "product", product, lambda x: np.prod(x) / x, POSITIVE, {"array": h(product_hess)},
        {"diagonal not cleared": (h(product_diagonal_left), "entries")},
    ),
    Case(
        "kernel", kernel, lambda x: -x * np.exp(-x @ x / 2), V, {"array": h(kernel_hess)},
        {"identity forgotten": (h(lambda x: np.exp(-x @ x / 2) * np.outer(x, x)), None)},
    ),
    Case(
        "kernel at its top", kernel, lambda x: -x * np.exp(-x @ x / 2), TOP,
        {"array": h(kernel_hess)}, {"zero": (h(lambda x: np.outer(x, x)), "zero")},
    ),
    Case(
        "decay", decay, decay_grad, CURVE, {"array": h(decay_hess)},
        {"gauss-newton": (h(lambda p: decay_hess(p, 0.0)), None)},
    ),
    Case(
        "eighty parameters", long, long_grad, LONG,
        {"array": h(long_hess), "hessp": hp(lambda x, v: U.T @ (np.cosh(U @ x) * (U @ v)))},
        {"one entry": (h(long_entry), "entries"), "half of the rows": (h(long_rows), "zero")},
    ),
]  # fmt: skip
