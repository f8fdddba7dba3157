"""Single passes of autograd, looked at for what a slope does not show.

Is a gradient the same each time, zero for zero, of the right type and layout; does a backward take
an output's gradient that is undefined; does a batch of gradients come out as one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._vmap_internals import _vmap  # torch.vmap has no rule for tangents of this kind
from torch.autograd import Function
from torch.autograd import forward_ad as forward

from ..backend import arrays
from ..judge.bands import bands
from ..judge.thresholds import T
from ..space import tree
from .error import GradcheckError
from .inputs import is_tensor
from .patterns import is_sparse, pattern_of, stored

_BATCH = 2


def differentiable(outputs: Sequence[Any]) -> list[Any]:
    """The outputs that have a gradient."""
    return [output for output in outputs if is_tensor(output)]


def repeatable(
    outputs: Sequence[Any], tensors: Sequence[Any], tolerance: float | None, *, types: bool
) -> None:
    """Raise where two backward passes through one graph differ, or a gradient has another type."""
    for output in outputs:
        above = torch.randn_like(output)
        first, again = (_pulled([output], tensors, [above]) for _ in range(2))
        for k, (one, other, x) in enumerate(zip(first, again, tensors, strict=True)):
            if one is None or other is None or not one.numel():
                continue
            if types and one.dtype != x.dtype:
                raise GradcheckError(
                    f"Gradient has dtype mismatch: that of inputs[{k}] is {one.dtype}, the tensor "
                    f"itself {x.dtype}."
                )
            apart = float((_dense(one) - _dense(other)).abs().max())
            rounding = T.same_pass * arrays.eps(_named(one)) * float(_dense(one).abs().max())
            most = rounding if tolerance is None else tolerance
            if apart > most:
                raise GradcheckError(
                    f"Backward is not reentrant: twice with the same gradient from above, the "
                    f"gradients of inputs[{k}] differ by {apart:.2g}, and {most:.2g} is the most "
                    "that passes. nondet_tol is how much may pass."
                )


def multiplied(outputs: Sequence[Any], tensors: Sequence[Any], *, masked: bool) -> None:
    """Raise where gradients of zero from above do not give zero, or come in another layout."""
    zeros = [torch.zeros_like(o, memory_format=torch.legacy_contiguous_format) for o in outputs]
    for k, (found, x) in enumerate(zip(_pulled(outputs, tensors, zeros), tensors, strict=True)):
        if found is None:
            continue
        if found.layout is not torch.strided:
            _laid_out(found, x, k)
        dense = _dense(found)
        if (not torch.allclose(dense, torch.zeros_like(dense))) if masked else bool(dense.any()):
            raise GradcheckError(
                f"backward not multiplied by grad_output: that of inputs[{k}] is "
                f"{float(dense.abs().max()):.3g} where every gradient from above is zero."
            )


def _laid_out(found: Any, x: Any, k: int) -> None:
    if found.layout is not x.layout:
        raise GradcheckError(
            f"grad is incorrect layout: that of inputs[{k}] is {found.layout}, the tensor itself "
            f"{x.layout}."
        )
    if not is_sparse(found):
        return
    for name in ("sparse_dim", "dense_dim"):
        one, other = getattr(found, name)(), getattr(x, name)()
        if one != other:
            raise GradcheckError(
                f"grad is {str(found.layout)[6:].removesuffix('_coo')} tensor, but has incorrect "
                f"{name} {one}: that of inputs[{k}] is {other}."
            )


class _Undefined(Function):
    """The same output, whose gradient is lost on the way back."""

    @staticmethod
    def forward(ctx: Any, output: Any) -> Any:  # noqa: ARG004
        return output.view_as(output)

    @staticmethod
    def backward(ctx: Any, above: Any) -> None:  # noqa: ARG004
        return None


def undefined(call: Callable[[], tuple[Sequence[Any], Sequence[Any]]]) -> None:
    """Raise where a backward does not take gradients from above that are undefined for zero.

    All of them at once, then each alone beside zeros. ``call()`` gives the outputs of a new pass
    that have a gradient, and the tensors that it is by.
    """
    count = len(call()[0])
    for lost in [None, *range(count if count > 1 else 0)]:
        outputs, tensors = call()
        lossy: Any = _Undefined.apply
        ends = [lossy(o) if lost in (None, k) else o for k, o in enumerate(outputs)]
        zeros = [torch.zeros_like(o, memory_format=torch.legacy_contiguous_format) for o in ends]
        which = "all outputs are" if lost is None else f"output {lost} is"
        try:
            found = _pulled(ends, tensors, zeros)
        except RuntimeError as error:
            raise GradcheckError(
                "Expected backward function to handle undefined output grads: where the gradients "
                f"of {which} undefined it raises {type(error).__name__}: {error}. "
                "check_undefined_grad=False does not ask for it."
            ) from error
        for k, gradient in enumerate(found):
            if gradient is not None and bool(_dense(gradient).any()):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are "
                    f"undefined or zero: that of inputs[{k}] is neither, where {which} undefined. "
                    "check_undefined_grad=False does not ask for it."
                )


def undefined_tangents(func: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """Raise where a tangent that is missing is not the same as one of zeros."""
    places = [k for k, x in enumerate(inputs) if is_tensor(x)]
    with forward.dual_level():
        moving = {k: _dual(inputs[k], _drawn(inputs[k])) for k in places}
        for k in places:
            still = inputs[k].detach()
            both = []
            for other in (_dual(still, torch.zeros_like(still)), still):
                arguments = [moving.get(i, x) if i != k else other for i, x in enumerate(inputs)]
                both.append([_tangent(o) for o in _floating(func(*arguments))])
            for index, (zero, none) in enumerate(zip(*both, strict=True)):
                if zero is not None and none is not None and not _same(zero, none):
                    raise GradcheckError(
                        f"Mismatch in tangent values for output with index {index}: they are not "
                        f"the same where inputs[{k}] has no tangent and where it is zero."
                    )


_BATCHED = (
    "gradcheck or gradgradcheck failed while testing batched gradient computation: {} "
    "check_batched_grad=False does not ask for it."
)
_BATCHED_FORWARD = (
    "gradcheck failed while testing batched gradient computation with forward-mode AD: {} "
    "check_batched_forward_grad=False does not ask for it."
)


def batched(outputs: Sequence[Any], tensors: Sequence[Any]) -> None:
    """Raise where a batch of gradients from above does not give what each of them gives alone."""
    for index, output in enumerate(outputs):
        above = [torch.randn_like(output) for _ in range(_BATCH)]
        alone = [_pulled([output], tensors, [a]) for a in above]
        try:
            together: Sequence[Any] = torch.autograd.grad(
                [output], tensors, [torch.stack(above)], retain_graph=True, allow_unused=True,
                is_grads_batched=True,
            )  # fmt: skip
        except RuntimeError as error:
            raise GradcheckError(
                f"While computing batched gradients, got: {error}\n"
                + _BATCHED.format("a batch cannot be pulled back.")
            ) from error
        for k, (batch, ones) in enumerate(zip(together, zip(*alone, strict=True), strict=True)):
            if batch is None:
                continue
            for one, other in zip(batch, ones, strict=True):
                if other is not None and not _same(one, other):
                    found = f"of output {index} by inputs[{k}] another one comes out of a batch."
                    raise GradcheckError(_BATCHED.format(found))


def batched_tangents(func: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """Raise where a batch of tangents does not give what each of them gives alone."""
    for k, x in enumerate(inputs):
        if not is_tensor(x):
            continue
        tangents = [_drawn(x) for _ in range(_BATCH)]

        def pushed(tangent: Any, k: int = k, x: Any = x) -> tuple[Any, ...]:
            with forward.dual_level():
                arguments = [_still(y) for y in inputs]
                arguments[k] = _dual(x, tangent)
                outputs = _floating(func(*arguments))
                found = [(o, _tangent(o)) for o in outputs]
                return tuple(torch.zeros_like(o) if t is None else t for o, t in found)

        alone = [pushed(t) for t in tangents]
        try:
            together = _vmap(pushed)(torch.stack(tangents))
        except RuntimeError as error:
            raise GradcheckError(
                f"While computing batched gradients, got: {error}\n"
                + _BATCHED_FORWARD.format("a batch cannot be pushed forward.")
            ) from error
        for index, (batch, ones) in enumerate(zip(together, zip(*alone, strict=True), strict=True)):
            if not all(_same(one, other) for one, other in zip(batch, ones, strict=True)):
                found = f"of output {index} by inputs[{k}] another one comes out of a batch."
                raise GradcheckError(_BATCHED_FORWARD.format(found))


def tangent_types(func: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """Raise where a tangent is complex and its output is not, or the other way round."""
    with forward.dual_level():
        arguments = [_dual(x, _drawn(x)) if is_tensor(x) else x for x in inputs]
        for index, output in enumerate(_floating(func(*arguments))):
            pushed = _tangent(output)
            if pushed is not None and pushed.is_complex() != output.is_complex():
                raise GradcheckError(
                    f"Forward AD gradient has dtype mismatch: output {index} is {output.dtype}, "
                    f"its tangent {pushed.dtype}."
                )


def _pulled(outputs: Sequence[Any], tensors: Sequence[Any], above: Sequence[Any]) -> list[Any]:
    return list(torch.autograd.grad(outputs, tensors, above, retain_graph=True, allow_unused=True))


def _dual(x: Any, tangent: Any) -> Any:
    return forward.make_dual(x.detach(), tangent)  # type: ignore[no-untyped-call]


def _still(x: Any) -> Any:
    return x.detach() if isinstance(x, torch.Tensor) else x


def _tangent(output: Any) -> Any:
    return forward.unpack_dual(output).tangent  # type: ignore[no-untyped-call]


def _floating(outputs: Any) -> list[Any]:
    return [
        o
        for o in tree.leaves(outputs)
        if isinstance(o, torch.Tensor) and (o.is_floating_point() or o.is_complex())
    ]


def _dense(tensor: Any) -> Any:
    return tensor if tensor.layout is torch.strided else tensor.to_dense()


def _same(one: Any, other: Any) -> bool:
    """Whether two gradients are the same to what is called correct in their precision."""
    one, other = _dense(one), _dense(other)
    if not one.numel():
        return True
    dtype = _named(one)
    most = bands(dtype, None, None).wrong_above * torch.linalg.vector_norm(other)
    most = most + T.same_pass * arrays.eps(dtype) * one.numel() ** 0.5  # of sums that cancel
    return bool(torch.linalg.vector_norm(one - other) <= most)


def _named(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _drawn(x: Any) -> Any:
    """Random numbers like a tensor; where it is sparse, in the same places."""
    x = x.detach()
    if not is_sparse(x):
        return torch.randn_like(x)
    pattern = pattern_of(x)
    return pattern.built(torch.randn_like(stored(pattern.like)))
