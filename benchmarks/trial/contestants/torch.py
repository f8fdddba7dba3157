"""torch.autograd.gradcheck, slow and fast, of a Function whose backward is the claim."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..contestant import Answer, Verdict
from ..specimen import Problem
from .answering import SEED, CannotError, answering, installed, shortened
from .blocks import Blocks


class Gradcheck:
    """Every parameter is a tensor that requires grad, in the problem's own precision."""

    names_blocks = True
    names_entries = False
    names_cause = False
    rule = (
        "GradcheckError accuses (documentation of torch.autograd.gradcheck: 'True if all "
        "differences satisfy allclose condition'); 'Jacobian mismatch for output 0 with respect to "
        f"input k' names the k-th parameter, the first one that fails. torch.manual_seed({SEED})"
    )

    def __init__(self, *, fast: bool) -> None:
        self.fast = fast
        self.name = f"torch gradcheck, {'fast' if fast else 'slow'}"

    def version(self) -> str | None:
        return installed("torch")

    @answering
    def judge(self, problem: Problem) -> Answer:
        import torch
        from torch.autograd.gradcheck import GradcheckError

        blocks = Blocks(problem)
        inputs = [_tensor(array).requires_grad_() for array in blocks.arrays]
        with torch.random.fork_rng([]):
            torch.manual_seed(SEED)
            try:
                torch.autograd.gradcheck(_operation(blocks), inputs, fast_mode=self.fast)
            except GradcheckError as error:
                named = _named(str(error), blocks.names)
                return Answer(Verdict.ACCUSES, blocks=named, note=shortened(error))
        return Answer(Verdict.PASSES, blocks=())


def _operation(blocks: Blocks) -> Callable[..., Any]:
    import torch

    class Claimed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            value = blocks.value(*(t.detach().numpy() for t in tensors))
            return _tensor(np.asarray(value, blocks.dtype))

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            tensors = ctx.saved_tensors
            claims = blocks.claim(*(t.detach().numpy() for t in tensors))
            return tuple(
                (cotangent * torch.as_tensor(claim)).to(t.dtype)
                for t, claim in zip(tensors, claims, strict=True)
            )

    return Claimed.apply


def _tensor(array: np.ndarray) -> Any:
    import torch

    try:
        return torch.from_numpy(array)
    except TypeError as refusal:
        raise CannotError(f"torch has no {array.dtype}") from refusal


def _named(message: str, names: list[str]) -> tuple[str, ...]:
    """The parameter behind "with respect to input k"; other complaints name none."""
    found = re.search(r"with respect to input (\d+)", message)
    return (names[int(found[1])],) if found else ()
