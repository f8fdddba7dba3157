"""Likelihoods: generalised linear models, mixtures with zeros, survival, scales and their logs."""

import numpy as np
from scipy import sparse, special, stats

from .case import Case

rng = np.random.default_rng(181)
N, P = 60, 4
X = np.column_stack([np.ones(N), rng.normal(size=(N, P - 1))])
BETA = rng.normal(size=P) * 0.5


def weighted(w):
    return (X.T * w) @ X


# Logistic regression, with the mean as its weight forgotten, half, one triangle, …

BERNOULLI = (rng.random(N) < special.expit(X @ BETA)) * 1.0


def logistic(beta):
    eta = X @ beta
    return float(np.sum(np.logaddexp(0, eta) - BERNOULLI * eta))


def logistic_grad(beta):
    return X.T @ (special.expit(X @ beta) - BERNOULLI)


def logistic_hess(beta):
    p = special.expit(X @ beta)
    return weighted(p * (1 - p))


def logistic_ridge(beta, penalty=0.7):
    return logistic(beta) + penalty / 2 * float(beta[1:] @ beta[1:])


def logistic_ridge_grad(beta, penalty=0.7):
    return logistic_grad(beta) + penalty * np.array([0, *beta[1:]])


def logistic_ridge_hess(beta, penalty=0.7):
    return logistic_hess(beta) + penalty * np.diag([0.0] + [1.0] * (P - 1))


# Poisson with a log link; a mean in place of a sum, and the weights of another link

COUNTS = rng.poisson(np.exp(X @ BETA)).astype(float)


def poisson(beta):
    return float(np.sum(np.exp(X @ beta) - COUNTS * (X @ beta)))


def poisson_grad(beta):
    return X.T @ (np.exp(X @ beta) - COUNTS)


def poisson_hess(beta):
    return weighted(np.exp(X @ beta))


# Probit: the observed information is not the expected one


def probit(beta):
    q = 2 * BERNOULLI - 1
    return -float(np.sum(special.log_ndtr(q * (X @ beta))))


def mills(z):
    return np.exp(stats.norm.logpdf(z) - special.log_ndtr(z))


def probit_grad(beta):
    q = 2 * BERNOULLI - 1
    return -X.T @ (q * mills(q * (X @ beta)))


def probit_hess(beta):
    q = 2 * BERNOULLI - 1
    z = q * (X @ beta)
    m = mills(z)
    return weighted(m * (m + z))


def probit_expected(beta):
    eta = X @ beta
    return weighted(stats.norm.pdf(eta) ** 2 / (stats.norm.cdf(eta) * stats.norm.cdf(-eta)))


# Negative binomial with ln(alpha) as its last parameter

OVERDISPERSED = rng.negative_binomial(2, 0.3, size=N).astype(float)
NB = np.array([*BETA, -0.4])


def negbin_of(beta, alpha):
    mu, a = np.exp(X @ beta), 1 / alpha
    terms = special.gammaln(OVERDISPERSED + a) - special.gammaln(a)
    terms = terms - a * np.log1p(alpha * mu) + OVERDISPERSED * np.log(alpha * mu / (1 + alpha * mu))
    return -float(np.sum(terms))


def negbin(params):
    return negbin_of(params[:-1], np.exp(params[-1]))


def negbin_alpha(beta, alpha):
    """First and second derivatives by beta and alpha itself, of minus the log-likelihood."""
    y, mu, a = OVERDISPERSED, np.exp(X @ beta), 1 / alpha
    am = 1 + alpha * mu
    score_beta = -X.T @ ((y - mu) / am)
    dpsi = special.digamma(y + a) - special.digamma(a)
    # With a = 1/alpha: L = lgamma(y + a) − lgamma(a) − (y + a) log(1 + αμ) + y log(αμ).
    d_a = -(a**2) * dpsi + a**2 * np.log(am) - (y + a) * mu / am + y / alpha
    trigamma = special.polygamma(1, y + a) - special.polygamma(1, a)
    dd = a**4 * trigamma + 2 * a**3 * dpsi - 2 * a**3 * np.log(am) + 2 * a**2 * mu / am
    dd = dd + (y + a) * mu**2 / am**2 - y / alpha**2
    cross = X.T @ ((y - mu) * mu / am**2)
    curved = weighted(mu * (1 + alpha * y) / am**2)
    return score_beta, -d_a.sum(), curved, cross, -dd.sum()


