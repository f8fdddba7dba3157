"""statsmodels: links, variances, norms, generators of copulas, and the scores of models."""

from __future__ import annotations

from functools import partial

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.discrete import conditional_models, count_model, discrete_model, truncated_model
from statsmodels.distributions.copula import transforms
from statsmodels.genmod.families import links, varfuncs
from statsmodels.othermod.betareg import BetaModel
from statsmodels.robust import norms

from .pair import Pair, vector

rng = np.random.default_rng(7)
N = 25
X = np.column_stack([np.ones(N), rng.normal(size=N)])
COUNTS = rng.poisson(1.5, N)
POSITIVE = COUNTS + 1
BINARY = (rng.random(N) > 0.4) * 1.0
SHARES = np.clip(rng.beta(2, 3, N), 0.05, 0.95)
REAL = X @ [0.5, -0.3] + rng.normal(size=N)
TWO = rng.normal(size=(N, 2))
OFFSET = rng.normal(size=N) / 4
SLOPES = np.column_stack([np.ones(N), rng.uniform(0.2, 1.5, N)])  # inside the domains of all links

LINKS = {
    "Logit": (links.Logit(), 0.01, 0.99), "Probit": (links.Probit(), 0.01, 0.99),
    "CLogLog": (links.CLogLog(), 0.01, 0.99), "LogLog": (links.LogLog(), 0.01, 0.99),
    "Cauchy": (links.Cauchy(), 0.01, 0.99), "Log": (links.Log(), 0.01, 50),
    "LogC": (links.LogC(), 0.01, 0.99), "Identity": (links.Identity(), -9, 9),
    "InversePower": (links.InversePower(), 0.05, 9), "Sqrt": (links.Sqrt(), 0.05, 9),
    "InverseSquared": (links.InverseSquared(), 0.05, 9),
    **{f"NegativeBinomial {a}": (links.NegativeBinomial(a), 0.05, 9) for a in (0.5, 1.0, 2.0)},
    **{f"Power {p}": (links.Power(p), 0.05, 9) for p in (-1.0, 0.5, 1.0, 2.0, 3.0)},
    "CDFLink t": (links.CDFLink(stats.t(3)), 0.01, 0.99),
}  # fmt: skip
OF_LINKS = (("__call__", "deriv"), ("deriv", "deriv2"), ("inverse", "inverse_deriv"),
            ("inverse_deriv", "inverse_deriv2"))  # fmt: skip
VARIANCES = {
    "constant": varfuncs.constant, "mu": varfuncs.mu, "mu_squared": varfuncs.mu_squared,
    "mu_cubed": varfuncs.mu_cubed, "Power 1.5": varfuncs.Power(1.5),
    "Power 0.5": varfuncs.Power(0.5),
    "binary": varfuncs.binary, "Binomial 3": varfuncs.Binomial(3),
    **{f"NegativeBinomial {a}": varfuncs.NegativeBinomial(a) for a in (0.5, 1.0, 3.0)},
}  # fmt: skip
NORMS = {
    "LeastSquares": norms.LeastSquares(), "HuberT": norms.HuberT(), "HuberT 0.5": norms.HuberT(0.5),
    "RamsayE": norms.RamsayE(), "AndrewWave": norms.AndrewWave(), "Hampel": norms.Hampel(),
    "TrimmedMean": norms.TrimmedMean(), "TukeyBiweight": norms.TukeyBiweight(),
    "TukeyQuartic 2": norms.TukeyQuartic(k=2), "TukeyQuartic 4": norms.TukeyQuartic(k=4),
    "StudentT 3": norms.StudentT(df=3), "StudentT 4": norms.StudentT(df=4),
    "MQuantileNorm 0.3": norms.MQuantileNorm(0.3, norms.HuberT()),
    "MQuantileNorm 0.5": norms.MQuantileNorm(0.5, norms.TukeyBiweight()),
}  # fmt: skip
GENERATORS = {
    "TransfClayton": (transforms.TransfClayton(), (0.5, 1.0, 3.0)),
    "TransfFrank": (transforms.TransfFrank(), (0.5, 2.0, 5.0)),
    "TransfGumbel": (transforms.TransfGumbel(), (1.0, 1.5, 3.0)),
}  # fmt: skip
OF_GENERATORS = (("evaluate", "deriv", 0.05, 0.95), ("deriv", "deriv2", 0.05, 0.95),
                 ("inverse", "deriv_inverse", 0.05, 4),
                 ("deriv_inverse", "deriv2_inverse", 0.05, 4),
                 ("deriv2_inverse", "deriv3_inverse", 0.05, 4),
                 ("deriv3_inverse", "deriv4_inverse", 0.05, 4))  # fmt: skip
FAMILIES = {
    "Gaussian": (sm.families.Gaussian, REAL, ("Identity", "Log")),
    "Poisson": (sm.families.Poisson, COUNTS, ("Log", "Identity", "Sqrt")),
    "Binomial": (sm.families.Binomial, BINARY, ("Logit", "Probit", "Cauchy", "CLogLog", "LogLog")),
    "Gamma": (sm.families.Gamma, SHARES * 3, ("InversePower", "Log", "Identity")),
    "InverseGaussian": (sm.families.InverseGaussian, SHARES * 3, ("InverseSquared", "Log")),
    "NegativeBinomial": (sm.families.NegativeBinomial, COUNTS, ("Log",)),
    "Tweedie": (partial(sm.families.Tweedie, var_power=1.5, eql=True), COUNTS + 0.5, ("Log",)),
}  # fmt: skip


