"""A layer with a forward and a backward by hand, in NumPy or any other library."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..calling import public
from ..layers.balance import Balance, balances
from ..layers.compose import composed, to_look_into
from ..layers.layer import Hints, study
from ..layers.model import model
from ..layers.single import Single, listed
from ..naming import called
from ..plan.effort import Level
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Options
from ..subject.guards import generators_restored
from ..subject.providers import Products
from .callsite import call_in_source
from .options import checked, validate


@public("gp.check_layer(layer, *inputs)", report=True)
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
    effort: Level = "standard",
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
        backward returns a gradient of them; the first one if it returns none at all. Anything else
        is handed on.
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


@public("gp.check_layers(layers, *inputs, loss=...)", report=True)
def check_layers(
    layers: Any,
    *inputs: Any,
    loss: Any = None,
    forward: Any = None,
    backward: Any = None,
    params: Any = None,
    grads: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Find out which layer of a model is at fault, and in which of its gradients.

    Every call of a layer is measured on its own, in one backward pass of the model and a few
    forward passes that serve all of them.

    Parameters
    ----------
    layers : list, mapping, object or function
        Layers that are called one after the other (in place of one, a pair of functions ``(forward,
        backward)``); or an object that holds layers and has a forward and a backward itself; or a
        function that calls layers, and then every call is pulled back by itself.
    *inputs
        What the first layer, or the object or function, is given.
    loss : optional
        What the output is given to: an object with a forward and a backward, a function that
        returns ``(value, gradient)``, or a tuple of either and its further arguments. Without it
        the cotangents are random.
    forward, backward, params, grads
        As for ``gp.check_layer``, of every layer.
    kwargs : mapping, optional
        Keyword arguments for every forward that takes them.
    effort, seed, correct_below, wrong_above, name
        As for ``gp.check``; the effort is that of looking into a layer which is at fault.

    Returns
    -------
    Report
        ``operations`` are the calls in the order of execution, each with its verdict; ``path`` is
        the position in the list, the key in the mapping, or the attribute (``block.fc1``), and
        ``inputs`` names the gradients that are wrong. A layer that calls others is judged for what
        it does between them. ``blocks`` and ``findings`` are those of the layers at fault.

    Raises
    ------
    UsageError
        Where something is no layer, or cannot be guessed.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> class Scale:
    ...     def __init__(self, k):
    ...         self.k = np.full(3, k)
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x * self.k
    ...     def backward(self, dout):
    ...         self.dk = dout * self.x if self.k[0] < 3 else dout
    ...         return dout * self.k
    >>> report = gp.check_layers([Scale(2.0), Scale(3.0), Scale(1.0)], np.ones(3) / 3)
    >>> [(call.path, call.inputs) for call in report.operations if call.verdict != "correct"]
    [('1', ('k',))]

    """
    hints = Hints(
        forward, backward, params, grads, kwargs=dict(kwargs or {}), seed=int(seed)
    )  # fmt: skip
    options = Options((), None, effort, seed, correct_below, wrong_above, name)
    validate(check_layers, options)
    began = time.perf_counter()
    with generators_restored(), np.errstate(all="ignore"):
        built = model(layers, loss, hints)
        try:
            claims = built.claims(inputs)
            built.state.restore()
            found, line = balances(built, inputs, claims, options)
        finally:
            built.state.restore()
        chosen = to_look_into(found, line, options)
        local = {k: report for k in chosen if (report := _local(found[k], options)) is not None}
    title = name or (called(layers) if not isinstance(layers, list | tuple | dict) else "layers")
    report = composed(title, found, local, line, options)
    return replace(
        report,
        seconds=time.perf_counter() - began,
        reproduce=call_in_source(int(seed)),
    )


def _local(one: Balance, options: Options) -> Report | None:
    """The check of a layer at fault by itself; None where it cannot be made."""
    record = one.record
    if record.entry.layer.mute:
        return None
    single = Single(record.entry.layer, record.inputs)
    return single_report(single, replace(options, name=record.entry.layer.name))


def single_report(single: Single, options: Options) -> Report:
    """The report of one layer at some inputs; the layer is put back as it was."""
    fun, vjp = single.functions()
    options = replace(options, notes=(*options.notes, *single.notes()))
    try:
        report = checked(fun, Point(single.point), Products(vjp), options)
    finally:
        single.layer.state.restore()
    return replace(
        report,
        findings=(*single.reported(), *report.findings),
        left_alone=(*report.left_alone, *single.left_alone.items()),
    )
