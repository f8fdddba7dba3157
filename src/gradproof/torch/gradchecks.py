"""``gradcheck`` and ``gradgradcheck``: their arguments, and what is checked."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ..api.options import checked_own, validate
from ..api.twice import checked_twice
from ..backend.torch import BACKEND
from ..errors import UsageError
from ..naming import called, what
from ..plan.effort import Level
from ..report.report import Report
from ..space import tree
from ..subject.asked import Options
from ..subject.guards import generators_restored
from ..subject.providers import Autodiff
from ..subject.twice import Given, backward_of, drawn
from .error import ArgumentError, GradcheckError
from .further import Further
from .inputs import Dense, First, Handed, first_call, is_tensor
from .pairs import Tolerance
from .patterns import is_sparse
from .running import Subject, run


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    raise_exception: bool = True,
    nondet_tol: float | None = None,
    check_undefined_grad: bool = True,
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
        Those that require grad are checked, in the precision they are in. Sparse and mkldnn ones
        too.
    eps, atol, rtol : float, optional
        Steps set themselves and error bars are measured. Where one of the three is given, what is
        found wrong may still pass, with a warning: if central differences with the step ``eps``
        agree with the gradient to ``atol`` and ``rtol``, and would not agree with zeros as well.
        ``rtol`` is also a relative error of a block that may pass: both bands of ``gp.check``.
    raise_exception : bool
        Raise ``GradcheckError`` where torch's own function does, or return False.
    nondet_tol : float, optional
        The most that an entry of a gradient may change from one backward pass to the next. Left
        out, what another order of a sum changes may pass.
    check_undefined_grad : bool
        Whether a backward has to take undefined gradients of outputs for zero.
    check_grad_dtypes : bool
        Whether a gradient has to have the type of its input.
    check_batched_grad, check_batched_forward_grad : bool
        Whether a batch of gradients, or of tangents, has to come out as one by one.
    check_forward_ad, check_backward_ad : bool
        Forward mode, reverse mode or both.
    fast_mode : bool, optional
        Accepted and not needed: there is one mode, and it is fast.
    masked : bool, optional
        Whether only the specified entries of sparse inputs are checked.
    effort, seed
        As for ``gp.check``.

    Returns
    -------
    bool
        True where the gradient is right. An undecided check, or one of a forward mode that does
        not exist, returns True with a warning that holds the report: nothing was found wrong. Where
        a block is undecided that may be off by all of its gradient, it does so only if central
        differences agree with the gradient, as torch's own function compares them.

    Raises
    ------
    GradcheckError
        The gradient is wrong or suspect, or nothing at all supports it, or one of the further
        checks fails.
    ValueError
        No input requires grad, or an output is sparse (``UsageError``).
    AssertionError
        Arguments contradict each other (``UsageError`` too).

    """
    __tracebackhide__ = True
    _consistent(
        (check_forward_ad, "check_forward_ad"), (check_backward_ad, "check_backward_ad"),
        needs_forward={"check_batched_forward_grad": check_batched_forward_grad},
        needs_reverse={"check_batched_grad": check_batched_grad},
    )  # fmt: skip
    options = _options(rtol, effort, seed, called(func))
    validate(func, options)
    further = Further(
        check_backward_ad, check_forward_ad, nondet_tol, check_undefined_grad, check_grad_dtypes,
        check_batched_grad, check_batched_forward_grad, bool(masked),
    )  # fmt: skip
    given = _tensors(inputs)
    modes = check_backward_ad, check_forward_ad

    def doubt() -> str:
        __tracebackhide__ = True
        first = first_call(func, given, masked=bool(masked))
        subject = _of_first_order(func, first, options, modes)
        return run(subject, further, Tolerance(eps, atol, rtol), seed)

    return _answered(doubt, raise_exception=raise_exception)


def _answered(ask: Callable[[], str], *, raise_exception: bool) -> bool:
    """What a drop-in returns: a doubt is a warning, and what is wrong an exception or False."""
    __tracebackhide__ = True
    try:
        with generators_restored():
            doubt = ask()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    if doubt:
        warnings.warn(doubt, stacklevel=3)
    return True


