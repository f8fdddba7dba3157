"""Which rule of a JAX function is at fault: one planted fault, at every depth, and right models.

    python benchmarks/operations_jax.py [--right RUNS] [--models NAME ...] [--depths N] [--seed N]

Says what ``benchmarks/operations.py`` says of PyTorch: in how many cases exactly the planted call
was named, how many calls of right models were rejected, and the most passes that it took.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import gradproof as gp

DTYPES = ("float64", "float32")


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault in the call ``depth``, and its factor where it is one."""

    kind: str
    factor: float = 1.0
    depth: int = -1

    def __str__(self) -> str:
        return f"factor 1 + {self.factor - 1:.0e}" if self.kind == "factor" else self.kind

    def at(self, depth: int) -> str:
        """The kind of fault of one call."""
        return self.kind if depth == self.depth else ""


RIGHT = Fault("")
FAULTS = [
    *(Fault("factor", 1 + 10.0**-k) for k in range(7)),
    *(Fault(kind) for kind in ("sign", "lost term", "wrong input", "transposed", "ignored", "cut")),
]


def gelu(fault: Fault, depth: int) -> Callable[[Any], Any]:
    kind = fault.at(depth)

    @jax.custom_vjp
    def gelu(x: Any) -> Any:
        return x * jax.scipy.stats.norm.cdf(x)

    def gelu_fwd(x: Any) -> Any:
        return gelu(x), x

    def gelu_bwd(x: Any, g: Any) -> Any:
        below, density = jax.scipy.stats.norm.cdf(x), jax.scipy.stats.norm.pdf(x)
        if kind == "lost term":
            return (g * below,)
        if kind == "ignored":
            return (0 * g + below + x * density,)
        sign = -1 if kind == "sign" else fault.factor if kind == "factor" else 1
        return (sign * g * (below + x * density),)

    gelu.defvjp(gelu_fwd, gelu_bwd)
    return gelu


def product(fault: Fault, depth: int) -> Callable[[Any, Any], Any]:
    """``x @ y`` of square matrices."""
    kind = fault.at(depth)

    @jax.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x @ y

    def product_fwd(x: Any, y: Any) -> Any:
        return x @ y, (x, y)

    def product_bwd(kept: Any, g: Any) -> Any:
        x, y = kept
        of_x, of_y = g @ y.T, x.T @ g
        if kind == "transposed":
            return of_x, of_y.T
        return (of_y, of_x) if kind == "wrong input" else (of_x, of_y)

    product.defvjp(product_fwd, product_bwd)
    return product


def swish(fault: Fault, depth: int) -> Callable[[Any], Any]:
    kind = fault.at(depth)

    @jax.custom_jvp
    def swish(x: Any) -> Any:
        return x * jax.nn.sigmoid(x)

    @swish.defjvp
    def swish_jvp(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        s = jax.nn.sigmoid(x)
        if kind == "lost term":
            return swish(x), s * t
        sign = -1 if kind == "sign" else fault.factor if kind == "factor" else 1
        return swish(x), sign * (s + x * s * (1 - s)) * t

    return swish


def act(fault: Fault, depth: int, rule: Any = gelu) -> Callable[[Any, Any], Any]:
    """One place where a fault can be: a rule, and a product with a square matrix."""
    one, two = rule(fault, depth), product(fault, depth)

    def place(w: Any, x: Any) -> Any:
        x = lax.stop_gradient(x) if fault.at(depth) == "cut" else x
        return two(one(x), w)

    place.__name__ = place.__qualname__ = f"op{depth}"
    place.__code__ = place.__code__.replace(co_name=f"op{depth}", co_qualname=f"op{depth}")
    return place


def square(rng: Any, count: int, size: int, dtype: str) -> list[Any]:
    return [jnp.asarray(rng.normal(size=(size, size)) / size**0.5, dtype) for _ in range(count)]


def transformer(fault: Fault, rng: Any, dtype: str) -> Any:
    """Eight layers under jit, every other one checkpointed; attention is mapped over the batch."""
    places = [act(fault, depth) for depth in range(8)]

    def attend(w: Any, x: Any) -> Any:
        q, k, v = (x @ m for m in w)
        return jax.nn.softmax(q @ k.T / 2.0) @ v

    def normed(x: Any) -> Any:
        return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)

    def layer(place: Any, w: Any, x: Any) -> Any:
        x = x + jax.vmap(attend, (None, 0))(w[:3], normed(x))
        return x + jax.vmap(place, (None, 0))(w[3], normed(x))

    layers = [partial(layer, place) for place in places]
    layers = [jax.checkpoint(f) if k % 2 else jax.jit(f) for k, f in enumerate(layers)]

    def model(ws: Any, x: Any) -> Any:
        for f, w in zip(layers, ws, strict=True):
            x = f(w, x)
        return jnp.mean(x**2)

    ws = [square(rng, 4, 6, dtype) for _ in layers]
    return model, (ws, jnp.asarray(rng.normal(size=(2, 6, 6)), dtype))


