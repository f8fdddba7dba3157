"""``gradcheck`` and ``gradgradcheck`` with the arguments of those of ``torch.autograd``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd.gradcheck import GradcheckError as _GradcheckError

from .api.options import checked_own, validate
from .api.twice import checked_twice
from .backend.torch import BACKEND
from .errors import GradientError, UsageError
from .naming import called, what
from .plan.effort import Level
from .records.verdict import Verdict
from .report.report import Report
from .subject.asked import Options
from .subject.providers import Autodiff
from .subject.twice import Given, backward_of, drawn


class GradcheckError(_GradcheckError, GradientError):
    """A gradient is wrong or suspect; ``report`` says where and why.

    It is torch's own ``GradcheckError`` (a ``RuntimeError``) and gradproof's ``GradientError``.
    """

    def __init__(self, message: str, report: Report | None = None) -> None:
        RuntimeError.__init__(self, message)
        self.report = report


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float | None = None,  # noqa: ARG001 - steps set themselves
    atol: float | None = None,  # noqa: ARG001 - error bars are measured
    rtol: float | None = None,
    raise_exception: bool = True,
    nondet_tol: float | None = None,  # noqa: ARG001 - scatter is measured
    check_undefined_grad: bool = True,  # noqa: ARG001 - outputs are looked at one by one
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool | None = None,  # noqa: ARG001 - there is one mode, and it is fast
    masked: bool | None = None,
    effort: Level = "standard",
    seed: int = 0,
) -> bool:
    """Check autograd's gradients of ``func``, as ``torch.autograd.gradcheck`` does.

    Parameters
    ----------
    func : callable
        ``func(*inputs)`` returns a tensor or any container of tensors.
    inputs : tensor or tuple
        Those that require grad are checked, in the precision they are in.
    raise_exception : bool
        Raise ``GradcheckError`` where torch's own function does, or return False.
    rtol : float, optional
        A relative error of a block that may pass: both bands of ``gp.check``.
    check_forward_ad, check_backward_ad : bool
        Forward mode, reverse mode or both.
    eps, atol, nondet_tol, fast_mode, check_undefined_grad
        Accepted and not needed: steps, bars and noise are measured.
    check_grad_dtypes, check_batched_grad, check_batched_forward_grad, masked
        Unsupported where they are asked for: ``UsageError`` says so.
    effort, seed
        As for ``gp.check``.

    Returns
    -------
    bool
        True where the gradient is right. An undecided check, or one of a forward mode that does
        not exist, returns True with a warning that holds the report: nothing was found wrong. Where
        a block is undecided that may be off by all of its gradient, that is no True.

    Raises
    ------
    GradcheckError
        The gradient is wrong or suspect, or nothing at all supports it.
    ValueError
        No input requires grad, or something unsupported is asked for (``UsageError``).

    """
    __tracebackhide__ = True
    unsupported = {
        "check_grad_dtypes": check_grad_dtypes,
        "check_batched_grad": check_batched_grad,
        "check_batched_forward_grad": check_batched_forward_grad,
        "masked": masked,
    }
    for name, asked in unsupported.items():
        if asked:
            raise UsageError(f"{name}=True is unsupported by gradproof's gradcheck: leave it out.")
    if not (check_backward_ad or check_forward_ad):
        raise UsageError("check_backward_ad and check_forward_ad are both False: nothing is left.")
    band = rtol or None  # torch allows 0: as strict as it gets
    options = Options((), None, effort, seed, band, band, called(func))
    validate(func, options)
    claim = Autodiff(BACKEND, check_backward_ad, check_forward_ad)
    report = checked_own(func, _tensors(inputs), claim, options, "inputs")
    return _answered(report, raise_exception, asked_forward=check_forward_ad)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float | None = None,  # noqa: ARG001 - steps set themselves
    atol: float | None = None,  # noqa: ARG001 - error bars are measured
    rtol: float | None = None,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float | None = None,  # noqa: ARG001 - scatter is measured
    check_undefined_grad: bool = True,  # noqa: ARG001 - gradients are looked at one by one
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool | None = None,  # noqa: ARG001 - there is one mode, and it is fast
    masked: bool | None = None,
    effort: Level = "standard",
    seed: int = 0,
) -> bool:
    """Check the derivatives of the backward passes of ``func``, as ``gradgradcheck`` of torch does.

    What is checked is the gradient as a function of the inputs and of the gradients that come from
    above: ``torch.autograd.grad(func(*inputs), inputs, grad_outputs, create_graph=True)``.

    Parameters
    ----------
    func : callable
        ``func(*inputs)`` returns a tensor or any container of tensors.
    inputs : tensor or tuple
        Those that require grad are differentiated twice, in the precision they are in.
    grad_outputs : tensor or tuple, optional
        The gradients from above, one for each output that requires grad. Left out, they are
        random, and the derivatives with respect to them are checked too; given, those of them
        that require grad.
    gen_non_contig_grad_outputs : bool
        The random ones are not contiguous in memory.
    raise_exception : bool
        Raise ``GradcheckError`` where torch's own function does, or return False.
    rtol : float, optional
        A relative error of a block that may pass: both bands of ``gp.check``.
    check_fwd_over_rev, check_rev_over_rev : bool
        Forward or reverse mode through the backward pass, or both.
    eps, atol, nondet_tol, fast_mode, check_undefined_grad
        Accepted and not needed: steps, bars and noise are measured.
    check_grad_dtypes, check_batched_grad, masked
        Unsupported where they are asked for: ``UsageError`` says so.
    effort, seed
        As for ``gp.check``; the seed is also that of the random gradients.

    Returns
    -------
    bool
        As of ``gradcheck``.

    Raises
    ------
    GradcheckError
        A second derivative is wrong or suspect; the finding says of which pair.
    ValueError
        No input requires grad, or something unsupported is asked for (``UsageError``).

    """
    __tracebackhide__ = True
    unsupported = {
        "check_grad_dtypes": check_grad_dtypes,
        "check_batched_grad": check_batched_grad,
        "masked": masked,
    }
    for name, asked in unsupported.items():
        if asked:
            raise UsageError(
                f"{name}=True is unsupported by gradproof's gradgradcheck: leave it out."
            )
    if not (check_rev_over_rev or check_fwd_over_rev):
        raise UsageError("check_rev_over_rev and check_fwd_over_rev are both False.")
    band = rtol or None
    options = Options((), None, effort, seed, band, band, f"{called(func)}, second order")
    validate(func, options)
    given = _tensors(inputs)
    places = [k for k, x in enumerate(given) if isinstance(x, torch.Tensor) and x.requires_grad]
    chosen = tuple(given[k] for k in places)

    def call(moved: Sequence[Any]) -> Any:
        whole = list(given)
        for place, tensor in zip(places, moved, strict=True):
            whole[place] = tensor
        return func(*whole)

    backward, outputs = backward_of(BACKEND, call, chosen)
    above = _from_above(outputs, grad_outputs, seed, gapped=gen_non_contig_grad_outputs)
    claim = Autodiff(BACKEND, check_rev_over_rev, check_fwd_over_rev)
    names = tuple(f"inputs[{place}]" for place in places)
    report = checked_twice(backward, Given(chosen, above), names, claim, options)
    return _answered(report, raise_exception, asked_forward=check_fwd_over_rev)


def _from_above(outputs: Sequence[Any], given: Any, seed: int, *, gapped: bool) -> tuple[Any, ...]:
    """Gradients from above: those given, or random ones that are differentiated too."""
    if given is None:
        found = drawn(outputs, seed)
        if gapped:
            found = tuple(torch.stack([x, x], dim=-1)[..., 0] if x.dim() else x for x in found)
        return tuple(x.requires_grad_() for x in found)
    above = (given,) if isinstance(given, torch.Tensor) else tuple(given)
    if len(above) != len(outputs):
        raise UsageError(
            f"{len(above)} grad_outputs were given, but {len(outputs)} outputs of func require "
            "grad: give one for each."
        )
    return above


def _answered(report: Report, raise_exception: bool, *, asked_forward: bool) -> bool:
    """What torch's own function would make of a report."""
    __tracebackhide__ = True
    if report.verdict.rejects or not report.supported:
        if raise_exception:
            raise GradcheckError(report.message, report)
        return False
    unchecked = asked_forward and "forward" not in report.modes
    if report.verdict is Verdict.UNDECIDED or unchecked:
        warnings.warn(report.message, stacklevel=3)
    return True


def _tensors(inputs: Any) -> tuple[Any, ...]:
    if not isinstance(inputs, torch.Tensor | Sequence):
        raise UsageError(f"inputs must be a tensor or a tuple of them, but is {what(inputs)}.")
    point = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)
    if not any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in point):
        raise UsageError(
            "gradcheck expects at least one input tensor that requires grad: "
            "call tensor.requires_grad_()."
        )
    return point
