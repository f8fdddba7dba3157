"""A layer with a forward and a backward by hand, in NumPy or any other library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from ..layers.layer import Hints, study
from ..layers.single import Single, listed
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Options
from ..subject.guards import generators_restored
from ..subject.providers import Products
from .options import checked, validate


def check_layer(
    layer: Any,
    *inputs: Any,
    forward: Any = None,
    backward: Any = None,
    params: Any = None,
    grads: Any = None,
    output: str | None = None,
    wrt: str | Sequence[str] | None = None,
    reset: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    effort: str = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check one layer: the gradients of its inputs and of its parameters.

    How it is written is guessed from one look at how it works; everything that is guessed can be
    said instead.

    Parameters
    ----------
    layer : object or function
        Something with a forward and a backward, or a function that returns ``(out, cache)`` (with
        ``backward=``, a function of ``(dout, cache)``), ``(out, backward)``, or
        ``(value, gradient)``. It is put back as it was after every call: arrays, attributes,
        random generators.
    *inputs
        What its forward is given. Floating-point arrays, and containers of them, are moved if the
        backward returns a gradient of them; the first one always. Anything else is handed on.
    forward, backward : str or callable, optional
        The methods by name, or functions. An argument of the backward is a cache, an input, the
        output, a learning rate or, else, the gradient from above, by what it is called.
    params : str, sequence, mapping or callable, optional
        The parameters: names of attributes, the name of a container, a mapping from names to
        arrays, or a function of the layer that returns one. Guessed are arrays with a gradient
        beside them (``W`` and ``dW``, ``grad_W``, ``grads['W']``, ``W.grad``, …), in the layer and
        in the objects that it holds. They are written to in place where that is possible.
    grads : str, sequence, mapping or callable, optional
        The gradients of the parameters, in the same ways, or in the order of ``params``.
    output : str, optional
        The attribute with the output of a forward that returns something else.
    wrt : sequence of str, optional
        The names of the blocks to check; all by default.
    reset : str or callable, optional
        A method or function that is called before every forward.
    kwargs : mapping, optional
        Keyword arguments of the forward.
    effort, seed, correct_below, wrong_above, name
        As for ``gp.check``. Before every forward the global random generators are seeded with
        ``seed``: the same units are dropped each time.

    Returns
    -------
    Report
        Its blocks are named after the arguments of the forward (``x``) and the parameters (``W``,
        ``fc1.W``, ``params[0]``). A gradient of another shape is a wrong claim of that block.

    Raises
    ------
    UsageError
        Where something cannot be guessed; the sentence says what to pass.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> class Square:
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x**2
    ...     def backward(self, dout):
    ...         return 2 * self.x * dout
    >>> gp.check_layer(Square(), np.linspace(-1, 1, 5)).ok
    True

    """
    chosen = None if wrt is None else listed(wrt)
    hints = Hints(forward, backward, params, grads, output, reset, dict(kwargs or {}), int(seed))
    options = Options((), None, effort, seed, correct_below, wrong_above, name)
    validate(study, options)
    with generators_restored():
        single = Single(study(layer, inputs, hints), tuple(inputs), chosen)
        options = replace(options, name=name or single.layer.name)
        return single_report(single, options)


def single_report(single: Single, options: Options) -> Report:
    """The report of one layer at some inputs; the layer is put back as it was."""
    fun, vjp = single.functions()
    if not single.point:
        raise UsageError(
            f"{single.layer.name} has neither inputs nor parameters that can be moved: pass "
            "floating-point arrays, or name its parameters in params=."
        )
    options = replace(options, notes=(*options.notes, *single.notes()))
    try:
        report = checked(fun, Point(single.point), Products(vjp), options)
    finally:
        single.layer.state.restore()
    return replace(
        report,
        findings=(*single.told(), *report.findings),
        left_alone=(*report.left_alone, *single.left_alone.items()),
    )
