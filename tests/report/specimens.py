"""Reports of every kind, for the renderers."""

import numpy as np

import gradproof as gp

TRAP = "<script>alert(1)</script>"


def squares(p):
    return float(sum(np.sum(np.abs(v) ** 2) for v in p.values()))


def double(p):
    return {name: 2 * value for name, value in p.items()}


def params():
    rng = np.random.default_rng(0)
    return {
        "W": rng.normal(size=(5, 4)), "b": rng.normal(size=3), "scalar": np.array(2.0),
        TRAP: rng.normal(size=2), "$x$ \\frac [red]": np.ones((2, 2, 2)), "ñ ✓ 漢字": np.ones(1),
    }  # fmt: skip


def right(**options):
    return gp.check(squares, params(), grad=double, **options)


def wrong(**options):
    def grad(p):
        claimed = {**double(p), TRAP: 3 * p[TRAP]}
        claimed["W"][3] *= -2
        return claimed

    return gp.check(squares, params(), grad=grad, name="<b>cost</b> & more", **options)


def kinked():
    return gp.check(
        lambda x: float(np.abs(x).sum()), np.array([0.0, 1.0]), grad=np.array([3.0, 1.0])
    )


def undecided():
    rng = np.random.default_rng(0)
    return gp.check(lambda x: float(x @ x + rng.normal()), np.ones(3), grad=lambda x: 2 * x)


def not_finite():
    return gp.check(squares, {"a": np.ones(3)}, grad=lambda p: {"a": p["a"] * np.inf})


def complex_numbers():
    return gp.check(
        squares, {"z": np.array([1 + 2j, 3 - 1j])}, grad=lambda p: {"z": np.conj(2 * p["z"])}
    )


def half_of_many():
    """So many wrong entries that they are kept as a map."""
    x = np.random.default_rng(1).normal(size=(200, 300))
    return gp.check(
        lambda x: float(np.sum(x**2)), x, grad=lambda x: np.where(x < 0, 0.5, 1.0) * 2 * x
    )


def swept():
    return wrong(effort="sweep")


def nothing_to_check():
    return gp.check(lambda x: float("nan"), np.ones(3), grad=lambda x: x)


EVERY = {
    made.__name__: made
    for made in (
        right, wrong, kinked, undecided, not_finite, complex_numbers, half_of_many, swept,
        nothing_to_check,
    )
}  # fmt: skip