def negbin_grad(params):
    alpha = np.exp(params[-1])
    score, slope, *_ = negbin_alpha(params[:-1], alpha)
    return np.array([*score, alpha * slope])


def joined(curved, cross, last):
    return np.block([[curved, cross[:, None]], [cross[None, :], np.array([[last]])]])


def negbin_hess(params):
    alpha = np.exp(params[-1])
    _, slope, curved, cross, last = negbin_alpha(params[:-1], alpha)
    return joined(curved, alpha * cross, alpha**2 * last + alpha * slope)


def negbin_in_alpha(params):
    _, _, curved, cross, last = negbin_alpha(params[:-1], np.exp(params[-1]))
    return joined(curved, cross, last)


def negbin_without_gradient(params):
    alpha = np.exp(params[-1])
    _, _, curved, cross, last = negbin_alpha(params[:-1], alpha)
    return joined(curved, alpha * cross, alpha**2 * last)


def negbin_no_cross(params):
    hess = negbin_hess(params)
    hess[-1, :-1] = hess[:-1, -1] = 0
    return hess


# Zero-inflated Poisson, a tree of two blocks

Z = X[:, :2]
INFLATED = np.where(rng.random(N) < 0.3, 0, rng.poisson(2, size=N)).astype(float)
ZIP = {"inflate": np.array([-0.7, 0.4]), "count": BETA}


def zip_parts(p):
    w, mu = special.expit(Z @ p["inflate"]), np.exp(X @ p["count"])
    zero = INFLATED == 0
    f = w + (1 - w) * np.exp(-mu)
    return w, mu, zero, f


def zip_fun(p):
    w, mu, zero, f = zip_parts(p)
    rest = np.log1p(-w) - mu + INFLATED * np.log(mu) - special.gammaln(INFLATED + 1)
    return -float(np.sum(np.where(zero, np.log(f), rest)))


def zip_grad(p):
    w, mu, zero, f = zip_parts(p)
    e = np.exp(-mu)
    by_w = np.where(zero, w * (1 - w) * (1 - e) / f, -w)
    by_mu = np.where(zero, -(1 - w) * e * mu / f, INFLATED - mu)
    return {"inflate": -Z.T @ by_w, "count": -X.T @ by_mu}


def zip_second(p):
    w, mu, zero, f = zip_parts(p)
    e, v = np.exp(-mu), w * (1 - w)
    # By the two linear predictors; f_i, f_c are the derivatives of f.
    f_i, f_c = v * (1 - e), -(1 - w) * e * mu
    f_ii, f_cc, f_ic = v * (1 - 2 * w) * (1 - e), -(1 - w) * e * mu * (1 - mu), v * e * mu
    ii = np.where(zero, f_ii / f - (f_i / f) ** 2, -v)
    cc = np.where(zero, f_cc / f - (f_c / f) ** 2, -mu)
    ic = np.where(zero, f_ic / f - f_i * f_c / f**2, 0)
    return -(Z.T * ii) @ Z, -(X.T * cc) @ X, -(Z.T * ic) @ X


def zip_tree(ii, cc, ic, ci=None):
    ci = ic.T if ci is None else ci
    return {"inflate": {"inflate": ii, "count": ic}, "count": {"inflate": ci, "count": cc}}


def zip_hess(p):
    return zip_tree(*zip_second(p))


def zip_whole(p):
    ii, cc, ic = zip_second(p)
    return np.block([[ii, ic], [ic.T, cc]])


def zip_no_cross(p):
    ii, cc, ic = zip_second(p)
    return zip_tree(ii, cc, 0 * ic)


def zip_one_side(p):
    ii, cc, ic = zip_second(p)
    return zip_tree(ii, cc, ic, 0 * ic.T)


def zip_lost(p):
    ii, cc, _ = zip_second(p)
    return {"inflate": {"inflate": ii}, "count": {"count": cc}}


# A normal sample by its mean and the log of its scale

SAMPLE = rng.normal(1.5, 0.6, size=30)
NORMAL = {"mu": 1.2, "log_sigma": -0.3}


def normal(p):
    r = (SAMPLE - p["mu"]) / np.exp(p["log_sigma"])
    return float(np.sum(r**2) / 2 + len(r) * p["log_sigma"])


