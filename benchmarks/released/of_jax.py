"""JAX: functions of ``jax.nn``, ``jax.numpy`` and ``jax.scipy``, differentiated once and twice."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np

import gradproof as gp

from .pair import Pair, table, vector

jax.config.update("jax_enable_x64", True)

NUMPY = """abs; arccos -1 1; arccosh 1 inf; arcsin -1 1; arcsinh; arctan; arctanh -1 1; cbrt;
cos; cosh -300 300; deg2rad; exp -300 300; exp2 -300 300; expm1 -300 300; fabs; i0 -100 100;
log 0 inf; log10 0 inf; log1p -1 inf; log2 0 inf; negative; reciprocal; sin; sinc;
sinh -300 300; sqrt 0 inf; square; tan; tanh; sign; positive; nan_to_num; sort; cumsum; cumprod;
diff; max; min; prod; median; ptp; nanmax; nansum; nanprod; var; std; flip; unwrap; gradient"""
NN = """relu; relu6; sigmoid; softplus; soft_sign; silu; log_sigmoid; leaky_relu; hard_sigmoid;
hard_silu; hard_tanh; elu; celu; selu; gelu; squareplus; mish; softmax; log_softmax;
standardize; sparse_plus; sparse_sigmoid; log1mexp 0 inf; logsumexp"""
SPECIAL = """digamma 0 inf; entr 0 inf; erf; erfc; erfinv -1 1; exp1 0 inf; expi 0 inf; expit;
gammaln 0 inf; gamma 0 100; i0 -100 100; i0e; i1 -100 100; i1e; log_ndtr; logit 0 1; ndtr;
ndtri 0 1; spence 0 inf; factorial 0 50"""
OPTIONS = {
    "leaky_relu": (jax.nn.leaky_relu, [{"negative_slope": s} for s in (0.0, 0.5, 1.0, -1.0)]),
    "elu": (jax.nn.elu, [{"alpha": s} for s in (0.5, 2.0)]),
    "celu": (jax.nn.celu, [{"alpha": s} for s in (0.5, 2.0)]),
    "gelu": (jax.nn.gelu, [{"approximate": s} for s in (True, False)]),
    "squareplus": (jax.nn.squareplus, [{"b": s} for s in (0.0, 1.0, 4.0)]),
    "var": (jnp.var, [{"ddof": 1}, {"ddof": 0}]),
    "std": (jnp.std, [{"ddof": 1}, {"ddof": 0}]),
    "norm": (jnp.linalg.norm, [{"ord": o} for o in (1, 2, 3, 0.5, -1, -2, jnp.inf, -jnp.inf, 0)]),
    "quantile": (jnp.quantile, [{"q": q, "method": m} for q in (0.3, 1.0) for m in
                 ("linear", "lower", "higher", "midpoint", "nearest")]),
    "nanquantile": (jnp.nanquantile, [{"q": 0.4}]),
    "logsumexp": (jsp.special.logsumexp, [{"b": jnp.array([1.0, 0.0, 2.0])}]),
    "expn": (lambda x, n: jsp.special.expn(n, x), [{"n": n} for n in (0, 1, 2, 5)]),
    "zeta": (lambda x, s: jsp.special.zeta(s, x), [{"s": s} for s in (1.5, 2.0, 4.0)]),
    "polygamma": (lambda x, n: jsp.special.polygamma(n, x), [{"n": n} for n in (0, 1, 2, 4)]),
    "multigammaln": (lambda x, d: jsp.special.multigammaln(x + d, d), [{"d": d} for d in (1, 2)]),
    "bessel_jn": (lambda x, v: jsp.special.bessel_jn(x, v=v), [{"v": v} for v in (0, 1, 3)]),
    "poch": (jsp.special.poch, [{"m": m} for m in (0.0, 1.0, 2.5)]),
    "poch's m": (lambda m, x: jsp.special.poch(x, m), [{"x": x} for x in (1.0, 2.5)]),
    "betainc": (lambda x, a, b: jsp.special.betainc(a, b, jax.nn.sigmoid(x)),
                [{"a": a, "b": b} for a in (0.5, 1.0, 2.0) for b in (1.0, 3.5)]),
    "betaln": (jsp.special.betaln, [{"b": b} for b in (0.5, 1.0, 2.0)]),
    "gammainc": (lambda x, a: jsp.special.gammainc(a, x),
                 [{"a": a} for a in (0.5, 1.0, 2.0, 10.0)]),
    "gammaincc": (lambda x, a: jsp.special.gammaincc(a, x), [{"a": a} for a in (0.5, 1.0, 2.0)]),
    "gammainc's a": (jsp.special.gammainc, [{"x": x} for x in (0.5, 1.0, 20.0)]),
    "hyp1f1": (lambda x, a, b: jsp.special.hyp1f1(a, b, x),
               [{"a": a, "b": b} for a in (0.5, 1.0) for b in (1.5, 3.0)]),
    "hyp2f1": (lambda x, a: jsp.special.hyp2f1(a, 1.2, 2.5, jnp.tanh(x) / 2), [{"a": 0.7}]),
    "xlogy": (jsp.special.xlogy, [{"y": y} for y in (0.5, 1.0, 3.0)]),
    "xlogy's y": (lambda y, x: jsp.special.xlogy(x, y), [{"x": x} for x in (0.0, 1.0, -2.0)]),
    "xlog1py's y": (lambda y, x: jsp.special.xlog1py(x, y), [{"x": x} for x in (0.0, 1.0)]),
    "kl_div": (jsp.special.kl_div, [{"y": y} for y in (0.5, 1.0)]),
    "rel_entr": (jsp.special.rel_entr, [{"y": y} for y in (0.5, 1.0)]),
    "sinc": (jnp.sinc, [{}]), "heaviside": (jnp.heaviside, [{"y": 0.5}]),
    "arctan2": (jnp.arctan2, [{"y": s} for s in (0.0, 1.0, -2.0)]),
    "hypot": (jnp.hypot, [{"y": s} for s in (0.0, 1.0, 1e5)]),
    "logaddexp": (jnp.logaddexp, [{"y": s} for s in (0.0, 100.0, -jnp.inf)]),
    "logaddexp2": (jnp.logaddexp2, [{"y": s} for s in (0.0, 100.0)]),
    "power": (jnp.power,
              [{"y": s} for s in (0, 1, 2, 3, 0.5, 0.0, 1.0, 2.0, -1.0)]),
    "float_power": (jnp.float_power, [{"p": s} for s in (0.0, 1.0, 2.5)]),
    "maximum": (jnp.maximum, [{"y": s} for s in (0.0, 1.0)]),
    "fmax": (jnp.fmax, [{"y": s} for s in (0.0, 1.0)]),
    "mod": (jnp.mod, [{"y": s} for s in (1.0, -2.5)]),
    "fmod": (jnp.fmod, [{"y": s} for s in (1.0, -2.5)]),
    "clip": (jnp.clip, [{"min": 0.0, "max": 1.0}]),
    "interp": (lambda x, p: jnp.interp(x, jnp.array([-1.0, 0, 2]), jnp.array([0.0, 1, 0]),
                                       period=p),
               [{"p": p} for p in (None, 4.0)]),
}  # fmt: skip
POSITIVE = {"expn", "zeta", "polygamma", "multigammaln", "betaln", "gammainc", "gammaincc", "poch",
            "kl_div", "rel_entr", "xlogy's y", "xlog1py's y", "gammainc's a", "bessel_jn",
            "poch's m", "float_power"}  # fmt: skip
BINARY = {"arctan2", "float_power", "fmax", "fmod", "heaviside", "hypot", "kl_div", "logaddexp",
          "logaddexp2", "maximum", "mod", "power", "rel_entr"}  # fmt: skip
SQUARE = """det; inv; pinv; slogdet; cond; eigvalsh; svdvals; matrix_norm; vector_norm;
cholesky"""
MATRIX = {
    "norm": (jnp.linalg.norm, [{"ord": o} for o in ("fro", "nuc", 1, -1, 2, -2, jnp.inf)]),
    "matrix_power": (jnp.linalg.matrix_power, [{"n": n} for n in (-2, -1, 0, 1, 2, 5)]),
    "expm": (jsp.linalg.expm, [{}]),
    "sqrtm's square": (lambda a: jsp.linalg.expm(a @ a.T), [{}]),
    "eigh": (lambda a: jnp.linalg.eigh(a + a.T)[0], [{}]),
    "qr": (lambda a: jnp.linalg.qr(_definite(a))[1], [{}]),
    "lu": (lambda a: jsp.linalg.lu(_definite(a))[2], [{}]),
    "solve": (lambda a: jnp.linalg.solve(a, jnp.ones(3)), [{}]),
    "lstsq": (lambda a: jnp.linalg.lstsq(a, jnp.ones(3))[0], [{}]),
    "polar": (lambda a: jsp.linalg.polar(a)[1], [{}]),
}  # fmt: skip
# Distributions: shape parameters, and the domain.
STATS = {
    "norm": [((), -9, 9)], "cauchy": [((), -99, 99)], "expon": [((), 0, 99)],
    "laplace": [((), -9, 9)], "logistic": [((), -40, 40)], "uniform": [((), 0, 1)],
    "gumbel_l": [((), -5, 3)], "gumbel_r": [((), -3, 9)],
    "gamma": [((a,), 0, 30) for a in (0.5, 1.0, 3.0)],
    "chi2": [((a,), 0, 30) for a in (1.0, 2.0, 5.0)],
    "beta": [((a, b), 0, 1) for a, b in ((0.5, 0.5), (1.0, 1.0), (1.0, 3.0), (2.0, 2.5))],
    "t": [((a,), -20, 20) for a in (1.0, 2.5)], "pareto": [((a,), 1, 50) for a in (0.5, 1.0, 3.0)],
    "gennorm": [((a,), -5, 5) for a in (0.5, 1.0, 2.0)],
    "truncnorm": [((a, b), a, b) for a, b in ((-1.0, 2.0), (0.0, 3.0))],
    "wrapcauchy": [((0.5,), 0, 6.28)], "vonmises": [((a,), -3.1, 3.1) for a in (0.5, 4.0)],
}  # fmt: skip


def _definite(a):
    return a @ a.T + 9 * jnp.eye(3, dtype=a.dtype)


def weighted(fun, x):
    """A sum in which every entry of the result counts otherwise."""
    out = jnp.ravel(fun(x))
    return jnp.sum(out * (1 + 0.3 * jnp.arange(out.size, dtype=out.dtype)))


def compiled(name, fun, point):
    value, slope = jax.jit(fun), jax.jit(jax.grad(fun))
    return Pair(name, lambda x: np.asarray(value(x)), point, lambda x: np.asarray(slope(x)))


def both(name, fun, point):
    """The function with its derivative, and that with the second one."""
    once = partial(weighted, fun)
    yield compiled(name, once, point)
    yield compiled(f"{name} twice", partial(weighted, jax.grad(once)), point)


def vectors():
    for module, home, text in ((jnp, "numpy", NUMPY), (jax.nn, "nn", NN),
                               (jsp.special, "scipy.special", SPECIAL)):  # fmt: skip
        for name, low, high in table(text):
            yield from both(f"jax.{home}.{name}", getattr(module, name), vector(low, high))
    for name, (fun, options) in OPTIONS.items():
        low = 0.05 if name == "gammainc's a" else 0.0  # inside the domain
        point = vector(low, 60.0) if name in POSITIVE else vector()
        for option in options:
            call = partial(_by_position, fun, option) if name in BINARY else partial(fun, **option)
            yield from both(f"jax {name} {option}", call, point)


def _by_position(fun, option, x):
    return fun(x, *option.values())


def matrices():
    point = gp.arrays((3, 3))
    for name, _, _ in table(SQUARE):
        yield from both(f"jax.linalg.{name}", getattr(jnp.linalg, name), point)
    for name, (fun, options) in MATRIX.items():
        for option in options:
            yield from both(f"jax {name} {option}", partial(fun, **option), point)


def laws():
    for name, cases in STATS.items():
        kind = getattr(jsp.stats, name)
        for shape, low, high in cases:
            for what in ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf"):
                fun = getattr(kind, what, None)
                if fun is not None:
                    point = vector(*((0, 1) if what == "ppf" else (low, high)))
                    called = lambda x, fun=fun, shape=shape: fun(x, *shape)  # noqa: E731
                    yield next(both(f"jax.stats.{name}.{what} {shape}", called, point))


def pairs():
    yield from vectors()
    yield from matrices()
    yield from laws()
