"""jax.test_util.check_grads, in reverse mode, of a custom_vjp whose rule is the claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..contestant import Answer
from ..specimen import Problem
from .answering import CannotError, answering, installed, passes_if
from .blocks import Array, Blocks


class CheckGrads:
    """Value and claim are host callbacks; x64 is enabled where the problem is in double."""

    name = "jax check_grads"
    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        "AssertionError accuses (documentation of jax.test_util.check_grads: 'Raises: "
        "AssertionError: if gradients do not match'); order=1, modes=['rev']. Its one direction is "
        "the same in every run"
    )

    def version(self) -> str | None:
        return installed("jax")

    @answering
    def judge(self, problem: Problem) -> Answer:
        from jax.test_util import check_grads

        blocks = Blocks(problem)
        if any(array.real.dtype.itemsize > 8 for array in blocks.arrays):
            raise CannotError("jax has no extended precision")
        with _precision(double=blocks.dtype == np.float64):
            raised: list[Exception] = []
            try:
                check_grads(_operation(blocks, raised), blocks.arrays, order=1, modes=["rev"])
            except AssertionError as error:
                answer = passes_if(False, error)
            else:
                answer = passes_if(True)
        if raised:
            raise raised[0]
        return answer


@contextmanager
def _precision(*, double: bool) -> Iterator[None]:
    """Set x64 for all threads: the callbacks of large inputs run in one of JAX's own."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", double)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def _operation(blocks: Blocks, raised: list[Exception]) -> Callable[..., Any]:
    import jax

    scalar = jax.ShapeDtypeStruct((), blocks.dtype)
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in blocks.arrays]

    def on_host(function: Callable[..., Any], results: Any) -> Callable[..., Any]:
        """Keep exceptions back: JAX raises them again when the process ends, and aborts it."""

        def run(*arrays: Any) -> Any:
            try:
                return function(*_own(arrays))
            except Exception as error:  # noqa: BLE001
                raised.append(error)
                return jax.tree.map(lambda s: np.full(s.shape, np.nan, s.dtype), results)

        return run

    def value(*arrays: Array) -> Array:
        return np.asarray(blocks.value(*arrays), blocks.dtype)

    def claim(*arrays: Array) -> list[Array]:
        # For z = x + iy JAX's convention is ∂f/∂x - i ∂f/∂y.
        claims = blocks.claim(*arrays)
        return [np.conj(c).astype(s.dtype) for c, s in zip(claims, shapes, strict=True)]

    @jax.custom_vjp
    def operation(*arrays: Any) -> Any:
        return jax.pure_callback(on_host(value, scalar), scalar, *arrays)

    def forward(*arrays: Any) -> Any:
        return operation(*arrays), arrays

    def backward(arrays: Any, cotangent: Any) -> Any:
        claims = jax.pure_callback(on_host(claim, shapes), shapes, *arrays)
        return tuple((cotangent * c).astype(c.dtype) for c in claims)

    operation.defvjp(forward, backward)
    return operation


def _own(arrays: tuple[Any, ...]) -> list[Array]:
    """Copies: the memory of JAX is not to be written to."""
    return [np.array(array) for array in arrays]
