"""Gradients pulled back through what torch has recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any

import torch

from . import passing
from .leaves import others_kept
from .protocol import Call, Vjp

NATIVE = {torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex128,
           torch.complex64}  # fmt: skip
_ENGINE: Any = torch.autograd.Variable._execution_engine  # noqa: SLF001


# Shown the outputs whose gradients are asked for, while their graph is there.
WATCH: ContextVar[Callable[[Sequence[Any]], None] | None] = ContextVar("watch", default=None)


def variables(outputs: Sequence[Any], leaves: Sequence[Any]) -> list[Any]:
    """Tensors that require grad and that the outputs' graph reaches, but not ``leaves``."""
    known, found = {id(leaf) for leaf in leaves}, dict[int, Any]()
    for node in nodes(outputs):
        variable = getattr(node, "variable", None)
        if variable is not None and id(variable) not in known and variable.numel():
            found[id(variable)] = variable
    return list(found.values())


def nodes(outputs: Sequence[Any]) -> Iterator[Any]:
    """All that was recorded on the way to the outputs."""
    functions = [o.grad_fn for o in outputs if isinstance(o, torch.Tensor)]
    progress = [function for function in functions if function is not None]
    seen = set(progress)
    while progress:
        node = progress.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                progress.append(following)


def again(call: Call, leaves: Sequence[Any]) -> Vjp:
    """Gradients that are differentiated again, recorded wherever they are asked for.

    Within a pass that is going on what is lent to a module stays there until that is over.
    """
    now = passing.Pass(plain=True)
    with torch.enable_grad(), nullcontext() if passing.is_going() else now.going():
        moving = [_moving(leaf) for leaf in leaves]
        outputs = list(call(moving))

    def pull(cotangents: Sequence[Any]) -> list[Any]:
        pairs = zip(outputs, cotangents, strict=True)
        reached = [(o, c) for o, c in pairs if c is not None and o.requires_grad]
        if not reached:
            return [None] * len(moving)
        with torch.enable_grad():
            sums = [_product(cotangent, output) for output, cotangent in reached]
            return list(torch.autograd.grad(sums, moving, create_graph=True, allow_unused=True))

    return Vjp(outputs, pull, close=now.lent.close)


def _moving(tensor: Any) -> Any:
    """The tensor as one that requires grad; a tangent that it carries stays with it."""
    import torch.autograd.forward_ad as forward

    if tensor.requires_grad:
        return tensor
    tangent: Any = forward.unpack_dual(tensor).tangent  # type: ignore[no-untyped-call]
    moving = tensor.detach().requires_grad_()
    return moving if tangent is None else forward.make_dual(moving, tangent)  # type: ignore[no-untyped-call]


def pulled(pairs: Sequence[tuple[Any, Any]], leaves: Sequence[Any], now: passing.Pass) -> Any:
    """The gradients of leaves, from outputs and their cotangents.

    As ``backward`` itself leaves them where nothing else will do: checkpoints of the reentrant kind
    refuse ``torch.autograd.grad``.
    """
    roots: list[Any] = []
    above: list[Any] = []
    for output, cotangent in pairs:
        if is_plain(output):
            roots.append(output)
            above.append(now.handed(cotangent.to(output.dtype)))
        else:
            roots.append(_product(cotangent, output))
            above.append(None)
    if (watch := WATCH.get()) is not None:
        watch(roots)
    try:
        return _gradients(roots, above, leaves)
    except RuntimeError as error:
        if "use_reentrant" not in str(error):
            raise
    for leaf in leaves:
        leaf.grad = None
    with others_kept(leaves):
        torch.autograd.backward(roots, above, retain_graph=True)
    return [leaf.grad for leaf in leaves]


def is_plain(output: Any) -> bool:
    """Whether a gradient can be handed to an output as it is."""
    strided = type(output) is torch.Tensor and output.layout is torch.strided
    return strided and output.dtype in NATIVE


def _gradients(roots: Sequence[Any], above: Sequence[Any], leaves: Sequence[Any]) -> list[Any]:
    """Straight from the engine: ``torch.autograd.grad`` inspects cotangents at great length."""
    ones = [torch.ones_like(r) if c is None else c for r, c in zip(roots, above, strict=True)]
    found = _ENGINE.run_backward(
        tuple(roots), tuple(ones), True, False, tuple(leaves), allow_unreachable=True,
        accumulate_grad=False,
    )  # fmt: skip
    return list(found)


def _product(cotangent: Any, output: Any) -> Any:
    """``Re Σ conj(cotangent) · output``, whose gradient by the output is the cotangent."""
    if output.dtype not in NATIVE:
        output = output.to(wide(output.dtype))
    return (cotangent.to(output.dtype).conj() * output).sum().real


def wide(dtype: torch.dtype) -> torch.dtype:
    """Double precision, real or complex."""
    return torch.complex128 if dtype.is_complex else torch.float64
