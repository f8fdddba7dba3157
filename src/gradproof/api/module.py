"""A torch module: every named parameter is a block."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from ..backend.kept import watched
from ..calling import public
from ..errors import UsageError
from ..naming import what
from ..plan.effort import Level
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Options
from ..subject.providers import Autodiff
from .constants import with_constants
from .operations import of_module
from .options import checked, function_given, validate
from .twice import both_orders, order_given


@public("gp.check_module(module, *inputs, loss=...)", report=True)
def check_module(
    module: Any,
    *inputs: Any,
    loss: Callable[[Any], Any] | None = None,
    order: Literal[1, 2] = 1,
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check the backward pass of a torch module with respect to all of its parameters.

    Parameters
    ----------
    module : torch.nn.Module
        It stays in the mode it is in (``train`` or ``eval``) and is never written to: its
        parameters and buffers are stood in for by copies at every evaluation
        (``torch.func.functional_call``), and until the backward pass is over. Parameters that do
        not require grad are left alone; a shared parameter is one block, under its first name.
    *inputs
        The inputs of the module: ``module(*inputs, **kwargs)``.
    loss : callable, optional
        ``loss(output)``, a real scalar or anything else with derivatives. Without it the output
        itself is checked, through random cotangents.
    order : {1, 2}
        2: also the derivatives of the backward pass, as a gradient penalty or a Hessian-vector
        product takes them: of the gradients by parameters and inputs, by all of these and by the
        gradients from above.
    kwargs : mapping, optional
        Keyword arguments of the module.
    effort, seed, correct_below, wrong_above, name
        As for ``gp.check``.

    Returns
    -------
    Report
        Its blocks are called ``params['encoder.weight']`` and so on. Parameters in float32 or
        bfloat16 are evaluated in float64, where the module allows it and the value stays the
        same; the claim is what autograd returns in the module's own precision.

    Raises
    ------
    UsageError
        Where the module is none, or has no parameters that require grad.

    """
    if not _is_module(module):
        raise UsageError(
            f"module must be a torch.nn.Module, but is {what(module)}: functions are "
            "checked with gp.check(fun, tensors), classes need an instance."
        )
    twice = order_given(order)
    if loss is not None:
        function_given("loss", loss, "loss=lambda output: output.sum()")
    from ..backend.torch import BACKEND
    from ..subject.modules import ModuleFunction

    title = name or type(module).__name__
    notes = (*_shared(module), *_hooked(module))
    options = Options(inputs, kwargs, effort, seed, correct_below, wrong_above, title, notes)
    fun = ModuleFunction(module, loss)
    validate(fun, options)
    params = {name: module.get_parameter(full) for name, full in fun.names().items()}
    if not params:
        raise UsageError(f"The module ({type(module).__name__}) has no parameters to check.")
    if not any(parameter.requires_grad for parameter in params.values()):
        raise UsageError(
            f"All {len(params)} parameters of {type(module).__name__} are frozen: "
            "call requires_grad_() on those that should be checked."
        )
    where = Point(params, lambda leaf: "" if leaf.requires_grad else "is frozen (requires no grad)")
    with watched() as seen:
        first = checked(fun, where, Autodiff(BACKEND), options)
    if twice:
        return _with_second(first, module, loss, options)
    both = partial(_with_second, first, module, loss, options)
    return with_constants(first, seen, lambda: of_module(module, inputs, loss), both, (), kwargs)


def _with_second(first: Report, module: Any, loss: Any, options: Options) -> Report:
    """The report of the parameters' gradients, and that of their derivatives with it.

    The inputs' gradients are differentiated too: a penalty on them is what double backward is for.
    """
    from ..backend.torch import BACKEND

    fun, where = of_module(module, tuple(options.args), loss)
    names = [_plain(block.name) for block in where.blocks]
    options = replace(options, args=(), notes=())
    return both_orders(first, fun, where, Autodiff(BACKEND), options, names=names)


def _plain(name: str) -> str:
    """``['inputs'][0]`` is inputs[0]."""
    return name.replace("['params']", "params", 1).replace("['inputs']", "inputs", 1)


def _is_module(module: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(module, torch.nn.Module)


def _hooked(module: Any) -> Iterator[str]:
    """Which parameters have hooks, which copies of them have not."""
    names = [
        name
        for name, parameter in module.named_parameters()
        if parameter._backward_hooks or getattr(parameter, "_post_accumulate_grad_hooks", None)  # noqa: SLF001
    ]
    if names:
        yield f"Hooks on parameters ({', '.join(names[:3])}) are not part of what was checked."


def _shared(module: Any) -> Iterator[str]:
    """Which parameters are one and the same."""
    names: dict[int, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    for first, *others in names.values():
        if others:
            yield f"params[{first!r}] is shared with {', '.join(others)}: one parameter."