def models():
    """Models with a number of parameters, all of which may be between 0.05 and 0.6."""
    discrete = discrete_model
    for name in ("Logit", "Probit"):
        yield name, getattr(discrete, name)(BINARY, X), 2
    yield "Poisson", discrete.Poisson(COUNTS, X), 2
    yield "Poisson offset", discrete.Poisson(COUNTS, X, offset=OFFSET), 2
    yield "Poisson exposure", discrete.Poisson(COUNTS, X, exposure=np.exp(OFFSET)), 2
    yield "MNLogit", discrete.MNLogit(COUNTS.clip(0, 2), X), 4
    for kind in ("nb1", "nb2"):
        yield f"NegativeBinomial {kind}", discrete.NegativeBinomial(COUNTS, X, kind), 3
    yield "NegativeBinomial geometric", discrete.NegativeBinomial(COUNTS, X, "geometric"), 2
    for p in (1, 1.5, 2, 3):
        yield f"NegativeBinomialP {p}", discrete.NegativeBinomialP(COUNTS, X, p=p), 3
        yield f"GeneralizedPoisson {p}", discrete.GeneralizedPoisson(COUNTS, X, p=p), 3
    for inflation in ("logit", "probit"):
        ask = {"exog_infl": X, "inflation": inflation}
        yield f"ZIP {inflation}", count_model.ZeroInflatedPoisson(COUNTS, X, **ask), 4
        for p in (1, 2):
            made = count_model.ZeroInflatedGeneralizedPoisson(COUNTS, X, p=p, **ask)
            yield f"ZIGP {inflation} {p}", made, 5
            made = count_model.ZeroInflatedNegativeBinomialP(COUNTS, X, p=p, **ask)
            yield f"ZINBP {inflation} {p}", made, 5
    for k in (0, 1):
        counts = POSITIVE + k
        yield f"TruncatedLFPoisson {k}", truncated_model.TruncatedLFPoisson(
            counts, X, truncation=k), 2  # fmt: skip
        for p in (1, 1.5, 2):
            for word in ("NegativeBinomialP", "GeneralizedPoisson"):
                kind = getattr(truncated_model, f"TruncatedLF{word}")
                yield f"TruncatedLF{word} {k} {p}", kind(counts, X, truncation=k, p=p), 3
    yield "BetaModel", BetaModel(SHARES, X), 3
    yield "BetaModel precision", BetaModel(SHARES, X, exog_precision=X), 4
    groups = np.arange(N) // 5
    logit = conditional_models.ConditionalLogit(BINARY, TWO, groups=groups)
    yield "ConditionalLogit", logit, 2
    poisson = conditional_models.ConditionalPoisson(COUNTS, TWO, groups=groups)
    yield "ConditionalPoisson", poisson, 2
    yield "PHReg breslow", sm.PHReg(np.exp(REAL), TWO, status=BINARY), 2
    yield "PHReg efron", sm.PHReg(POSITIVE * 1.0, TWO, status=BINARY, ties="efron"), 2
    yield "OLS", sm.OLS(REAL, X), 2
    yield "GLS", sm.GLS(REAL, X, sigma=np.exp(OFFSET)), 2


def model_pairs():
    for name, model, n in models():
        point = vector(0.05, 0.6, n, "float64")
        if hasattr(model, "score"):
            yield Pair(f"statsmodels {name} loglike/score", model.loglike, point, model.score)
        if hasattr(model, "score") and hasattr(model, "hessian"):
            yield Pair(f"statsmodels {name} score/hessian", model.score, point, model.hessian)
    for name, (family, y, names) in FAMILIES.items():
        for link in names:
            model = sm.GLM(y, SLOPES, family=family(link=LINKS[link][0]))
            point = vector(0.1, 0.4, 2, "float64")
            score = partial(model.score, scale=1.0)
            yield Pair(f"statsmodels GLM {name} {link} loglike/score",
                       partial(model.loglike, scale=1.0), point, score)  # fmt: skip
            yield Pair(f"statsmodels GLM {name} {link} score/hessian", score, point,
                       partial(model.hessian, scale=1.0, observed=True))  # fmt: skip


def pairs():
    for name, (link, low, high) in LINKS.items():
        for f, g in OF_LINKS:
            ends = (low, high) if f in ("__call__", "deriv") else _reach(link, low, high)
            yield Pair(f"statsmodels link {name} {f}/{g}", getattr(link, f), vector(*ends),
                       getattr(link, g))  # fmt: skip
    for name, variance in VARIANCES.items():
        ends = (0.05, 0.95) if name in ("binary", "Binomial 3") else (0.05, 9)
        yield Pair(f"statsmodels variance {name}", variance, vector(*ends), variance.deriv)
    for name, norm in NORMS.items():
        yield Pair(f"statsmodels norm {name} rho/psi", norm.rho, vector(), norm.psi)
        yield Pair(f"statsmodels norm {name} psi/psi_deriv", norm.psi, vector(), norm.psi_deriv)
    for name, (generator, thetas) in GENERATORS.items():
        for theta in thetas:
            for f, g, low, high in OF_GENERATORS:
                if hasattr(generator, f) and hasattr(generator, g):
                    yield Pair(f"statsmodels {name} {theta} {f}/{g}",
                               _with(theta, getattr(generator, f)), vector(low, high),
                               _with(theta, getattr(generator, g)))  # fmt: skip
    yield from model_pairs()


def _with(theta, method):
    return lambda t: method(t, theta)


def _reach(link, low, high):
    ends = sorted((float(link(low)), float(link(high))))
    return tuple(ends)
