"""The operations inside a function or module: which call has a wrong backward or rule."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..backend.registry import framework_of
from ..calling import public
from ..engine.examine import alone
from ..engine.inside import operations_of
from ..errors import UsageError
from ..naming import called, what
from ..plan.effort import Level
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Asked, Options
from ..subject.providers import Autodiff
from .callsite import call_in_source
from .options import function_given, validate


@public("gp.check_operations(module, *inputs, loss=...)", report=True)
def check_operations(
    target: Any,
    *inputs: Any,
    loss: Callable[[Any], Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check the backward of every call inside a model by itself, with one set of passes for all.

    One pass forward and back keeps the gradients at the border of every call. In PyTorch that are
    submodules, each ``autograd.Function``, custom operators and hooks; in JAX all ``custom_vjp``
    and ``custom_jvp`` functions and primitives with rules of the user's. Some ten to thirty passes
    forward, with all parameters and inputs moved along one random direction, then say of each call
    whether what its backward returns belongs to what its forward does.

    Parameters
    ----------
    target : torch.nn.Module or callable
        A module is never written to: copies stand in for its parameters and buffers. A function
        is called as ``target(*inputs, **kwargs)``; modules in it keep their parameters.
    *inputs
        The inputs. Floating-point tensors among them move with the parameters; where any of a
        function's requires grad, only those do. For JAX any pytrees; the function must be one
        that ``jax.jit`` takes.
    loss : callable, optional
        ``loss(output)``, a real scalar or anything else with derivatives. Without it the output
        itself is looked at, through random cotangents.
    kwargs : mapping, optional
        Keyword arguments of the target.
    effort, seed, correct_below, wrong_above, name
        As for ``gp.check``.

    Returns
    -------
    Report
        ``operations`` in the order of execution, each with its verdict, the file and the line of
        its backward; ``verdict`` is the worst of them; ``findings`` say which are at fault. The
        errors are relative to what each call moves at its outputs. It has no blocks: parameters
        are checked by ``gp.check_module`` and ``gp.check``, which ask for the operations themselves
        where they are wrong.

    Raises
    ------
    UsageError
        Where the target is no function, or there is nothing that moves.

    """
    if not callable(target):
        raise UsageError(f"target must be a module or a function, but is {what(target)}.")
    if loss is not None:
        function_given("loss", loss, "loss=lambda output: output.sum()")
    title = name or (type(target).__name__ if _is_module(target) else called(target))
    fun, where = (
        of_module(target, inputs, loss) if _is_module(target) else _own(target, inputs, loss)
    )
    options = Options((), kwargs, effort, seed, correct_below, wrong_above, title)
    validate(fun, options)
    asked = Asked(fun, where, Autodiff(where.library), options)
    return operations_of(asked, alone, call_in_source(int(seed)))


def _is_module(target: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(target, torch.nn.Module)


def of_module(module: Any, inputs: tuple[Any, ...], loss: Any) -> tuple[Any, Point]:
    """The module as a function of its parameters and its inputs."""
    from ..subject.modules import ModuleFunction

    fun = ModuleFunction(module, loss, with_inputs=True)
    params = {name: module.get_parameter(full) for name, full in fun.names().items()}
    frozen = {id(p) for p in params.values() if not p.requires_grad}

    def left(leaf: Any) -> str:
        if framework_of(leaf) is None:
            return "is not a tensor"
        return "is frozen (requires no grad)" if id(leaf) in frozen else ""

    return fun, Point({"params": params, "inputs": inputs}, left, root="")


def _own(function: Any, inputs: tuple[Any, ...], loss: Any) -> tuple[Any, Point]:
    """A function of its inputs."""
    leaves = tree.flatten(inputs).leaves
    framework = next(filter(None, map(framework_of, leaves)), None)
    if framework is None or not framework.about.modes:
        raise UsageError(
            "check_operations looks into what a framework differentiates by itself, and there is "
            "no such array among the inputs: pass torch tensors or JAX arrays."
        )

    def fun(inputs: Any, **kwargs: Any) -> Any:
        output = function(*inputs, **kwargs)
        return output if loss is None else loss(output)

    fun.__name__ = called(function)
    return fun, Point(inputs, framework.chosen(leaves), root="inputs")