def normal_grad(p):
    s = np.exp(p["log_sigma"])
    r = (SAMPLE - p["mu"]) / s
    return {"mu": -np.sum(r) / s, "log_sigma": len(r) - np.sum(r**2)}


def normal_tree(mm, ms, ss):
    return {"mu": {"mu": mm, "log_sigma": ms}, "log_sigma": {"mu": ms, "log_sigma": ss}}


def normal_hess(p):
    s = np.exp(p["log_sigma"])
    r = (SAMPLE - p["mu"]) / s
    return normal_tree(len(r) / s**2, 2 * np.sum(r) / s, 2 * np.sum(r**2))


def normal_in_sigma(p):
    s = np.exp(p["log_sigma"])
    r = (SAMPLE - p["mu"]) / s
    n = len(r)
    return normal_tree(n / s**2, 2 * np.sum(r) / s**2, (3 * np.sum(r**2) - n) / s**2)


def normal_expected(p):
    s, n = np.exp(p["log_sigma"]), len(SAMPLE)
    return normal_tree(n / s**2, 0.0, 2.0 * n)


# Scales themselves, and a Hessian by the variances

SCALES = rng.uniform(0.5, 2, size=3)
DATA = rng.normal(size=(20, 3)) * [1, 0.5, 2]


def scales(sigma):
    return float(np.sum((DATA / sigma) ** 2) / 2 + len(DATA) * np.sum(np.log(sigma)))


def scales_grad(sigma):
    return len(DATA) / sigma - np.sum(DATA**2, axis=0) / sigma**3


def scales_hess(sigma):
    return np.diag(3 * np.sum(DATA**2, axis=0) / sigma**4 - len(DATA) / sigma**2)


def scales_by_variance(sigma):
    return np.diag(np.sum(DATA**2, axis=0) / sigma**6 - len(DATA) / 2 / sigma**4)


def scales_by_log(sigma):
    return np.diag(2 * np.sum(DATA**2, axis=0) / sigma**2)


def scales_by_precision(sigma):
    """By τ = 1/σ: Σ x² τ²/2 − n log τ."""
    return np.diag(np.sum(DATA**2, axis=0) + len(DATA) * sigma**2)


# Probabilities, and a Hessian by their logits

PROBABILITY = np.array([0.2, 0.55, 0.8])
SUCCESSES, TRIALS = np.array([7.0, 9, 20]), np.array([20.0, 15, 24])


def binomial(p):
    return -float(np.sum(SUCCESSES * np.log(p) + (TRIALS - SUCCESSES) * np.log1p(-p)))


def binomial_grad(p):
    return -(SUCCESSES / p - (TRIALS - SUCCESSES) / (1 - p))


def binomial_hess(p):
    return np.diag(SUCCESSES / p**2 + (TRIALS - SUCCESSES) / (1 - p) ** 2)


def binomial_by_logit(p):
    return np.diag(TRIALS * p * (1 - p))


def binomial_expected(p):
    return np.diag(TRIALS / (p * (1 - p)))


LOGITS = np.array([-1.0, 0.2, 1.4])


def logits(theta):
    return float(np.sum(TRIALS * np.logaddexp(0, theta) - SUCCESSES * theta))


def logits_grad(theta):
    return TRIALS * special.expit(theta) - SUCCESSES


def logits_hess(theta):
    p = special.expit(theta)
    return np.diag(TRIALS * p * (1 - p))


def logits_by_probability(theta):
    return binomial_hess(special.expit(theta))


# Cox's partial likelihood (no ties): risk sets

TIMES = np.argsort(rng.exponential(size=N))
COX = X[:, 1:]
COX_BETA = BETA[1:]


def cox(beta):
    eta = (COX @ beta)[TIMES]
    return float(np.sum([special.logsumexp(eta[i:]) - eta[i] for i in range(N)]))


def cox_sums(beta):
    x = COX[TIMES]
    r = np.exp(x @ beta)
    s0 = np.cumsum(r[::-1])[::-1]
    s1 = np.cumsum((r[:, None] * x)[::-1], axis=0)[::-1]
    s2 = np.cumsum((r[:, None, None] * x[:, :, None] * x[:, None, :])[::-1], axis=0)[::-1]
    return x, s0, s1 / s0[:, None], s2 / s0[:, None, None]


