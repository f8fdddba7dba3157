"""``gradcheck`` with the arguments of ``torch.autograd.gradcheck``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd.gradcheck import GradcheckError as _GradcheckError

from .api.options import checked_own, validate
from .backend.torch import BACKEND
from .errors import GradientError, UsageError
from .records.verdict import Verdict
from .report.report import Report
from .subject.asked import Options, named
from .subject.providers import Autodiff


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
    effort: str = "standard",
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
    options = Options((), None, effort, seed, band, band, named(func))
    validate(func, options)
    claim = Autodiff(BACKEND, check_backward_ad, check_forward_ad)
    report = checked_own(func, _tensors(inputs), claim, options, "inputs")
    if report.verdict.rejects or not report.supported:
        if raise_exception:
            raise GradcheckError(report.message, report)
        return False
    unchecked = check_forward_ad and "forward" not in report.modes
    if report.verdict is Verdict.UNDECIDED or unchecked:
        warnings.warn(report.message, stacklevel=2)
    return True


def _tensors(inputs: Any) -> tuple[Any, ...]:
    if not isinstance(inputs, torch.Tensor | Sequence):
        raise UsageError(
            f"inputs must be a tensor or a tuple of them, but is a {type(inputs).__name__}."
        )
    point = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)
    if not any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in point):
        raise UsageError(
            "gradcheck expects at least one input tensor that requires grad: "
            "call tensor.requires_grad_()."
        )
    return point
