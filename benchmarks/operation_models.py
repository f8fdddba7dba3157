"""Models with hand-written backward passes, in one of whose calls a fault can be planted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody writes it


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault, and its factor where it is one."""

    kind: str
    factor: float = 1.0

    def __str__(self) -> str:
        return f"factor 1 + {self.factor - 1:.0e}" if self.kind == "factor" else self.kind


@dataclass(slots=True)
class Planted:
    """A fault at a depth: which of the calls that can have one. ``sown``: this one has it."""

    fault: Fault
    depth: int
    sown: bool = False

    def at(self, depth: int, kinds: tuple[str, ...]) -> Fault | None:
        """The fault of a call at a depth, which can be of some kinds."""
        if depth != self.depth or self.fault.kind not in kinds:
            return None
        self.sown = True
        return self.fault

    def is_it(self, operation: Any) -> bool:
        """Whether an operation is the one at fault."""
        if self.fault.kind == "cut":
            return f"cut{self.depth}" in operation.path.split(".")[-1]
        return operation.path.split(".")[-1] == f"op{self.depth}"


def spoiled(gradient: Any, fault: Fault | None) -> Any:
    if fault is None:
        return gradient
    if fault.kind == "factor":
        return gradient * fault.factor
    return -gradient if fault.kind == "sign" else gradient


class Gelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, fault: Any) -> Any:
        ctx.save_for_backward(x)
        ctx.fault = fault
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        below = 0.5 * (1 + torch.erf(x / math.sqrt(2)))
        density = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        kind = ctx.fault.kind if ctx.fault else ""
        if kind == "lost term":
            return g * below, None
        if kind == "ignored":
            return below + x * density, None
        return spoiled(g * (below + x * density), ctx.fault), None


