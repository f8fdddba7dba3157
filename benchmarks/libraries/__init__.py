"""Backward passes of the kinds that libraries have; one line of each is made wrong.

A plant is the file, the case in it, what is written there, and what is written instead.
"""

from __future__ import annotations

import importlib.util
import linecache
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

PLANTS = (
    ("layers", "network", "self.dweight = self.x.T @ dout", "self.dweight = 2 * self.x.T @ dout"),
    ("layers", "network", "self.dbias = dout.sum(axis=0)", "self.dbias = dout.mean(axis=0)"),
    ("layers", "network", "return dout * (1 - self.out**2)", "return dout * (1 - self.out)"),
    ("layers", "network", "return dout * (1 - self.out**2)", "return 1 - self.out**2"),
    ("layers", "network", "self.dgamma = np.sum(dout * self.xhat", "self.dgamma = np.sum(dout"),
    ("layers", "network", "centred / (n * self.std)", "centred / self.std"),
    ("layers", "network", "n * dxhat - dxhat.sum(axis=0) - self", "n * dxhat - self"),
    ("layers", "network", "return dx / len(dx)", "return dx"),
    ("layers", "network", "self.slope * dout)", "dout)"),
    ("layers", "network", "dxhat = dout * self.gamma", "dxhat = dout"),
    ("sequences", "gru", "dz = dh * (c - h) * z", "dz = dh * (h - c) * z"),
    ("sequences", "gru", "dWr += np.outer(dr, joined)", "dWr = np.outer(dr, joined)"),
    ("sequences", "gru", "+ dgated[n:] * r + djoined", "+ djoined"),
    ("sequences", "gru", "dc = dh * z * (1 - c**2)", "dc = dh * z"),
    ("sequences", "gru", "self.Wz.T @ dz + self.Wr.T @ dr", "self.Wz.T @ dz"),
    ("sequences", "heat", "- 3 * u**2 * lam", "- 3 * u * lam"),
    ("sequences", "heat", "dk[1:-1] += self.dt * slope", "dk[1:-1] += slope"),
    ("sequences", "heat", "back[:-1] -= k", "back[:-1] += k"),
    ("sequences", "heat", "reversed(states[:-1])", "reversed(states[1:])"),
    ("likelihoods", "probit", "q * norm.pdf(eta)", "q * norm.cdf(eta)"),
    ("likelihoods", "probit", "(q * norm.pdf(eta)", "(norm.pdf(eta)"),
    ("likelihoods", "negative binomial", "special.digamma(size)", "special.gammaln(size)"),
    ("likelihoods", "negative binomial", "(mu - COUNTS) /", "(COUNTS - mu) /"),
    ("likelihoods", "negative binomial", "size * np.sum(dsize)", "np.sum(dsize)"),
    ("likelihoods", "lennard-jones", "/ dist**2", "/ dist"),
    ("likelihoods", "lennard-jones", "- 12 * s6**2", "- 6 * s6**2"),
    ("likelihoods", "gaussian process", "np.sum(inner * scale) / 2", "np.sum(inner * scale)"),
    ("likelihoods", "gaussian process", "inv - np.outer", "inv + np.outer"),
    ("functions_torch", "model", "x * s * (1 - s)", "x * s"),
    ("functions_torch", "model", "torch.sigmoid(ctx.beta * x), None", "torch.sigmoid(x), None"),
    ("functions_torch", "model", "(g * xhat).sum(0)", "(g * x).sum(0)"),
    ("functions_torch", "model", "(gx * xhat).mean(-1", "(gx * xhat).sum(-1"),
    ("functions_torch", "model", "30 * g * torch.cos", "g * torch.cos"),
    ("functions_torch", "model", "30 * g * torch.cos(30", "30 * g * torch.sin(30"),
    ("rules_jax", "chain", "(g * jnp.exp(x - out),)", "(jnp.exp(x - out),)"),
    ("rules_jax", "chain", "* jnp.sum(g * unit)) / norm", "* jnp.sum(g * unit))"),
    ("rules_jax", "chain", "-jnp.outer(lam, x)", "jnp.outer(lam, x)"),
    ("rules_jax", "chain", "solve(A.T, g)", "solve(A, g)"),
    ("vision", "conv", "/ self.size**2", "/ self.size"),
    ("vision", "attention", "keepdims=True)) * self.scale", "keepdims=True))"),
)


@dataclass(frozen=True)
class Planted:
    """A fault in a library, with the same names as the others have."""

    name: str
    family: str
    fun: Callable[..., Any]
    point: Any
    right: Callable[..., Any]
    wrong: Callable[..., Any]
    grad: Callable[..., Any] | None
    args: tuple[Any, ...] = ()


def planted(only: str = "") -> Iterator[Planted]:
    """The faults whose names contain this; each in a file of its own, which is imported."""
    folder = Path(tempfile.mkdtemp(prefix="gradproof-libraries-"))
    for number, (file, case, old, new) in enumerate(PLANTS):
        name = f"{file} {number}: {new}"
        if only not in name:
            continue
        text = (HERE / f"{file}.py").read_text("utf-8")
        assert text.count(old) == 1, (file, old, text.count(old))
        path = folder / f"{file}_{number}.py"
        path.write_text(text.replace(old, new), "utf-8")
        wrong, right = _loaded(path), _right(file)
        fun, point, grad = wrong.CASES[case]
        _, _, true = right.CASES[case]
        yield Planted(
            name, file, fun, point,
            true or _of_framework(right.CASES[case][0]), grad or _of_framework(fun), grad,
        )  # fmt: skip


@cache
def _right(file: str) -> Any:
    return _loaded(HERE / f"{file}.py")


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    linecache.checkcache(str(path))
    return module


def _of_framework(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient that torch or JAX takes."""
    if fun.__globals__.get("torch") is None:
        import jax

        return jax.grad(fun)

    def gradient(point: Any) -> Any:
        import torch

        leaves = {k: torch.as_tensor(v).detach().requires_grad_() for k, v in point.items()}
        found = torch.autograd.grad(fun(leaves), list(leaves.values()))
        return dict(zip(leaves, found, strict=True))

    return gradient