def _of_first_order(
    func: Callable[..., Any], first: First, options: Options, modes: tuple[bool, bool]
) -> Subject:
    inputs = first.inputs
    framework = BACKEND if inputs.plain else Handed(inputs.moved.values())

    def fun(*point: Any) -> Any:
        return inputs.called(func, point)

    def report() -> Report:
        return checked_own(fun, inputs.leaves, Autodiff(framework, *modes), options, "inputs")

    return Subject(
        func, inputs.copies, first, lambda point: fun(*point), inputs.leaves,
        {k: f"inputs[{k}]" for k in inputs.places}, framework, report,
    )  # fmt: skip


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float | None = None,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool | None = None,  # noqa: ARG001 - there is one mode, and it is fast
    masked: bool | None = None,  # noqa: ARG001 - there are no sparse inputs
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
    check_fwd_over_rev, check_rev_over_rev : bool
        Forward or reverse mode through the backward pass, or both.
    eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad
        As for ``gradcheck``, of the derivatives of the backward pass.
    fast_mode : bool, optional
        Accepted and not needed: there is one mode, and it is fast.
    masked : bool, optional
        Without meaning here: sparse inputs have no second derivatives that could be compared.
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
        No input requires grad, or one is sparse (``UsageError``).
    AssertionError
        Arguments contradict each other (``UsageError`` too).

    """
    __tracebackhide__ = True
    _consistent(
        (check_fwd_over_rev, "check_fwd_over_rev"), (check_rev_over_rev, "check_rev_over_rev"),
        needs_reverse={"check_batched_grad": check_batched_grad},
    )  # fmt: skip
    options = _options(rtol, effort, seed, f"{called(func)}, second order")
    validate(func, options)
    given = _tensors(inputs)
    if any(is_sparse(x) for x in given):
        raise UsageError(
            "gradgradcheck takes no sparse inputs, whose gradients are sparse: pass the values "
            "(tensor.values(), tensor.to_dense()) and build the tensor inside func."
        )
    modes = check_rev_over_rev, check_fwd_over_rev
    above = grad_outputs, gen_non_contig_grad_outputs
    further = Further(
        *modes, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad
    )

    def doubt() -> str:
        __tracebackhide__ = True
        first = first_call(func, given, masked=False)
        subject = _of_second_order(func, first, options, modes, above)
        return run(subject, further, Tolerance(eps, atol, rtol), seed)

    return _answered(doubt, raise_exception=raise_exception)


def _of_second_order(
    func: Callable[..., Any], first: First, options: Options, modes: tuple[bool, bool],
    above: tuple[Any, bool],
) -> Subject:  # fmt: skip
    """The backward pass of ``func`` as a function of inputs and of gradients from above."""
    inputs = first.inputs
    places = list(inputs.moved)
    given = tuple(each.leaf for each in inputs.moved.values())
    count = len(given)

    def call(moved: Sequence[Any]) -> Any:
        whole = list(inputs.given)
        for place, tensor in zip(places, moved, strict=True):
            whole[place] = tensor
        return func(*whole)

    inner = BACKEND if inputs.plain else Handed(inputs.moved.values())
    backward, outputs = backward_of(inner, call, inputs.chosen(first.arguments))
    upper = _from_above(outputs, *above, seed=options.seed)
    ways = [*inputs.moved.values(), *(Dense(x) for x in upper if is_tensor(x))]
    outer = BACKEND if inputs.plain else Handed(ways)
    leaves = (*given, *upper)

    def second(*moved: Any) -> tuple[Any, ...]:
        return backward(Given(moved[:count], moved[count:]))

    def copies() -> tuple[Any, ...]:
        new = (Dense(x).copy() if is_tensor(x) else x for x in upper)
        return (*inputs.chosen(inputs.copies()), *new)

    names = tuple(f"inputs[{place}]" for place in places)

    def report() -> Report:
        return checked_twice(backward, Given(given, upper), names, Autodiff(outer, *modes), options)

    arguments = copies()
    made = First(inputs, arguments, list(tree.leaves(second(*arguments))))
    every = (*names, *(f"grad_outputs[{k}]" for k in range(len(upper))))
    moving = {k: every[k] for k, x in enumerate(leaves) if is_tensor(x) and x.numel()}
    return Subject(
        second, copies, made, lambda point: second(*point), leaves, moving, outer, report
    )


def _from_above(outputs: Sequence[Any], given: Any, gapped: bool, seed: int) -> tuple[Any, ...]:
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


def _options(rtol: float | None, effort: str, seed: int, name: str) -> Options:
    band = rtol or None  # torch allows 0: as strict as it gets
    return Options((), None, effort, seed, band, band, name)


def _consistent(
    forward: tuple[bool, str],
    reverse: tuple[bool, str],
    needs_reverse: dict[str, bool],
    needs_forward: dict[str, bool] | None = None,
) -> None:
    """Raise where a further check needs a mode that is not checked."""
    if not (forward[0] or reverse[0]):
        raise ArgumentError(
            f"Expected at least one of {forward[1]} or {reverse[1]} to be True: nothing is left."
        )
    for mode, needs in ((reverse, needs_reverse), (forward, needs_forward or {})):
        for name, asked in needs.items():
            if asked and not mode[0]:
                raise ArgumentError(f"Setting {name}=True requires {mode[1]} to be True.")


def _tensors(inputs: Any) -> tuple[Any, ...]:
    if not isinstance(inputs, torch.Tensor | Sequence):
        raise UsageError(f"inputs must be a tensor or a tuple of them, but is {what(inputs)}.")
    point = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)
    if not any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in point):
        raise UsageError(
            "gradcheck expects at least one input tensor to require gradient, and none requires "
            "grad: call tensor.requires_grad_()."
        )
    return point