def recurrent(fault: Fault, rng: Any, dtype: str) -> Any:
    """Two scans of ten steps with shared weights; two places in each, and one after them."""
    places = [act(fault, depth, swish if depth % 2 else gelu) for depth in range(5)]

    def model(ws: Any, x: Any, row: Any) -> Any:
        def first(state: Any, row: Any) -> Any:
            state = jnp.tanh(places[0](ws[0], state) + places[1](ws[1], state) + row)
            return state, state

        def second(state: Any, row: Any) -> Any:
            return jnp.tanh(places[2](ws[2], state) + places[3](ws[3], row)), None

        _, states = lax.scan(first, x, row)
        last, _ = lax.scan(second, x, states, reverse=True)
        return jnp.mean(places[4](ws[4], last) ** 2)

    x, rows = (jnp.asarray(rng.normal(size=shape), dtype) for shape in ((4, 4), (10, 4, 4)))
    return model, (square(rng, 5, 4, dtype), x, rows)


def jvps(fault: Fault, rng: Any, dtype: str) -> Any:
    """A chain of eight layers with custom_jvp rules."""
    places = [act(fault, depth, swish) for depth in range(8)]

    def model(ws: Any, x: Any) -> Any:
        for place, w in zip(places, ws, strict=True):
            x = x + place(w, x)
        return jnp.mean(x**2)

    return model, (square(rng, 8, 4, dtype), jnp.asarray(rng.normal(size=(4, 4)), dtype))


def branching(fault: Fault, rng: Any, dtype: str) -> Any:
    """Places in branches, and in a branch of a loop."""
    places = [act(fault, depth) for depth in range(3)]

    def model(ws: Any, x: Any) -> Any:
        x = lax.cond(jnp.isfinite(x[0, 0]), places[0], lambda w, x: x @ w, ws[0], x)

        def step(x: Any, k: Any) -> Any:
            branches = (places[1], places[2], lambda w, x: jnp.sin(x @ w))
            return x + lax.switch(k, branches, ws[1], x), None

        return jnp.mean(lax.scan(step, x, jnp.array([0, 1, 2, 1, 0]))[0] ** 2)

    return model, (square(rng, 2, 4, dtype), jnp.asarray(rng.normal(size=(4, 4)), dtype))


# How many places each model has, and the faults that it cannot have: a jvp rule that ignores its
# tangent or returns another's is refused by JAX.
MODELS = {transformer: (8, ()), recurrent: (5, ()), jvps: (8, ("ignored",)), branching: (3, ())}


def checked(make: Any, fault: Fault, dtype: str, seed: int) -> Any:
    with jax.enable_x64(dtype == "float64"):
        model, inputs = make(fault, np.random.default_rng(seed), dtype)
        return gp.check_operations(model, *inputs, seed=seed)


def faulty(make: Any, dtype: str, asked: Any) -> tuple[int, int]:
    depths, impossible = MODELS[make]
    named = cases = most = 0
    missed: list[str] = []
    for kind in FAULTS:
        for depth in range(min(depths, asked.depths)):
            odd_jvp = make is recurrent and depth % 2 and kind.kind == "ignored"
            if kind.kind in impossible or odd_jvp:
                continue
            report = checked(make, Fault(kind.kind, kind.factor, depth), dtype, asked.seed)
            found = [o for o in report.operations if o.verdict.rejects]
            exact = bool(found) and all(o.path.split(".")[-1] == f"op{depth}" for o in found)
            cases, named, most = cases + 1, named + exact, max(most, report.inquiry)
            if not exact:
                missed.append(f"{kind} at {depth}: {[o.where for o in found]}")
    told = "; ".join(missed[:6])
    print(f"{make.__name__} {dtype} {named} of {cases}, at most {most} passes  {told}", flush=True)
    return named, cases


def rejected(models: list[Any], asked: Any) -> None:
    """Calls of right models that are rejected, or not decided."""
    verdicts, runs, most, began = Counter[str](), 0, 0, time.process_time()
    for make in models:
        for seed in range(asked.right):
            report = checked(make, RIGHT, DTYPES[seed % 2], seed)
            verdicts += Counter(str(o.verdict) for o in report.operations)
            runs, most = runs + 1, max(most, report.inquiry)
            for o in report.operations:
                if o.verdict is not gp.Verdict.CORRECT:
                    print("  ", make.__name__, seed, o.where, o.verdict, o.error, o.bar, o.reason)
    seconds = time.process_time() - began
    print(f"right models: {runs} runs, {dict(verdicts)}, at most {most} passes, {seconds:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--right", type=int, default=20, help="runs of each right model")
    parser.add_argument("--models", nargs="*", default=[make.__name__ for make in MODELS])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--depths", type=int, default=99, help="at most so many places a model")
    asked = parser.parse_args()
    models = [make for make in MODELS if make.__name__ in asked.models]
    pairs = [faulty(make, dtype, asked) for make in models for dtype in DTYPES if asked.depths]
    named, cases = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
    print(f"named exactly: {named} of {cases} ({100 * named / max(cases, 1):.1f} %)")
    rejected(models, asked)


if __name__ == "__main__":
    main()
