"""Calls: what only gradproof can be asked, products of Jacobians and modules of torch.

Each right call stands beside its wrong twin, of which the truth is in the mathematics: a derivative
of a product or a tanh, or the same module written without the trick.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gradproof as gp

from ..specimen import Call

Array = NDArray[Any]
PRODUCTS, TORCH = "products", "torch"


def pair(
    family: str, name: str, ask: Callable[..., Any], *, why: str, wrong: str
) -> Iterator[Call]:
    """``ask(faulty)`` is the right call and its wrong twin."""
    yield Call(f"{name}, right", family, functools.partial(ask, faulty=False), right=True, why=why)
    yield Call(
        f"{name}, {wrong}", family, functools.partial(ask, faulty=True), right=False, why=why
    )


# Products: NumPy, and buffers that every call fills again


def _layer() -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 3)), rng.normal(size=(3, 4))


def kept(fresh: bool) -> Callable[[Array], Array]:
    """What is returned: a new array, or one buffer for ever."""
    buffers: dict[tuple[int, ...], Array] = {}

    def give(value: Array) -> Array:
        if fresh:
            return value
        buffer = buffers.setdefault(value.shape, np.empty_like(value))
        buffer[...] = value
        return buffer

    return give


def _vjp(fresh: bool, *, faulty: bool) -> Any:
    X, W = _layer()
    give, power = kept(fresh), 1 if faulty else 2

    def vjp(W: Array, g: Array) -> Array:
        return give(X.T @ (g * (1 - np.tanh(X @ W) ** power)))

    return gp.check_vjp(lambda W: np.tanh(X @ W), vjp, W)


def _vjp_of_blocks(fresh: bool, *, faulty: bool) -> Any:
    X, W = _layer()
    give, bias = kept(fresh), kept(fresh)

    def fun(p: dict[str, Array]) -> Array:
        return np.tanh(X @ p["W"] + p["b"])

    def vjp(p: dict[str, Array], g: Array) -> dict[str, Array]:
        d = g * (1 - fun(p) ** 2)
        return {"W": give(X.T @ d), "b": bias(d.mean(0) if faulty else d.sum(0))}

    return gp.check_vjp(fun, vjp, {"W": W, "b": np.zeros(4)})


def _jvp(fresh: bool, *, faulty: bool) -> Any:
    X, W = _layer()
    give, factor = kept(fresh), 2 if faulty else 1

    def jvp(W: Array, t: Array) -> Array:
        return give(factor * (1 - np.tanh(X @ W) ** 2) * (X @ t))

    return gp.check_jvp(lambda W: np.tanh(X @ W), jvp, W)


def _adjoint(fresh: bool, *, faulty: bool) -> Any:
    M = np.random.default_rng(1).normal(size=(4, 4))
    give, back = kept(fresh), kept(fresh)
    transposed = M if faulty else M.T
    return gp.check_adjoint(
        lambda x: give(M @ x), lambda y: back(transposed @ y), np.ones(4), np.ones(4)
    )


def products() -> Iterator[Call]:
    for fresh, told in ((True, "new arrays"), (False, "one buffer")):
        why = "every call fills the same array" if not fresh else "the same with new arrays"
        for name, ask, wrong in (
            ("vjp of a layer", _vjp, "no square"),
            ("vjp of two blocks", _vjp_of_blocks, "bias averaged"),
            ("jvp of a layer", _jvp, "twice"),
            ("adjoint of a matrix", _adjoint, "not transposed"),
        ):
            yield from pair(
                PRODUCTS, f"{name}, {told}", functools.partial(ask, fresh), why=why, wrong=wrong
            )


# torch


def _columns(precision: str, length: int, *, faulty: bool) -> Any:
    """``y = x w``; the gradient of ``w`` is summed row by row, in ``precision`` where faulty."""
    import torch

    class Columns(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            terms = g * x
            if not faulty:
                return g * w, terms.double().sum(0).to(w.dtype)
            total = torch.zeros_like(w)
            for row in terms:
                total = total + row
            return g * w, total

    dtype = getattr(torch, precision)
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand(length, 8, generator=generator) + 0.5).to(dtype)
    w = torch.ones(8, dtype=dtype, requires_grad=True)
    return gp.check(lambda w: (Columns.apply(x.to(w.dtype), w) / length).sum(), w)


def _layout(transposing: bool, *, faulty: bool) -> Any:
    """A backward that takes the memory of the gradient from above for row-major."""
    import torch

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            x, w = ctx.saved_tensors
            if faulty:
                dy = torch.as_strided(dy, (dy.numel(),), (1,)).reshape(dy.shape)
            return dy * w, (dy * x).sum(0)

    generator = torch.Generator().manual_seed(0)
    x, w = (
        torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in ((4, 6), (6,))
    )
    if transposing:
        return gp.check(lambda p: Scale.apply(*p).t().reshape(-1) ** 2, (x, w))
    return gp.check(lambda p: Scale.apply(*p), (x, w))


def _recomputed(precision: str, *, faulty: bool) -> Any:
    """A module that runs a layer again in its backward, and returns its parameters' gradients."""
    import torch

    class Recompute(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, layer: Any, x: Any, *params: Any) -> Any:
            ctx.layer = layer
            ctx.save_for_backward(x, *params)
            return torch.tanh(layer(x))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, *params = ctx.saved_tensors
            x = x.detach().requires_grad_()
            with torch.enable_grad():
                y = torch.tanh(ctx.layer(x))
            found = torch.autograd.grad(y, [x, *params], g, allow_unused=True)
            return None, found[0] * (2 if faulty else 1), *found[1:]

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.mid, self.head = (
                torch.nn.Linear(*shape) for shape in ((4, 6), (6, 6), (6, 2))
            )

        def forward(self, x: Any) -> Any:
            return self.head(Recompute.apply(self.mid, self.stem(x), *self.mid.parameters()))

    torch.manual_seed(0)
    net = Net().to(getattr(torch, precision))
    X = torch.randn(8, 4, dtype=getattr(torch, precision))
    return gp.check_module(net, X, loss=lambda o: (o**2).sum())