class Product(torch.autograd.Function):
    """``x @ y`` of two square matrices, or batches of them."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any, fault: Any) -> Any:
        ctx.save_for_backward(x, y)
        ctx.fault = fault
        return x @ y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        kind = ctx.fault.kind if ctx.fault else ""
        of_x, of_y = g @ y.mT, x.mT @ g
        if kind == "transposed":
            of_y = of_y.mT
        if kind == "wrong input":
            of_x, of_y = of_y, of_x
        return spoiled(of_x, ctx.fault), of_y, None


_GELU = ("factor", "sign", "lost term", "ignored")
_PRODUCT = ("factor", "sign", "transposed", "wrong input")


class Act(nn.Module):
    """A GELU written by hand, then a product with a square matrix; one of them may be wrong."""

    def __init__(self, planted: Planted | None, depth: int, width: int) -> None:
        super().__init__()
        self.fault = planted and planted.at(depth, _GELU)
        self.other = planted and planted.at(depth, _PRODUCT[2:])
        self.w = nn.Parameter(torch.randn(width, width) / width**0.5)
        self.width = width

    def forward(self, x: Any) -> Any:
        y = Gelu.apply(x, self.fault)
        square = y.reshape(-1, self.width)
        rows = square.shape[0] - square.shape[0] % self.width
        mixed = Product.apply(square[:rows].reshape(-1, self.width, self.width), self.w[None]
                              .expand(rows // self.width, -1, -1), self.other)  # fmt: skip
        return torch.cat([mixed.reshape(-1, self.width), square[rows:]]).reshape(y.shape)


class Detaching(nn.Module):
    """Hands its input on, detached where that is the fault."""

    def __init__(self, planted: Planted | None, depth: int, inner: nn.Module) -> None:
        super().__init__()
        self.cut = planted is not None and planted.at(depth, ("cut",)) is not None
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return x + self.inner(x.detach() if self.cut else x)


def step(planted: Planted | None, depth: int, width: int) -> nn.Module:
    """An operation that can be at fault, or be cut off; named so that it can be found."""
    act = nn.ModuleDict({f"op{depth}": Act(planted, depth, width)})
    inner = _One(act, f"op{depth}")
    return _One(nn.ModuleDict({f"cut{depth}": Detaching(planted, depth, inner)}), f"cut{depth}")


class _One(nn.Module):
    def __init__(self, inner: nn.ModuleDict, name: str) -> None:
        super().__init__()
        self.m, self.name = inner, name

    def forward(self, x: Any) -> Any:
        return self.m[self.name](x)


class Attention(nn.Module):
    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.qkv, self.o, self.heads = nn.Linear(d, 3 * d), nn.Linear(d, d), heads

    def forward(self, x: Any) -> Any:
        batch, length, d = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(y.transpose(1, 2).reshape(batch, length, d))


class Block(nn.Module):
    def __init__(self, planted: Any, depth: int, d: int) -> None:
        super().__init__()
        self.n1, self.attn, self.n2 = nn.LayerNorm(d), Attention(d, 2), nn.LayerNorm(d)
        self.up, self.mlp, self.down = nn.Linear(d, d), step(planted, depth, d), nn.Linear(d, d)

    def forward(self, x: Any) -> Any:
        x = x + self.attn(self.n1(x))
        return x + self.down(self.mlp(self.up(self.n2(x))))


class Transformer(nn.Module):
    depth = 6

    def __init__(self, planted: Any) -> None:
        super().__init__()
        self.emb = nn.Embedding(20, 8)
        self.layers = nn.ModuleList(Block(planted, i, 8) for i in range(self.depth))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 20)

    def forward(self, tokens: Any) -> Any:
        x = self.emb(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


class ResNet(nn.Module):
    depth = 4

    def __init__(self, planted: Any) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 8, 3, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(self.depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(8) for _ in range(self.depth))
        self.acts = nn.ModuleList(step(planted, i, 8) for i in range(self.depth))
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        for conv, norm, act in zip(self.convs, self.norms, self.acts, strict=True):
            x = F.relu(x + act(norm(conv(x))))
        return self.head(F.max_pool2d(x, 2).mean((2, 3)))


class Recurrent(nn.Module):
    """The same weights at every step."""

    depth = 2

    def __init__(self, planted: Any) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 2)
        self.acts = nn.ModuleList(step(planted, i, 8) for i in range(self.depth))

    def forward(self, x: Any) -> Any:
        h = x.new_zeros(x.shape[1:])
        for k, now in enumerate(x):
            h = torch.tanh(self.a(now) + self.b(h))
            if k < self.depth:
                h = torch.tanh(self.acts[k](h))
        return self.out(h)


class Mixture(nn.Module):
    """Each expert takes part of the tokens; the balance of the load is kept beside the output."""

    depth = 3

    def __init__(self, planted: Any) -> None:
        super().__init__()
        self.first, self.gate, self.last = nn.Linear(8, 8), nn.Linear(8, 3), nn.Linear(8, 2)
        self.experts = nn.ModuleList(step(planted, i, 8) for i in range(self.depth))
        self.load: Any = None

    def forward(self, x: Any) -> Any:
        x = self.first(x)
        weights = torch.softmax(self.gate(x), -1)
        self.load = (weights.mean(0) ** 2).sum()
        top, chosen = weights.topk(2, -1)
        y = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            y = y + (top * (chosen == i)).sum(-1, keepdim=True) * expert(x)
        return self.last(y).square().mean() + 0.1 * self.load


class UNet(nn.Module):
    depth = 3

    def __init__(self, planted: Any) -> None:
        super().__init__()
        self.into, self.out = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 1, 1)
        self.downs = nn.ModuleList(nn.Conv2d(8, 8, 3, stride=2, padding=1) for _ in range(2))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(16 if i else 8, 8, 2, 2) for i in range(2))
        self.acts = nn.ModuleList(step(planted, i, 8) for i in range(self.depth))
        self.join = nn.Conv2d(16, 8, 1)

    def forward(self, x: Any) -> Any:
        top = F.silu(self.into(x))
        middle = self.acts[0](self.downs[0](top))
        low = self.acts[1](self.downs[1](middle))
        up = torch.cat([self.ups[0](low), middle], 1)
        return self.out(self.acts[2](self.join(torch.cat([self.ups[1](up), top], 1))))


class Cell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, z: Any, x: Any) -> Any:
        return torch.tanh(0.3 * self.a(z) + self.b(x))


class Equilibrium(nn.Module):
    """A fixed point, whose gradient a hook solves for (Bai, Kolter and Koltun, 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = Cell()

    def forward(self, x: Any) -> Any:
        with torch.no_grad():
            z = self._solved(lambda z: self.cell(z, x), torch.zeros_like(x))
        z = self.cell(z, x)
        held = z.detach().clone().requires_grad_()
        again = self.cell(held, x)

        def hook(g: Any) -> Any:
            def pulled(u: Any) -> Any:
                return torch.autograd.grad(again, held, u, retain_graph=True)[0] + g

            return self._solved(pulled, g)

        if z.requires_grad:
            z.register_hook(hook)
        return z

    @staticmethod
    def _solved(function: Callable[[Any], Any], start: Any) -> Any:
        for _ in range(100):
            before, start = start, function(start)
            if torch.equal(before, start):
                break
        return start


class Implicit(nn.Module):
    depth = 2

    def __init__(self, planted: Any) -> None:
        super().__init__()
        self.first, self.deq, self.last = nn.Linear(8, 8), Equilibrium(), nn.Linear(8, 2)
        self.before, self.after = (step(planted, i, 8) for i in range(self.depth))

    def forward(self, x: Any) -> Any:
        return self.last(self.after(self.deq(self.before(self.first(x)))))


class Adversarial(nn.Module):
    """A generator, a discriminator, and a detached copy that is meant."""

    depth = 2

    def __init__(self, planted: Any) -> None:
        super().__init__()
        self.gen, self.disc = nn.Linear(8, 8), nn.Linear(8, 8)
        self.g, self.d = (step(planted, i, 8) for i in range(self.depth))
        self.score = nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        import gradproof as gp

        fake = self.g(self.gen(x))
        real = F.softplus(-self.score(self.d(self.disc(x)))).mean()
        caught = F.softplus(self.score(self.d(self.disc(gp.stop_gradient(fake))))).mean()
        return real + caught + fake.square().mean()


@dataclass(frozen=True, slots=True)
class Model:
    """How to make a model, what it is called with, and how many places for a fault it has."""

    depth: int
    make: Callable[[Planted | None], tuple[nn.Module, list[Any], Any]]


def _model(kind: Any, inputs: Callable[[], list[Any]], loss: Any) -> Model:
    return Model(kind.depth, lambda planted: (kind(planted), inputs(), loss))


def _square(output: Any) -> Any:
    return output.square().mean()


def _entropy(output: Any) -> Any:
    aims = torch.arange(output.shape[0] * output.shape[1]) % 20
    return F.cross_entropy(output.reshape(-1, 20), aims)


MODELS = {
    "transformer": _model(Transformer, lambda: [torch.randint(0, 20, (2, 8))], _entropy),
    "resnet": _model(ResNet, lambda: [torch.randn(2, 2, 8, 8)], _square),
    "rnn": _model(Recurrent, lambda: [torch.randn(4, 16, 8)], _square),
    "mixture": _model(Mixture, lambda: [torch.randn(16, 8)], None),
    "unet": _model(UNet, lambda: [torch.randn(2, 1, 8, 8)], _square),
    "implicit": _model(Implicit, lambda: [torch.randn(16, 8)], _square),
    "adversarial": _model(Adversarial, lambda: [torch.randn(16, 8)], None),
}