def cox_grad(beta):
    x, _, m, _ = cox_sums(beta)
    return np.sum(m - x, axis=0)


def cox_hess(beta):
    _, _, m, q = cox_sums(beta)
    return np.sum(q - m[:, :, None] * m[:, None, :], axis=0)


def cox_first_term(beta):
    return np.sum(cox_sums(beta)[3], axis=0)


# Gamma with a log link and the log of its shape

POSITIVE = rng.gamma(2, np.exp(X @ BETA) / 2)
GAMMA = np.array([*BETA, 0.5])


def gamma(params):
    eta, k = X @ params[:-1], np.exp(params[-1])
    terms = k * np.log(k) - k * eta - special.gammaln(k) + (k - 1) * np.log(POSITIVE)
    return -float(np.sum(terms - k * POSITIVE * np.exp(-eta)))


def gamma_parts(params):
    k = np.exp(params[-1])
    u = POSITIVE * np.exp(-X @ params[:-1])
    by_k = np.log(k) + 1 - X @ params[:-1] - special.digamma(k) + np.log(POSITIVE) - u
    return k, u, by_k


def gamma_grad(params):
    k, u, by_k = gamma_parts(params)
    return -np.array([*(X.T @ (k * (u - 1))), k * by_k.sum()])


def gamma_hess(params):
    k, u, by_k = gamma_parts(params)
    last = k**2 * N * (1 / k - special.polygamma(1, k)) + k * by_k.sum()
    return -joined(weighted(-k * u), X.T @ (k * (u - 1)), last)


def gamma_expected(params):
    k, *_ = gamma_parts(params)
    return joined(
        weighted(k * np.ones(N)), np.zeros(P), -(k**2) * N * (1 / k - special.polygamma(1, k))
    )


# Student's t: the weights of iterated least squares

RESPONSE = X @ BETA + rng.standard_t(3, size=N)


def student(beta, nu=3.0):
    r = RESPONSE - X @ beta
    return float(np.sum(np.log1p(r**2 / nu)) * (nu + 1) / 2)


def student_grad(beta, nu=3.0):
    r = RESPONSE - X @ beta
    return -X.T @ ((nu + 1) * r / (nu + r**2))


def student_hess(beta, nu=3.0):
    r = RESPONSE - X @ beta
    return weighted((nu + 1) * (nu - r**2) / (nu + r**2) ** 2)


def student_weights(beta, nu=3.0):
    r = RESPONSE - X @ beta
    return weighted((nu + 1) / (nu + r**2))


# Softmax regression: a matrix of coefficients

K = 3
CLASSES = np.eye(K)[rng.integers(K, size=N)]
W = rng.normal(size=(P, K)) * 0.4


def softmax(w):
    eta = X @ w
    return float(np.sum(special.logsumexp(eta, axis=1) - np.sum(CLASSES * eta, axis=1)))


def softmax_grad(w):
    return X.T @ (special.softmax(X @ w, axis=1) - CLASSES)


def softmax_weights(w):
    p = special.softmax(X @ w, axis=1)
    return p[:, :, None] * np.eye(K) - p[:, :, None] * p[:, None, :]


def softmax_hess(w):
    return np.einsum("np,nkl,nq->pkql", X, softmax_weights(w), X)


def softmax_by_class(w):
    """For the columns of W one after the other, as in R: class before covariate."""
    whole = np.einsum("np,nkl,nq->kplq", X, softmax_weights(w), X)
    return whole.reshape(P * K, P * K)


def softmax_diagonal(w):
    p = special.softmax(X @ w, axis=1)
    return np.einsum("np,nk,kl,nq->pkql", X, p * (1 - p), np.eye(K), X)


# Ordered probit with the logs of the gaps between its thresholds

LEVELS = np.clip(np.round(X[:, 1:] @ BETA[1:] + rng.normal(size=N)), -1, 1).astype(int) + 1
ORDERED = {"beta": BETA[1:], "cuts": np.array([-0.6, 0.2])}


def cuts_of(raw):
    return np.array([raw[0], raw[0] + np.exp(raw[1])])


def ordered_edges(p):
    c = np.array([-np.inf, *cuts_of(p["cuts"]), np.inf])
    eta = X[:, 1:] @ p["beta"]
    return c[LEVELS + 1] - eta, c[LEVELS] - eta


