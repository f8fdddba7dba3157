"""autograd.test_util.check_grads, in reverse mode, of a primitive whose vjp is the claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..contestant import Answer
from ..specimen import Problem
from .answering import SEED, answering, installed, passes_if
from .blocks import Array, Blocks


class Autograd:
    """All parameters are one argument tuple, checked along one random direction."""

    name = "autograd check_grads"
    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        "AssertionError accuses (autograd/test_util.py); modes=['rev'], and order=1 since no "
        f"second derivative is claimed. np.random.seed({SEED})"
    )

    def version(self) -> str | None:
        return installed("autograd")

    @answering
    def judge(self, problem: Problem) -> Answer:
        from autograd.test_util import check_grads

        blocks = Blocks(problem)
        everything = tuple(range(len(blocks.arrays)))
        check = check_grads(_operation(blocks), everything, modes=["rev"], order=1)
        try:
            check(*blocks.arrays)
        except AssertionError as error:
            return passes_if(False, _end(error))
        return passes_if(True)


def _operation(blocks: Blocks) -> Callable[..., Any]:
    from autograd.extend import defvjp_argnums, primitive

    @primitive
    def operation(*arrays: Array) -> Any:
        return blocks.value(*arrays)

    def vjps(argnums: Any, _: Any, arrays: Any, __: Any) -> Callable[[Any], Any]:
        # For z = x + iy autograd's convention is ∂f/∂x - i ∂f/∂y.
        claims = [np.conj(claim) for claim in blocks.claim(*arrays)]
        return lambda g: tuple(
            np.asarray(g * claims[i], dtype=blocks.arrays[i].dtype) for i in argnums
        )

    defvjp_argnums(operation, vjps)
    return operation


def _end(error: AssertionError) -> str:
    """The two figures; before them the message holds all parameters."""
    text = str(error)
    return text[text.find("analytic:") :] if "analytic:" in text else text
