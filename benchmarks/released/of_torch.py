"""torch: activations, losses, special functions, linear algebra and distributions, and twice."""

from __future__ import annotations

from functools import partial

import torch
from torch import distributions as laws
from torch.nn import functional as nn

import gradproof as gp

from .pair import Pair, table, vector

UNARY = """abs; acos -1 1; acosh 1 inf; asin -1 1; asinh; atan; atanh -1 1; ceil; cos;
cosh -300 300; deg2rad; digamma; erf; erfc; erfinv -1 1; exp -300 300; exp2 -300 300;
expm1 -300 300; frac; i0 -100 100; lgamma 0 inf; log 0 inf; log10 0 inf; log1p -1 inf;
log2 0 inf; logit 0 1; nan_to_num; neg; reciprocal; relu; rsqrt 0 inf; sgn; sigmoid; sign; sin;
sinc; sinh -300 300; sqrt 0 inf; square; tan; tanh; trunc; cumsum; logcumsumexp; var; std; prod;
cumprod; max; min; amax; amin; median; norm; sort; diff; nansum"""
SPECIAL = """entr 0 inf; erfcx -10 inf; exp2 -300 300; expit; expm1; gammaln 0 inf; i0 -100 100;
i0e; i1 -100 100; i1e; log_ndtr; logit 0 1; ndtr; ndtri 0 1; psi 0 inf; sinc; log1p -1 inf"""
ACTIVATIONS = {
    "celu": [{"alpha": s} for s in (0.5, 1.0, 2.0, -1.0)],
    "elu": [{"alpha": s} for s in (0.5, 1.0, 2.0)], "gelu": [{}, {"approximate": "tanh"}],
    "glu": [{}], "hardshrink": [{"lambd": s} for s in (0.0, 0.5)], "hardsigmoid": [{}],
    "hardswish": [{}], "hardtanh": [{}, {"min_val": -0.5, "max_val": 2.0}],
    "leaky_relu": [{"negative_slope": s} for s in (0.0, 0.01, 1.0, -0.5)], "logsigmoid": [{}],
    "mish": [{}], "relu": [{}], "relu6": [{}], "rrelu": [{"training": False}], "selu": [{}],
    "silu": [{}], "softmin": [{"dim": 0}], "softmax": [{"dim": 0}], "log_softmax": [{"dim": 0}],
    "softplus": [{"beta": b, "threshold": t} for b in (0.5, 1, 20) for t in (1, 20)],
    "softshrink": [{"lambd": s} for s in (0.0, 0.5)], "softsign": [{}], "tanhshrink": [{}],
    "threshold": [{"threshold": 0.1, "value": 20.0}], "normalize": [{"dim": 0, "p": p} for p in
                                                                      (1, 2, 3, float("inf"))],
}  # fmt: skip
TARGET = [0.2, 0.0, 1.0]
LOSSES = {
    "l1_loss": [{}], "mse_loss": [{}], "huber_loss": [{"delta": d} for d in (0.5, 1.0, 2.0)],
    "smooth_l1_loss": [{"beta": b} for b in (0.0, 0.5, 1.0, 2.0)],
    "poisson_nll_loss": [{"log_input": a, "full": b, "eps": 1e-8} for a in (True, False)
                         for b in (True, False)],
    "kl_div": [{"log_target": t} for t in (True, False)], "soft_margin_loss": [{}],
    "binary_cross_entropy_with_logits": [{}, {"pos_weight": torch.tensor([2.0, 0.0, 1.0])}],
}  # fmt: skip
OTHERS = {
    "hinge_embedding_loss": (lambda x, m: nn.hinge_embedding_loss(x, torch.tensor([1, -1, 1]),
                             margin=m), [{"m": m} for m in (0.5, 1.0)]),
    "gaussian_nll_loss": (lambda x, full: nn.gaussian_nll_loss(x, _like(x, TARGET), x * x + 0.1,
                          full=full), [{"full": f} for f in (True, False)]),
    "cosine_similarity": (lambda x: nn.cosine_similarity(x, _like(x, TARGET), dim=0), [{}]),
    "pairwise_distance": (lambda x, p: nn.pairwise_distance(x[None], _like(x, TARGET)[None], p=p),
                          [{"p": p} for p in (1, 2, 3, 0.5, float("inf"), -1)]),
    "pdist": (lambda x, p: nn.pdist(torch.stack([x, x * x, x.exp()]), p=p),
              [{"p": p} for p in (0.5, 1, 1.5, 2, 3, float("inf"))]),
    "cdist": (lambda x, p: torch.cdist(x[None], torch.stack([x.detach() * 0 + 1, x.detach() * 0]),
              p=p), [{"p": p} for p in (0.5, 1, 1.5, 2, 3, float("inf"))]),
    "dist": (lambda x, p: torch.dist(x, _like(x, TARGET), p=p),
             [{"p": p} for p in (0.5, 1, 2, 3, float("inf"), -float("inf"))]),
    "renorm": (lambda x, p: torch.renorm(x[None], p, 0, 1.0), [{"p": p} for p in (1, 2, 3)]),
    "gammainc": (lambda x, a: torch.special.gammainc(_full(x, a), x.abs()),
                 [{"a": a} for a in (0.5, 1.0, 2.0)]),
    "gammaincc": (lambda x, a: torch.special.gammaincc(_full(x, a), x.abs()),
                  [{"a": a} for a in (0.5, 1.0, 2.0)]),
    "polygamma": (lambda x, n: torch.polygamma(n, x.abs()), [{"n": n} for n in (0, 1, 2, 4)]),
    "mvlgamma": (lambda x, p: torch.mvlgamma(x.abs() + p, p), [{"p": p} for p in (1, 2, 3)]),
    "zeta's q": (lambda x, s: torch.special.zeta(s, x.abs()), [{"s": s} for s in (1.5, 2.0, 4.0)]),
    "xlogy": (torch.xlogy, [{"y": y} for y in (0.0, 0.5, 1.0)]),
    "xlogy's y": (lambda y, x: torch.xlogy(_full(y, x), y.abs()), [{"x": x} for x in (0.0, 1.0)]),
    "xlog1py's y": (lambda y, x: torch.special.xlog1py(_full(y, x), y.abs()),
                    [{"x": x} for x in (0.0, 1.0)]),
    "atan2": (lambda x, y: torch.atan2(x, _full(x, y)), [{"y": y} for y in (0.0, 1.0, -2.0)]),
    "hypot": (lambda x, y: torch.hypot(x, _full(x, y)), [{"y": y} for y in (0.0, 1.0, 1e200)]),
    "logaddexp": (lambda x, y: torch.logaddexp(x, _full(x, y)),
                  [{"y": y} for y in (0.0, 100.0, -float("inf"))]),
    "logaddexp2": (lambda x, y: torch.logaddexp2(x, _full(x, y)), [{"y": y} for y in (0.0, 100.0)]),
    "pow": (torch.pow, [{"exponent": p} for p in (0, 1, 2, 3, 0.5, -1, 0.0, 1.0, 2.5)]),
    "power's exponent": (lambda p, b: torch.pow(b, p), [{"b": b} for b in (1.0, 2.5)]),
    "float_power": (torch.float_power, [{"exponent": p} for p in (0, 1, 2.5)]),
    "remainder": (torch.remainder, [{"other": y} for y in (1.0, -2.5)]),
    "fmod": (torch.fmod, [{"other": y} for y in (1.0, -2.5)]),
    "remainder's other": (lambda y, x: torch.remainder(_full(y, x), y), [{"x": 1.7}]),
    "maximum": (lambda x, y: torch.maximum(x, _full(x, y)), [{"y": y} for y in (0.0, 1.0)]),
    "fmax": (lambda x, y: torch.fmax(x, _full(x, y)), [{"y": y} for y in (0.0, 1.0)]),
    "clamp": (lambda x: torch.clamp(x, 0.0, 1.0), [{}]),
    "heaviside": (lambda x: torch.heaviside(x, _full(x, 0.5)), [{}]),
    "lerp": (lambda x, w: torch.lerp(x, x * x, w), [{"w": w} for w in (0.0, 0.3, 1.0)]),
    "quantile": (lambda x, q, how: torch.quantile(x, q, interpolation=how),
                 [{"q": q, "how": h} for q in (0.3, 1.0) for h in
                  ("linear", "lower", "higher", "midpoint", "nearest")]),
    "var": (lambda x, c: torch.var(x, correction=c), [{"c": c} for c in (0, 1, 2)]),
    "std": (lambda x, c: torch.std(x, correction=c), [{"c": c} for c in (0, 1, 2)]),
    "vector_norm": (torch.linalg.vector_norm, [{"ord": o} for o in
                    (0, 0.5, 1, 2, 3, -1, -2, float("inf"), -float("inf"))]),
    "trapezoid": (torch.trapezoid, [{}, {"dx": 0.3}]),
    "cov": (lambda x: torch.cov(torch.stack([x, x * x])), [{}]),
    "corrcoef": (lambda x: torch.corrcoef(torch.stack([x, x * x])), [{}]),
    "batch_norm": (lambda x, e: nn.batch_norm(x[:, None], None, None, training=True, eps=e),
                   [{"e": e} for e in (1e-5, 0.1)]),
    "layer_norm": (lambda x, e: nn.layer_norm(x, (3,), eps=e), [{"e": e} for e in (1e-5, 0.0)]),
    "rms_norm": (lambda x: nn.rms_norm(x, (3,)), [{}]),
    "local_response_norm": (lambda x: nn.local_response_norm(x[None, :, None], 2), [{}]),
    "cross_entropy": (lambda x, s: nn.cross_entropy(x, torch.tensor(1), label_smoothing=s),
                      [{"s": s} for s in (0.0, 0.3)]),
    "multi_margin_loss": (lambda x, p: nn.multi_margin_loss(x, torch.tensor(1), p=p),
                          [{"p": p} for p in (1, 2)]),
    "multilabel_margin_loss": (lambda x: nn.multilabel_margin_loss(x, torch.tensor([2, 0, -1])),
                               [{}]),
    "triplet_margin_loss": (lambda x, p, swap: nn.triplet_margin_loss(
        x[None], _like(x, TARGET)[None], (x * x)[None], p=p, swap=swap),
        [{"p": p, "swap": s} for p in (1, 2) for s in (True, False)]),
    "cosine_embedding_loss": (lambda x, y: nn.cosine_embedding_loss(
        x[None], _like(x, TARGET)[None], torch.tensor([y])), [{"y": y} for y in (1, -1)]),
    "interpolate": (lambda x, mode, c: nn.interpolate(x[None, None], 7, mode=mode, align_corners=c),
                    [{"mode": "linear", "c": c} for c in (True, False)]),
    "avg_pool1d": (lambda x, c: nn.avg_pool1d(x[None], 2, padding=1, count_include_pad=c),
                   [{"c": c} for c in (True, False)]),
    "lp_pool1d": (lambda x, p: nn.lp_pool1d(x[None], p, 2), [{"p": p} for p in (1, 2, 3)]),
    "max_pool1d": (lambda x: nn.max_pool1d(x[None], 2, 1), [{}]),
    "adaptive_avg_pool1d": (lambda x: nn.adaptive_avg_pool1d(x[None], 2), [{}]),
    "pad": (lambda x, mode: nn.pad(x[None, None], (1, 2), mode=mode),
            [{"mode": m} for m in ("reflect", "replicate", "circular", "constant")]),
    "grid_sample": (lambda x, mode, pad, c: nn.grid_sample(
        torch.arange(12.0, dtype=x.dtype).reshape(1, 1, 3, 4).sin(),
        torch.stack([x, x.flip(0)], -1)[None, None], mode=mode, padding_mode=pad, align_corners=c),
        [{"mode": m, "pad": p, "c": c} for m in ("bilinear", "bicubic") for p in
         ("zeros", "border", "reflection") for c in (True, False)]),
    "fft": (lambda x, norm: torch.fft.rfft(x, norm=norm).abs(),
            [{"norm": n} for n in ("forward", "backward", "ortho")]),
    "angle": (lambda x: torch.angle(torch.complex(x, x * x)), [{}]),
}  # fmt: skip
MATRIX = {
    "matrix_norm": (torch.linalg.matrix_norm, [{"ord": o} for o in
                    ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf"))]),
    "cond": (torch.linalg.cond, [{"p": o} for o in (None, "fro", "nuc", 1, 2, -2, float("inf"))]),
    "matrix_power": (torch.linalg.matrix_power, [{"n": n} for n in (-2, -1, 0, 1, 2, 5)]),
    "matrix_exp": (torch.linalg.matrix_exp, [{}]), "det": (torch.linalg.det, [{}]),
    "slogdet": (lambda a: torch.linalg.slogdet(a)[1], [{}]), "inv": (torch.linalg.inv, [{}]),
    "pinv": (torch.linalg.pinv, [{}]), "svdvals": (torch.linalg.svdvals, [{}]),
    "eigvalsh": (lambda a: torch.linalg.eigvalsh(a + a.mT), [{}]),
    "qr": (lambda a, m: torch.linalg.qr(a, mode=m)[1], [{"m": m} for m in ("reduced", "complete")]),
    "cholesky": (lambda a: torch.linalg.cholesky(a @ a.mT + torch.eye(3, dtype=a.dtype)), [{}]),
    "lu": (lambda a: torch.linalg.lu(a)[2], [{}]),
    "ldl": (lambda a: torch.linalg.lu_factor(a)[0], [{}]),
    "solve": (lambda a: torch.linalg.solve(a, a.new_ones(3)), [{}]),
    "solve_triangular": (lambda a, u, t: torch.linalg.solve_triangular(
        a, a.new_ones(3, 1), upper=u, unitriangular=t),
        [{"u": u, "t": t} for u in (True, False) for t in (True, False)]),
    "lstsq": (lambda a: torch.linalg.lstsq(a, a.new_ones(3, 1))[0], [{}]),
    "householder_product": (
        lambda a: torch.linalg.householder_product(a, a.new_ones(3) * 0.3), [{}]),
    "multi_dot": (lambda a: torch.linalg.multi_dot([a, a, a]), [{}]),
    "cross": (lambda a: torch.linalg.cross(a, a * a), [{}]),
    "tensorinv": (lambda a: torch.linalg.tensorinv(a, ind=1), [{}]),
    "logdet": (torch.logdet, [{}]),
}  # fmt: skip
# Distributions: how they are made, values of the parameter, and the domain.
LAWS = {
    "Beta": (lambda a: laws.Beta(a, 2.5), (0.5, 1.0, 3.0), 0, 1),
    "Cauchy": (lambda a: laws.Cauchy(0.3, a), (0.5, 2.0), -99, 99),
    "Chi2": (laws.Chi2, (1.0, 2.0, 5.0), 0, 30),
    "ContinuousBernoulli": (laws.ContinuousBernoulli, (0.3, 0.5, 0.9), 0, 1),
    "Exponential": (laws.Exponential, (0.5, 2.0), 0, 30),
    "FisherSnedecor": (lambda a: laws.FisherSnedecor(a, 3.0), (1.0, 2.0, 5.0), 0, 30),
    "Gamma": (lambda a: laws.Gamma(a, 1.5), (0.5, 1.0, 3.0), 0, 30),
    "Gumbel": (lambda a: laws.Gumbel(0.2, a), (0.5, 2.0), -3, 9),
    "HalfCauchy": (laws.HalfCauchy, (0.5, 2.0), 0, 30),
    "HalfNormal": (laws.HalfNormal, (0.5, 2.0), 0, 9),
    "InverseGamma": (lambda a: laws.InverseGamma(a, 1.5), (0.5, 3.0), 0, 30),
    "Kumaraswamy": (lambda a: laws.Kumaraswamy(a, 2.0), (0.5, 1.0, 3.0), 0, 1),
    "Laplace": (lambda a: laws.Laplace(0.2, a), (0.5, 2.0), -9, 9),
    "LogNormal": (lambda a: laws.LogNormal(0.2, a), (0.5, 2.0), 0, 30),
    "Normal": (lambda a: laws.Normal(0.2, a), (0.5, 2.0), -9, 9),
    "Pareto": (lambda a: laws.Pareto(1.0, a), (0.5, 3.0), 1, 50),
    "StudentT": (laws.StudentT, (1.0, 2.5), -20, 20),
    "Uniform": (lambda a: laws.Uniform(0.0, a), (1.0, 2.0), 0, 1),
    "VonMises": (lambda a: laws.VonMises(0.2, a), (0.5, 4.0, 60.0), -3.1, 3.1),
    "Weibull": (lambda a: laws.Weibull(1.3, a), (0.5, 1.0, 3.0), 0, 30),
}  # fmt: skip


def _like(x, values):
    return torch.tensor(values, dtype=x.dtype)


def _full(x, value):
    return torch.full_like(x, value, requires_grad=False)


def weighted(fun, x):
    """A sum in which every entry of the result counts otherwise."""
    out = fun(x)
    out = out[0] if isinstance(out, tuple) else out
    return (out.reshape(-1) * (1 + 0.3 * torch.arange(out.numel(), dtype=out.dtype))).sum()


def slope(fun, x, **how):
    point = x if x.requires_grad else x.detach().clone().requires_grad_()
    how |= {"allow_unused": True, "materialize_grads": True}
    return torch.autograd.grad(fun(point), point, **how)[0]


def curvature(fun, x):
    point = x.detach().clone().requires_grad_()
    out = fun(point)
    if not out.requires_grad:  # the slope of a linear function
        return torch.zeros_like(x)
    return torch.autograd.grad(out, point, allow_unused=True, materialize_grads=True)[0]


def in_numpy(fun, x):
    return fun(torch.from_numpy(x.copy())).detach().numpy(force=True)


def both(name, fun, point):
    """The function with its derivative, and that with the second one."""
    once = partial(weighted, fun)
    first = partial(slope, once)
    yield Pair(name, partial(in_numpy, once), point, partial(in_numpy, first))
    twice = partial(weighted, partial(slope, once, create_graph=True))
    yield Pair(f"{name} twice", partial(in_numpy, twice), point,
               partial(in_numpy, partial(curvature, twice)))  # fmt: skip


def unary():
    for module, home, text in ((torch, "torch", UNARY), (torch.special, "torch.special", SPECIAL)):
        for name, low, high in table(text):
            fun = getattr(module, name)
            if name in ("cumsum", "logcumsumexp", "cumprod"):
                fun = partial(fun, dim=0)
            yield from both(f"{home}.{name}", fun, vector(low, high))


def activations_and_losses():
    for name, options in ACTIVATIONS.items():
        point = vector(n=4 if name == "glu" else 3)
        for option in options:
            yield from both(f"torch {name} {option}", partial(getattr(nn, name), **option), point)
    for name, options in LOSSES.items():
        for option in options:
            for how in ("mean", "sum", "none"):
                call = partial(getattr(nn, name), reduction=how, **option)
                fun = lambda x, call=call: call(x, _like(x, TARGET))  # noqa: E731
                yield next(both(f"torch {name} {how} {option}", fun, vector()))


def with_options():
    for entries, shape in ((OTHERS, (3,)), (MATRIX, (3, 3))):
        point = gp.arrays(shape)
        for name, (fun, options) in entries.items():
            for option in options:
                yield from both(f"torch {name} {option}", partial(fun, **option), point)


def distributions():
    for name, (make, values, low, high) in LAWS.items():
        for value in values:
            for what in ("log_prob", "cdf", "icdf"):
                fun = lambda x, make=make, v=value, w=what: getattr(make(v), w)(x)  # noqa: E731
                point = vector(*((0, 1) if what == "icdf" else (low, high)))
                yield next(both(f"torch {name}.{what} {value}", fun, point))


def pairs():
    yield from unary()
    yield from activations_and_losses()
    yield from with_options()
    yield from distributions()
