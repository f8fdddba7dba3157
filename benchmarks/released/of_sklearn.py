"""scikit-learn: kernels, losses, and what its own solvers minimise."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from scipy.spatial.distance import squareform
from sklearn._loss import loss as losses
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels
from sklearn.linear_model._huber import _huber_loss_and_gradient
from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.manifold import _t_sne
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import MLPClassifier, MLPRegressor

from .pair import Pair, vector

rng = np.random.default_rng(5)
X = rng.normal(size=(12, 2))
Y = X @ [0.7, -0.4] + 0.1 * rng.normal(size=12)
LABELS = np.array([0, 1, 2] * 4)

KERNELS = {
    "ConstantKernel": kernels.ConstantKernel(0.7),
    "WhiteKernel": kernels.WhiteKernel(0.3), "RBF": kernels.RBF(0.8),
    "RBF by axis": kernels.RBF([0.8, 1.4]),
    **{f"Matern nu={nu}": kernels.Matern(0.9, nu=nu) for nu in (0.5, 0.8, 1.5, 2.0, 2.5, 3.5)},
    "Matern nu=inf": kernels.Matern(0.9, nu=np.inf),
    **{f"Matern by axis nu={nu}": kernels.Matern([0.9, 1.3], nu=nu) for nu in (0.5, 0.8, 1.5, 2.5)},
    **{f"RationalQuadratic {a}": kernels.RationalQuadratic(0.9, a) for a in (0.3, 1.0, 4.0)},
    **{f"ExpSineSquared {p}": kernels.ExpSineSquared(0.9, p) for p in (0.5, 1.0, 3.0)},
    "DotProduct": kernels.DotProduct(0.8),
    "sum": kernels.RBF(0.8) + kernels.WhiteKernel(0.1),
    "product": kernels.RBF(0.8) * kernels.ConstantKernel(2.0),
    **{f"power {p}": kernels.RBF(0.8) ** p for p in (2, 3, 0.5)},
    "power of DotProduct": kernels.DotProduct(0.8) ** 2,
    "fixed parameter": kernels.RBF(0.8, "fixed") * kernels.Matern(0.5),
    **{f"PairwiseKernel {m}": kernels.PairwiseKernel(0.6, metric=m)
       for m in ("rbf", "laplacian", "polynomial", "sigmoid")},
}  # fmt: skip
LOSSES = {
    "HalfSquaredError": (losses.HalfSquaredError(), -3, 3),
    "AbsoluteError": (losses.AbsoluteError(), -3, 3),
    **{f"PinballLoss {q}": (losses.PinballLoss(quantile=q), -3, 3) for q in (0.1, 0.5, 0.9)},
    **{f"HuberLoss {d}": (losses.HuberLoss(delta=d), -3, 3) for d in (0.3, 1.0)},
    "HalfPoissonLoss": (losses.HalfPoissonLoss(), 0, 4),
    "HalfGammaLoss": (losses.HalfGammaLoss(), 0.1, 4),
    **{f"HalfTweedieLoss {p}": (losses.HalfTweedieLoss(power=p), 0.1, 4)
       for p in (0, 0.5, 1, 1.5, 2, 2.5, 3)},
    **{f"HalfTweedieLossIdentity {p}": (losses.HalfTweedieLossIdentity(power=p), 0.1, 4)
       for p in (0, 1, 1.5, 2, 3)},
    "HalfBinomialLoss": (losses.HalfBinomialLoss(), 0, 1),
    "ExponentialLoss": (losses.ExponentialLoss(), 0, 1),
}  # fmt: skip
SOLVED = {
    name: LOSSES[name][0]
    for name in ("HalfSquaredError", "HalfPoissonLoss", "HalfGammaLoss", "HalfBinomialLoss",
                 "HalfTweedieLoss 1.5")
}  # fmt: skip


def kernel_pairs():
    for name, kernel in KERNELS.items():
        n = kernel.n_dims
        yield Pair(f"sklearn kernel {name}", lambda t, k=kernel: k.clone_with_theta(t)(X[:5]),
                   vector(-3, 3, n),
                   lambda t, k=kernel: k.clone_with_theta(t)(X[:5], eval_gradient=True)[1],
                   )  # fmt: skip
        if any(word in name for word in ("White", "Pairwise", "Sine")):
            continue
        process = GaussianProcessRegressor(kernel + kernels.WhiteKernel(0.3), optimizer=None)
        process.fit(X, Y)
        likelihood = partial(process.log_marginal_likelihood, clone_kernel=True)
        yield Pair(f"sklearn GaussianProcessRegressor {name}", likelihood, vector(-2, 1, n + 1),
                   partial(_second, likelihood, eval_gradient=True))  # fmt: skip
    for name in ("RBF", "Matern nu=1.5", "RationalQuadratic 1.0"):
        process = GaussianProcessClassifier(KERNELS[name], optimizer=None, max_iter_predict=500)
        process.fit(X, LABELS > 0)
        likelihood = partial(process.log_marginal_likelihood, clone_kernel=True)
        yield Pair(f"sklearn GaussianProcessClassifier {name}", likelihood,
                   vector(-1, 1, KERNELS[name].n_dims),
                   partial(_second, likelihood, eval_gradient=True))  # fmt: skip


def _second(fun, *arguments, **options):
    return fun(*arguments, **options)[1]


def loss_pairs():
    for name, (loss, low, high) in LOSSES.items():
        truth = np.clip(np.linspace(low, high, 5), low, high)
        raw = vector(*((0.1, 8) if "Identity" in name else (-8, 8)), 5, "float64")
        yield Pair(f"sklearn {name}", partial(loss.loss, truth), raw,
                   lambda r, f=loss, y=truth: f.loss_gradient(y, r)[1])  # fmt: skip
        if loss.approx_hessian:  # it is another one on purpose
            continue
        yield Pair(f"sklearn {name} gradient", partial(loss.gradient, truth), raw,
                   lambda r, f=loss, y=truth: f.gradient_hessian(y, r)[1])  # fmt: skip
    for classes in (3, 5):
        loss = losses.HalfMultinomialLoss(n_classes=classes)
        truth = np.arange(4.0) % classes
        shape = lambda r, k=classes: np.ascontiguousarray(r.reshape(4, k))  # noqa: E731
        yield Pair(f"sklearn HalfMultinomialLoss {classes}",
                   lambda r, f=loss, y=truth, s=shape: float(f.loss(y, s(r)).sum()),
                   vector(-8, 8, 4 * classes, "float64"),
                   lambda r, f=loss, y=truth, s=shape: f.gradient(y, s(r)).ravel())  # fmt: skip


def linear_pairs():
    positive, binary = np.exp(Y), (Y > 0) * 1.0
    for name, base in SOLVED.items():
        y = binary if "Binomial" in name else Y if "Squared" in name else positive
        for intercept in (True, False):
            for strength in (0.0, 0.7):
                loss = LinearModelLoss(base_loss=base, fit_intercept=intercept)
                ask = {"X": X, "y": y, "l2_reg_strength": strength}
                point = vector(-3, 3, 2 + intercept, "float64")
                label = f"sklearn LinearModelLoss {name} {intercept} {strength}"
                yield Pair(label, partial(loss.loss, **ask), point,
                           partial(_second, loss.loss_gradient, **ask))  # fmt: skip
                yield Pair(f"{label} gradient", partial(loss.gradient, **ask), point,
                           partial(_second, loss.gradient_hessian, **ask))  # fmt: skip
    for epsilon in (1.1, 1.35, 3.0):
        for alpha in (0.0, 0.1):
            ask = (X, Y, epsilon, alpha, np.ones(len(Y)))
            point = vector(0.05, 2, 4, "float64")
            yield Pair(f"sklearn huber {epsilon} {alpha}",
                       lambda w, a=ask: _huber_loss_and_gradient(w, *a)[0], point,
                       lambda w, a=ask: _huber_loss_and_gradient(w, *a)[1])  # fmt: skip


def network_pairs():
    for kind, target in ((MLPRegressor, Y), (MLPClassifier, LABELS), (MLPClassifier, LABELS > 0)):
        for activation in ("identity", "logistic", "tanh", "relu"):
            for alpha in (0.0, 0.5):
                network = kind(
                    hidden_layer_sizes=(3,),
                    activation=activation,
                    alpha=alpha,
                    max_iter=1,
                    random_state=0,
                )
                yield _of_network(network, target, f"{activation} {alpha}")


def _of_network(network, target, said):
    network.partial_fit(X, target, **({} if target is Y else {"classes": np.unique(target)}))
    _, y = network._validate_input(X, target, incremental=True, reset=False)
    if target is Y:
        y = y.reshape(-1, 1)
    sizes = [2, *network.hidden_layer_sizes, network.n_outputs_]
    start = network.intercepts_ + network.coefs_
    flat = sum(part.size for part in start)
    activations = [X] + [np.empty((len(X), n)) for n in sizes[1:]]
    deltas = [np.empty_like(a) for a in activations]
    slopes = [np.empty((a, b)) for a, b in pairwise(sizes)]
    biases = [np.empty(n) for n in sizes[1:]]
    network._coef_indptr, network._intercept_indptr, place = [], [], 0
    for a, b in pairwise(sizes):
        network._coef_indptr.append((place, place + a * b, (a, b)))
        place += a * b
    for n in sizes[1:]:
        network._intercept_indptr.append((place, place + n))
        place += n
    run = lambda w: network._loss_grad_lbfgs(  # noqa: E731
        w, X, y, None, activations, deltas, slopes, biases
    )
    name = f"sklearn {type(network).__name__} {network.n_outputs_} {said}"
    return Pair(name, lambda w: run(w)[0], vector(-2, 2, flat, "float64"),
                lambda w: run(w)[1].copy())  # fmt: skip


def embedding_pairs():
    n = 5
    shares = rng.random((n, n)) * (1 - np.eye(n))
    shares = squareform((shares + shares.T) / (shares + shares.T).sum())
    for degrees in (1, 2, 3):
        for axes in (1, 2, 3):
            run = lambda y, d=degrees, k=axes: _t_sne._kl_divergence(  # noqa: E731
                y.astype(float), shares, d, n, k
            )
            yield Pair(f"sklearn t-SNE degrees {degrees} axes {axes}", lambda y, r=run: r(y)[0],
                       vector(-9, 9, n * axes, "float64"), lambda y, r=run: r(y)[1])  # fmt: skip
    same = LABELS[:, None] == LABELS
    for axes in (1, 2):
        analysis = NeighborhoodComponentsAnalysis(n_components=axes)
        analysis.n_iter_ = 0
        run = lambda w, a=analysis: a._loss_grad_lbfgs(w, X, same, -1.0)  # noqa: E731
        yield Pair(f"sklearn NeighborhoodComponentsAnalysis {axes}", lambda w, r=run: r(w)[0],
                   vector(-3, 3, 2 * axes, "float64"), lambda w, r=run: r(w)[1])  # fmt: skip


def pairs():
    yield from kernel_pairs()
    yield from loss_pairs()
    yield from linear_pairs()
    yield from network_pairs()
    yield from embedding_pairs()