def ordered(p):
    high, low = ordered_edges(p)
    return -float(np.sum(np.log(stats.norm.cdf(high) - stats.norm.cdf(low))))


def ordered_natural(p):
    """Derivatives by beta and the thresholds themselves."""
    high, low = ordered_edges(p)
    prob = stats.norm.cdf(high) - stats.norm.cdf(low)
    ph, pl = stats.norm.pdf(high), stats.norm.pdf(low)
    dh = np.where(np.isfinite(high), -np.nan_to_num(high, posinf=0, neginf=0) * ph, 0)
    dl = np.where(np.isfinite(low), -np.nan_to_num(low, posinf=0, neginf=0) * pl, 0)
    a = np.column_stack([-X[:, 1:], *[(j == LEVELS) * 1.0 for j in range(2)]])
    b = np.column_stack([-X[:, 1:], *[(j + 1 == LEVELS) * 1.0 for j in range(2)]])
    first = a * (ph / prob)[:, None] - b * (pl / prob)[:, None]
    second = (a.T * (dh / prob)) @ a - (b.T * (dl / prob)) @ b - first.T @ first
    return -first.sum(axis=0), -second


def cuts_slope(p):
    size = P - 1 + 2
    j = np.eye(size)
    j[size - 2 :, size - 2 :] = [[1, 0], [1, np.exp(p["cuts"][1])]]
    return j


def ordered_grad(p):
    flat = cuts_slope(p).T @ ordered_natural(p)[0]
    return {"beta": flat[: P - 1], "cuts": flat[P - 1 :]}


def ordered_hess(p):
    first, second = ordered_natural(p)
    j = cuts_slope(p)
    whole = j.T @ second @ j
    whole[-1, -1] += np.exp(p["cuts"][1]) * first[-1]
    return whole


def ordered_no_gradient(p):
    j = cuts_slope(p)
    return j.T @ ordered_natural(p)[1] @ j


# Weibull with censoring: (beta, log of the shape)

DURATION = rng.weibull(1.5, size=N) * np.exp(X @ BETA)
SEEN = (rng.random(N) < 0.7) * 1.0
WEIBULL = np.array([*BETA, 0.3])


def weibull_parts(params):
    k = np.exp(params[-1])
    lt = np.log(DURATION) - X @ params[:-1]
    return k, lt, np.exp(k * lt)


def weibull(params):
    k, lt, h = weibull_parts(params)
    return float(np.sum(h - SEEN * (np.log(k) + k * lt)))


def weibull_grad(params):
    k, lt, h = weibull_parts(params)
    return np.array([*(X.T @ (-k * h + SEEN * k)), np.sum(k * lt * h - SEEN * (1 + k * lt))])


def weibull_hess(params):
    k, lt, h = weibull_parts(params)
    cross = X.T @ (-k * h - k**2 * lt * h + SEEN * k)
    last = np.sum(k * lt * h + (k * lt) ** 2 * h - SEEN * k * lt)
    return joined(weighted(k**2 * h), cross, last)


def weibull_cross_halved(params):
    hess = weibull_hess(params)
    hess[-1, :-1] /= 2
    hess[:-1, -1] /= 2
    return hess


def h(function):
    return {"hess": function}


def hp(function):
    return {"hessp": function}


