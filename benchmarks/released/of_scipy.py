"""SciPy: derivatives that its functions return or take an order for, and densities of its laws."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import interpolate, optimize, special, stats

from .pair import Pair
from .pair import vector as any_vector

# Not complex: some take the real part of what is returned.
vector = partial(any_vector, dtype="float64")

KNOTS = np.array([0.0, 0.7, 1.0, 1.9, 3.0, 3.4, 5.0])
VALUES = np.sin(KNOTS) + 0.3 * KNOTS
INTERPOLATORS = {
    "CubicSpline natural": partial(interpolate.CubicSpline, bc_type="natural"),
    "CubicSpline clamped": partial(interpolate.CubicSpline, bc_type="clamped"),
    "CubicSpline not-a-knot": interpolate.CubicSpline,
    "PchipInterpolator": interpolate.PchipInterpolator,
    "Akima1DInterpolator": interpolate.Akima1DInterpolator,
    "Akima1DInterpolator makima": partial(interpolate.Akima1DInterpolator, method="makima"),
    **{f"make_interp_spline k={k}": partial(interpolate.make_interp_spline, k=k)
       for k in range(1, 6)},
    **{f"UnivariateSpline k={k}": partial(interpolate.UnivariateSpline, k=k, s=0.1)
       for k in range(2, 6)},
    "InterpolatedUnivariateSpline": interpolate.InterpolatedUnivariateSpline,
    "make_smoothing_spline": lambda x, y: interpolate.make_smoothing_spline(x, y, lam=0.1),
    "BPoly": lambda x, y: interpolate.BPoly.from_derivatives(x, np.stack([y, np.cos(x)], 1)),
}  # fmt: skip
KROGH = {
    "KroghInterpolator": interpolate.KroghInterpolator,
    "BarycentricInterpolator": interpolate.BarycentricInterpolator,
}
# Functions of order and argument, and their derivatives.
ORDERED = {"jv": special.jvp, "yv": special.yvp, "kv": special.kvp, "iv": special.ivp}
ORDERS = (0, 1, 2, 0.5, 1.5, -0.5, -1, -2.5, 10)
TWO = {  # functions that return their value and their derivative, with choices of their parameters
    "pbdv": [(v,) for v in (0.0, 1.0, -0.5, 2.5, -3.0, 10.0)],
    "pbvv": [(v,) for v in (0.0, 1.0, -0.5, 2.5, -3.0, 10.0)],
    "pbwa": [(a,) for a in (0.0, 1.0, -1.5, 4.0)],
    **{name: [(m, q) for m in (1, 2, 5) for q in (0.0, 0.5, 10.0, -2.0)]
       for name in ("mathieu_cem", "mathieu_sem", "mathieu_modcem1", "mathieu_modcem2",
                    "mathieu_modsem1", "mathieu_modsem2")},
    **{name: [(0, 0, 1.0), (1, 2, 0.5), (2, 3, 4.0), (0, 4, 10.0), (1, 1, 0.0)]
       for name in ("pro_ang1", "obl_ang1", "pro_rad1", "pro_rad2", "obl_rad1", "obl_rad2")},
}  # fmt: skip
LISTS = {  # all orders up to one at a number: the last is looked at
    "riccati_jn": (1, 2, 5), "riccati_yn": (1, 2, 5), "lpn": (1, 2, 5), "lqn": (0, 1, 2, 5),
    "pbdv_seq": (2.5, 1.0, -1.5, -2.0, -3.5), "pbvv_seq": (2.5, 1.0, -1.5, -2.0, -3.5),
}  # fmt: skip
DOMAINS = {
    "mathieu_cem": (0, 6), "mathieu_sem": (0, 6), "pro_ang1": (-1, 1), "obl_ang1": (-1, 1),
    "pro_rad1": (1.001, 20), "pro_rad2": (1.001, 20), "obl_rad1": (0, 20), "obl_rad2": (0, 20),
    "pbdv": (-10, 10), "pbvv": (-10, 10), "pbwa": (-5, 5), "mathieu_modcem1": (0, 4),
    "mathieu_modcem2": (0, 4), "mathieu_modsem1": (0, 4), "mathieu_modsem2": (0, 4),
    "riccati_jn": (0, 30), "riccati_yn": (0.1, 30), "lqn": (-0.99, 10), "lpn": (-3, 3),
    "pbdv_seq": (-5, 5), "pbvv_seq": (-5, 5), "sici": (-40, 40), "shichi": (-40, 40),
}  # fmt: skip
KNOWN = {  # a function, and another one of SciPy that is its derivative
    "ber": special.berp, "bei": special.beip, "ker": special.kerp, "kei": special.keip,
    "gammaln": special.psi, "psi": partial(special.polygamma, 1),
    "erf": lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
    "ndtr": stats.norm.pdf, "expit": lambda x: special.expit(x) * special.expit(-x),
    "j0": lambda x: -special.j1(x), "y0": lambda x: -special.y1(x),
    "i0": special.i1, "k0": lambda x: -special.k1(x),
    "ellipk": lambda m: (special.ellipe(m) - (1 - m) * special.ellipk(m)) / (2 * m * (1 - m)),
    "ellipe": lambda m: (special.ellipe(m) - special.ellipk(m)) / (2 * m),
    "wofz's dawsn": lambda x: 1 - 2 * x * special.dawsn(x),
    "exp1": lambda x: -np.exp(-x) / x, "expi": lambda x: np.exp(x) / x,
    "spence": lambda x: -special.log1p(x - 1) / (x - 1),
    "log_ndtr": lambda x: np.exp(stats.norm.logpdf(x) - special.log_ndtr(x)),
    "erfcx": lambda x: 2 * x * special.erfcx(x) - 2 / np.sqrt(np.pi),
    "lambertw": lambda x: special.lambertw(x).real / (x * (1 + special.lambertw(x).real)),
}  # fmt: skip
DOMAINS |= {"gammaln": (0.01, 100), "psi": (0.01, 100), "y0": (0.1, 50), "k0": (0.1, 50),
            "ellipk": (-50, 0.99), "ellipe": (-50, 0.99), "exp1": (0.01, 50), "expi": (0.01, 50),
            "ker": (0.01, 10), "kei": (0.01, 10), "ber": (-12, 12), "bei": (-12, 12),
            "spence": (0.01, 50), "erfcx": (-5, 50), "lambertw": (-0.3, 50), "j0": (-50, 50),
            "i0": (-50, 50)}  # fmt: skip
SLOW = {"levy_stable", "studentized_range", "kstwo", "ksone", "vonmises_line", "kstwobign",
        "genhyperbolic", "norminvgauss", "tukeylambda", "rv_histogram", "geninvgauss",
        "jf_skew_t", "gausshyper", "crystalball", "dpareto_lognorm", "landau"}  # fmt: skip


def laws():
    """Each continuous law of ``scipy.stats`` with the shape parameters that SciPy tests it with."""
    from scipy.stats._distr_params import distcont

    seen = {}
    for name, shapes in distcont:
        if isinstance(name, str) and name not in SLOW:
            number = seen[name] = seen.get(name, 0) + 1
            yield f"scipy.stats.{name} {number} {tuple(shapes)}", getattr(stats, name)(*shapes)


def pairs_of_laws():
    for name, law in laws():
        low, high = law.ppf(1e-6), law.ppf(1 - 1e-6)
        point = vector(float(low), float(high))
        yield Pair(f"{name} cdf/pdf", law.cdf, point, law.pdf)
        yield Pair(f"{name} logsf/pdf", law.logsf, point, partial(_hazard, law))


def _hazard(law, x):
    return -np.exp(law.logpdf(x) - law.logsf(x))


def _component(fun, place, *arguments):
    if fun in (special.mathieu_cem, special.mathieu_sem):  # they take degrees
        arguments = (*arguments[:-1], np.degrees(arguments[-1]))
    return np.asarray(fun(*arguments)[place]).real


def _vectorised(fun, place, order):
    """The last order that a function of numbers returns, entry by entry."""
    last = np.vectorize(lambda t: fun(order, float(t))[place][-1], otypes=[float])
    return lambda x: last(x).astype(x.dtype)


def ordered_pairs():
    for name, derivative in ORDERED.items():
        fun = getattr(special, name)
        for order in ORDERS:
            for n in (1, 2):
                below = fun if n == 1 else partial(_derived, derivative, n - 1)
                point = vector(0.1, 30.0)
                yield Pair(f"scipy.special.{name} {order} n={n}", partial(below, order), point,
                           lambda x, d=derivative, o=order, n=n: d(o, x, n))  # fmt: skip
    for name in ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"):
        fun = getattr(special, name)
        for order in (0, 1, 2, 5):
            yield Pair(f"scipy.special.{name} {order}", partial(fun, order), vector(0.01, 30),
                       partial(fun, order, derivative=True))  # fmt: skip


def special_pairs():
    yield from ordered_pairs()
    for name, choices in TWO.items():
        fun = getattr(special, name)
        for chosen in choices:
            point = vector(*DOMAINS[name])  # in float32 some never come back
            yield Pair(f"scipy.special.{name} {chosen}", partial(_component, fun, 0, *chosen),
                       point, partial(_component, fun, 1, *chosen))  # fmt: skip
    yield from listed_pairs()
    for k, name in enumerate(("Ai", "Bi")):
        yield Pair(f"scipy.special.airy {name}", partial(_component, special.airy, 2 * k),
                   vector(-30, 10), partial(_component, special.airy, 2 * k + 1))  # fmt: skip
    for name, derivative in KNOWN.items():
        yield Pair(f"scipy.special.{name}", getattr(special, name.split("'s ")[-1]),
                   vector(*DOMAINS.get(name, ())), derivative)  # fmt: skip
    yield from legendre_pairs()


def listed_pairs():
    for name, orders in LISTS.items():
        fun = getattr(special, name, None)
        for order in orders if fun else ():
            yield Pair(f"scipy.special.{name} {order}", _vectorised(fun, 0, order),
                       vector(*DOMAINS[name]), _vectorised(fun, 1, order))  # fmt: skip


def legendre_pairs():
    """Functions with ``diff_n``: the value and derivatives up to that order."""
    for n in (0, 1, 2, 5):
        for order in (1, 2):
            yield Pair(f"scipy.special.legendre_p {n} diff_n={order}",
                       lambda x, n=n, k=order: special.legendre_p(n, x, diff_n=k)[k - 1],
                       vector(-1, 1), lambda x, n=n, k=order: special.legendre_p(n, x, diff_n=k)[k],
                       )  # fmt: skip
            for m in (0, 1, 2):
                for norm in (True, False):
                    fun = partial(special.assoc_legendre_p, n, m, norm=norm, diff_n=order)
                    yield Pair(f"scipy.special.assoc_legendre_p {n} {m} {norm} diff_n={order}",
                               lambda x, f=fun, k=order: f(x)[k - 1], vector(-1, 1),
                               lambda x, f=fun, k=order: f(x)[k])  # fmt: skip


def _derived(derivative, n, order, x):
    return derivative(order, x, n)


def interpolation_pairs():
    point = vector(0.0, 5.0)
    for name, make in INTERPOLATORS.items():
        made = make(KNOTS, VALUES)
        for nu in (1, 2):
            yield Pair(f"scipy.interpolate.{name} nu={nu}", partial(made, nu=nu - 1), point,
                       partial(made, nu=nu))  # fmt: skip
        if hasattr(made, "antiderivative"):
            whole = made.antiderivative()
            yield Pair(f"scipy.interpolate.{name} antiderivative", whole, point, made)
    for name, make in KROGH.items():
        made = make(KNOTS, VALUES)
        yield Pair(f"scipy.interpolate.{name}", made, point, made.derivative)
    grid = np.sin(np.add.outer(KNOTS, 2 * KNOTS))
    for k in range(2, 6):
        made = interpolate.RectBivariateSpline(KNOTS, KNOTS, grid, kx=k, ky=k)
        for dx, dy in ((1, 0), (0, 1)):
            along = lambda x, dx=0, dy=0, f=made, s=dy: (  # noqa: E731
                f(1.3, x, dx, dy, grid=False) if s else f(x, 1.3, dx, dy, grid=False)
            )
            yield Pair(f"scipy.interpolate.RectBivariateSpline k={k} {dx}{dy}", along, point,
                       partial(along, dx=dx, dy=dy))  # fmt: skip


def pairs():
    yield Pair("scipy.optimize.rosen", optimize.rosen, vector(n=4), optimize.rosen_der)
    yield Pair("scipy.optimize.rosen_der", optimize.rosen_der, vector(n=4), optimize.rosen_hess)
    yield from special_pairs()
    yield from interpolation_pairs()
    yield from pairs_of_laws()
