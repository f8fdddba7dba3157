"""Energies and their stiffness: springs, atoms, trusses, pendulums, and test functions."""

import numpy as np
from scipy import optimize, sparse
from scipy.sparse.linalg import LinearOperator

from .case import Case
from .statistics import h, hp

rng = np.random.default_rng(182)

# A ring of springs that stiffen: a sparse Hessian with two corners

M = 12
RING = rng.normal(size=M)


def stretch(x):
    return x - np.roll(x, 1)


def ring(x):
    d = stretch(x)
    return float(np.sum(d**2 / 2 + d**4 / 4))


def ring_grad(x):
    f = stretch(x) + stretch(x) ** 3
    return f - np.roll(f, -1)


def ring_dense(x):
    k = 1 + 3 * stretch(x) ** 2
    hess = np.diag(k + np.roll(k, -1))
    for i in range(M):
        hess[i, i - 1] -= k[i]
        hess[i - 1, i] -= k[i]
    return hess


def ring_without_corners(x):
    hess = ring_dense(x)
    hess[0, -1] = hess[-1, 0] = 0
    return sparse.csr_array(hess)


def ring_operator(x, factor=1.0):
    hess = factor * ring_dense(x)
    return LinearOperator((M, M), matvec=lambda v: hess @ v, rmatvec=lambda v: hess.T @ v)


# Atoms that attract and repel in pairs: the geometric part of the stiffness

ATOMS = np.array([[0, 0, 0], [1.1, 0.1, 0], [0.3, 1.2, 0.2], [0.9, 0.8, 1.0]])
PAIRS = [(i, j) for i in range(4) for j in range(i)]


def atoms(x):
    r2 = np.array([np.sum((x[i] - x[j]) ** 2) for i, j in PAIRS])
    return float(np.sum(r2**-6 - 2 * r2**-3))


def radial(r):
    """First and second derivatives of r^-12 - 2 r^-6."""
    return -12 * r**-13 + 12 * r**-7, 156 * r**-14 - 84 * r**-8


def atoms_grad(x):
    g = np.zeros_like(x)
    for i, j in PAIRS:
        d = x[i] - x[j]
        r = np.linalg.norm(d)
        g[i] += radial(r)[0] * d / r
        g[j] -= radial(r)[0] * d / r
    return g


def atoms_stiffness(x, geometric=1.0):
    k = np.zeros((4, 3, 4, 3))
    for i, j in PAIRS:
        d = x[i] - x[j]
        r = np.linalg.norm(d)
        n = np.outer(d, d) / r**2
        first, second = radial(r)
        block = second * n + geometric * first / r * (np.eye(3) - n)
        k[i, :, i] += block
        k[j, :, j] += block
        k[i, :, j] -= block
        k[j, :, i] -= block
    return k


def atoms_without_themselves(x):
    k = atoms_stiffness(x)
    for i in range(4):
        k[i, :, i] = 0
    return k


# A bar of large strain: material and geometric stiffness

BAR = np.array([1.3, 0.4])


def bar(u):
    strain = (u @ u - 1) / 2
    return float(2 * strain**2)


def bar_grad(u):
    return 2 * (u @ u - 1) * u


def bar_hess(u):
    return 4 * np.outer(u, u) + 2 * (u @ u - 1) * np.eye(2)


def bar_material(u):
    return 4 * np.outer(u, u)


# A double pendulum's potential energy, two blocks

ANGLES = {"upper": 0.4, "lower": -1.1}


def pendulum(q):
    return float(-2 * np.cos(q["upper"]) - np.cos(q["upper"] - q["lower"]))


def pendulum_grad(q):
    s = np.sin(q["upper"] - q["lower"])
    return {"upper": 2 * np.sin(q["upper"]) + s, "lower": -s}


def pendulum_hess(q):
    c = np.cos(q["upper"] - q["lower"])
    top = 2 * np.cos(q["upper"]) + c
    return {"upper": {"upper": top, "lower": -c}, "lower": {"upper": -c, "lower": c}}


def pendulum_cross_sign(q):
    found = pendulum_hess(q)
    c = np.cos(q["upper"] - q["lower"])
    return {"upper": {**found["upper"], "lower": c}, "lower": {**found["lower"], "upper": c}}


# A quadratic form whose matrix is not symmetric

A = rng.normal(size=(5, 5))
Q = rng.normal(size=5)


def quadratic(x):
    return float(x @ A @ x / 2)


def quadratic_grad(x):
    return (A + A.T) @ x / 2


# Rosenbrock, as SciPy has it

ROSEN = rng.normal(size=6)