def _checkpointed(reentrant: bool | None, *, faulty: bool) -> Any:
    """A layer under torch's checkpoint, or not; faulty: a hook halves its output's gradient."""
    import torch
    from torch.utils.checkpoint import checkpoint

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = (torch.nn.Linear(*shape) for shape in ((5, 8), (8, 8), (8, 1)))

        def body(self, h: Any) -> Any:
            return torch.tanh(self.b(h))

        def forward(self, x: Any) -> Any:
            h = self.a(x)
            h = self.body(h) if reentrant is None else checkpoint(
                self.body, h, use_reentrant=reentrant
            )  # fmt: skip
            if faulty and h.requires_grad:
                h.register_hook(lambda g: g / 2)
            return self.c(h)

    torch.manual_seed(1)
    return gp.check_module(Net(), torch.randn(16, 5))


def _flat(precision: str, factor: float, *, faulty: bool) -> Any:
    import torch

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * x.cos() * (factor if faulty else 1.0)

    x = torch.from_numpy(np.random.default_rng(5).normal(size=64)).to(getattr(torch, precision))
    return gp.check(lambda x: Sine.apply(x).sum(), x)


def of_torch() -> Iterator[Call]:
    """Call ``ask`` of these only where torch is installed."""
    for precision, length in (("bfloat16", 2048), ("float16", 8192)):
        yield from pair(
            TORCH, f"columns of {length:,}, {precision}",
            functools.partial(_columns, precision, length),
            why="every rounding is right, and most of the sum is lost",
            wrong=f"summed in {precision}",
        )  # fmt: skip
    for precision, factor in (("bfloat16", 1.03), ("bfloat16", 0.98), ("float16", 1.006)):
        yield from pair(
            TORCH, f"a sine in {precision}, beside {factor} of it",
            functools.partial(_flat, precision, factor),
            why="the same code in float64 is off by as much", wrong=f"times {factor}",
        )  # fmt: skip
    for transposing, told in ((False, "alone"), (True, "then transposed")):
        yield from pair(
            TORCH, f"scaled rows, {told}", functools.partial(_layout, transposing),
            why="the gradient from above is not always contiguous", wrong="taken for row-major",
        )  # fmt: skip
    for precision in ("float64", "float32"):
        yield from pair(
            TORCH, f"a layer run again in its backward, {precision}",
            functools.partial(_recomputed, precision),
            why="its parameters are met by the module's own when it runs again", wrong="twice",
        )  # fmt: skip
    for reentrant, told in (
        (None, "plain"),
        (False, "checkpoint"),
        (True, "re-entrant checkpoint"),
    ):
        yield from pair(
            TORCH, f"a layer, {told}", functools.partial(_checkpointed, reentrant),
            why="it runs again in the backward", wrong="halved by a hook",
        )  # fmt: skip


ALL_CALLS: tuple[Call, ...] = (*products(), *of_torch())