CASES = [
    Case(
        "logistic", logistic, logistic_grad, BETA,
        {
            "array": h(logistic_hess),
            "finished": h(logistic_hess(BETA)),
            "hessp": hp(lambda b, v: logistic_hess(b) @ v),
            "both": {"hess": logistic_hess, "hessp": lambda b, v: logistic_hess(b) @ v},
            "lists": h(lambda b: logistic_hess(b).tolist()),
        },
        {
            "half": (h(lambda b: logistic_hess(b) / 2), "scale"),
            "mean": (h(lambda b: logistic_hess(b) / N), "scale"),
            "information": (h(lambda b: -logistic_hess(b)), "sign"),
            "covariance": (h(lambda b: np.linalg.inv(logistic_hess(b))), "inverse"),
            "lower triangle": (h(lambda b: np.tril(logistic_hess(b))), "triangle"),
            "triangle added": (
                h(lambda b: np.tril(logistic_hess(b)) + np.tril(logistic_hess(b)).T), "triangle",
            ),
            "p for p(1 - p)": (h(lambda b: weighted(special.expit(X @ b))), None),
            "intercept last": (h(lambda b: np.roll(logistic_hess(b), -1, (0, 1))), "permutation"),
            "diagonal only": (h(lambda b: np.diag(np.diag(logistic_hess(b)))), "zero"),
            "hessp half": (hp(lambda b, v: logistic_hess(b) @ v / 2), None),
        },
    ),
    Case(
        "logistic with a ridge", logistic_ridge, logistic_ridge_grad, BETA,
        {"array": h(logistic_ridge_hess)},
        {
            "penalty on the intercept": (
                h(lambda b: logistic_hess(b) + 0.7 * np.eye(P)), "entries",
            ),
            "penalty forgotten": (h(logistic_hess), None),
        },
    ),
    Case(
        "poisson", poisson, poisson_grad, BETA,
        {"array": h(poisson_hess), "sparse": h(lambda b: sparse.csr_array(poisson_hess(b)))},
        {"counts for means": (h(lambda _: weighted(COUNTS)), None)},
    ),
    Case(
        "probit", probit, probit_grad, BETA, {"array": h(probit_hess)},
        {"expected": (h(probit_expected), None)},
    ),
    Case(
        "negative binomial", negbin, negbin_grad, NB, {"array": h(negbin_hess)},
        {
            "in alpha": (h(negbin_in_alpha), "parametrisation"),
            "chain rule without gradient": (h(negbin_without_gradient), "parametrisation"),
            "cross block zero": (h(negbin_no_cross), "zero"),
        },
    ),
    Case(
        "zero-inflated poisson", zip_fun, zip_grad, ZIP,
        {"tree": h(zip_hess), "one array": h(zip_whole)},
        {
            "cross block zero": (h(zip_no_cross), "zero"),
            "cross block on one side": (h(zip_one_side), "triangle"),
            "cross block lost": (h(zip_lost), "zero"),
        },
    ),
    Case(
        "normal", normal, normal_grad, NORMAL, {"tree": h(normal_hess)},
        {
            "in sigma": (h(normal_in_sigma), "parametrisation"),
            "expected": (h(normal_expected), None),
        },
    ),
    Case(
        "scales", scales, scales_grad, SCALES, {"array": h(scales_hess)},
        {
            "by variance": (h(scales_by_variance), "parametrisation"),
            "by log": (h(scales_by_log), "parametrisation"),
            "by precision": (h(scales_by_precision), "parametrisation"),
        },
    ),
    Case(
        "binomial", binomial, binomial_grad, PROBABILITY, {"array": h(binomial_hess)},
        {
            "by logit": (h(binomial_by_logit), "parametrisation"),
            "expected": (h(binomial_expected), None),
        },
    ),
    Case(
        "logits", logits, logits_grad, LOGITS,
        {
            "array": h(logits_hess),
            "sparse": h(lambda t: sparse.diags_array(np.diag(logits_hess(t)))),
        },
        {"by probability": (h(logits_by_probability), "parametrisation")},
    ),
    Case(
        "cox", cox, cox_grad, COX_BETA, {"array": h(cox_hess)},
        {"first term only": (h(cox_first_term), None)},
    ),
    Case(
        "gamma", gamma, gamma_grad, GAMMA, {"array": h(gamma_hess)},
        {"expected": (h(gamma_expected), None)},
    ),
    Case(
        "student", student, student_grad, BETA, {"array": h(student_hess)},
        {"weights of least squares": (h(student_weights), None)},
    ),
    Case(
        "softmax", softmax, softmax_grad, W,
        {"shape + shape": h(softmax_hess), "flat": h(lambda w: softmax_hess(w).reshape(P * K, -1))},
        {
            "by class": (h(softmax_by_class), "permutation"),
            "one against the rest": (h(softmax_diagonal), None),
        },
    ),
    Case(
        "ordered probit", ordered, ordered_grad, ORDERED, {"one array": h(ordered_hess)},
        {"chain rule without gradient": (h(ordered_no_gradient), "parametrisation")},
    ),
    Case(
        "weibull", weibull, weibull_grad, WEIBULL, {"array": h(weibull_hess)},
        {"cross block halved": (h(weibull_cross_halved), "scale")},
    ),
]  # fmt: skip