def rosen_no_corner(x):
    hess = optimize.rosen_hess(x)
    hess[-1, -1] = 0
    return hess


def rosen_product_short(x, v):
    """The product whose last entry was forgotten."""
    found = optimize.rosen_hess_prod(x, v)
    found[-1] = 0
    return found


# A particle on a line, of no dimension at all


def well(x):
    return float(x**4 / 4 - x**2)


def well_grad(x):
    return x**3 - 2 * x


# A potential with parameters of sizes that are far apart, in one array: a stiffness and a length

SIZES = np.array([2.0e6, 3.0e-4, 0.7])


def unequal(p):
    k, length, x = p
    return float(k * (x - 1e3 * length) ** 2 / 2)


def unequal_grad(p):
    k, length, x = p
    r = x - 1e3 * length
    return np.array([r**2 / 2, -1e3 * k * r, k * r])


def unequal_hess(p):
    k, length, x = p
    r = x - 1e3 * length
    return np.array([[0, -1e3 * r, r], [-1e3 * r, 1e6 * k, -1e3 * k], [r, -1e3 * k, k]])


def unequal_small_entry(p):
    """The smallest row has another sign."""
    hess = unequal_hess(p)
    hess[0, 2] *= -1
    hess[2, 0] *= -1
    return hess


CASES = [
    Case(
        "ring of springs", ring, ring_grad, RING,
        {
            "sparse": h(lambda x: sparse.csr_array(ring_dense(x))),
            "sparse matrix": h(lambda x: sparse.coo_matrix(ring_dense(x))),
            "operator": h(ring_operator),
            "dense": h(ring_dense),
        },
        {
            "pattern without corners": (h(ring_without_corners), "sparsity"),
            "upper triangle": (h(lambda x: sparse.triu(ring_dense(x)).tocsr()), "triangle"),
            "operator twice": (h(lambda x: ring_operator(x, 2.0)), "scale"),
            "diagonal only": (h(lambda x: sparse.diags_array(np.diag(ring_dense(x)))), "sparsity"),
        },
    ),
    Case(
        "atoms", atoms, atoms_grad, ATOMS,
        {
            "shape + shape": h(atoms_stiffness),
            "flat": h(lambda x: atoms_stiffness(x).reshape(12, 12)),
            "hessp": hp(lambda x, v: np.tensordot(atoms_stiffness(x), v, 2)),
        },
        {
            "without geometric stiffness": (h(lambda x: atoms_stiffness(x, 0.0)), None),
            "geometric stiffness of another sign": (h(lambda x: atoms_stiffness(x, -1.0)), None),
            "axis before atom": (
                h(lambda x: atoms_stiffness(x).transpose(1, 0, 3, 2).reshape(12, 12)),
                "permutation",
            ),
            "diagonal blocks forgotten": (h(atoms_without_themselves), "zero"),
        },
    ),
    Case(
        "bar", bar, bar_grad, BAR, {"array": h(bar_hess)},
        {"material stiffness only": (h(bar_material), None)},
    ),
    Case(
        "pendulum", pendulum, pendulum_grad, ANGLES, {"tree": h(pendulum_hess)},
        {"sign of the coupling": (h(pendulum_cross_sign), "sign")},
    ),
    Case(
        "quadratic", quadratic, quadratic_grad, Q,
        {"symmetric part": h((A + A.T) / 2), "fortran": h(np.asfortranarray((A + A.T) / 2))},
        {"the matrix itself": (h(A), "asymmetric"), "both added": (h(A + A.T), "scale")},
    ),
    Case(
        "rosenbrock", optimize.rosen, optimize.rosen_der, ROSEN,
        {
            "both": {"hess": optimize.rosen_hess, "hessp": optimize.rosen_hess_prod},
            "hessp": hp(optimize.rosen_hess_prod),
        },
        {
            "corner forgotten": (h(rosen_no_corner), "zero"),
            "hessp short": (hp(rosen_product_short), None),
            "hessp short beside hess": (
                {"hess": optimize.rosen_hess, "hessp": rosen_product_short}, "modes",
            ),
        },
    ),
    Case(
        "well", well, well_grad, np.array(1.3),
        {"number": h(lambda x: 3 * x**2 - 2), "matrix": h(lambda x: [[3 * x**2 - 2]])},
        {"constant forgotten": (h(lambda x: 3 * x**2), None)},
    ),
    Case(
        "sizes far apart", unequal, unequal_grad, SIZES, {"array": h(unequal_hess)},
        {"sign of a small entry": (h(unequal_small_entry), "sign")},
    ),
]  # fmt: skip
