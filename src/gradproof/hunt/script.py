"""A script of a few lines that shows a fault by itself, and the same as a pytest test."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..report.report import Report
from ..space import tree
from .domains import PositiveDefinite
from .layout import WRITTEN, layout_of
from .target import POINT, CaseTarget, Function, Layer, Module, Target, to_library
from .writing import UnwritableError, Writer


def scripts(target: Target, values: Mapping[str, Any], report: Report) -> tuple[str, str]:
    """A script that prints the report, and a test that fails with it; empty where there is none.

    Where the source of a function cannot be had, it is imported from where it lies.
    """
    for importing in (False, True):
        writer = Writer()
        writer.bind("gp", sys.modules["gradproof"])
        try:
            before, call = _call(writer, target, values, report.seed, importing=importing)
        except (UnwritableError, RecursionError):
            continue
        script = writer.text(*before, f"report = {call}", "print(report)")
        name = re.sub(r"\W+", "_", target.name).strip("_").lower() or "fun"
        inside = [*before, f"report = {call}", "assert report.ok, report.message"]
        body = textwrap.indent("\n".join(inside), "    ")
        return script, writer.text("", f"def test_gradient_of_{name}():", body)
    return "", ""


def shows_it(script: str) -> bool:
    """Whether a script, by itself, comes to a report that rejects."""
    scope: dict[str, Any] = {"__name__": "gradproof_script"}
    try:
        with np.errstate(all="ignore"):
            exec(compile(script.replace("print(report)", ""), "script", "exec"), scope)  # noqa: S102
    except Exception:  # noqa: BLE001 - then it does not
        return False
    return bool(scope["report"].verdict.rejects)


Call = tuple[list[str], str]


def _call(
    writer: Writer, target: Target, values: Mapping[str, Any], seed: int, *, importing: bool
) -> Call:
    if isinstance(target, Function):
        return _of_function(writer, target, values, seed, importing=importing)
    if isinstance(target, CaseTarget):
        name = _known(writer, target.case, "case", importing=importing)
        given = ", ".join(f"{key}={writer.expression(value)}" for key, value in values.items())
        return [], f"gp.check(**{name}({given}))"
    if isinstance(target, Layer):
        layer = writer.expression(target.layer)
        inputs, more = _inputs(writer, values)
        return [], f"gp.check_layer({', '.join([layer, *inputs])}{more})"
    assert isinstance(target, Module)
    moved = {name: to_library(value, "torch") for name, value in values.items()}
    name = _known(writer, target.module, "module", importing=importing)
    inputs, more = _inputs(writer, moved)
    return [], f"gp.check_module({', '.join([name, *inputs])}{more})"


def _inputs(writer: Writer, values: Mapping[str, Any]) -> tuple[list[str], str]:
    options = dict(values)
    point = options.pop(POINT)
    inputs = point if isinstance(point, tuple) else (point,)
    more = f", kwargs={writer.expression(options)}" if options else ""
    return [writer.expression(one) for one in inputs], more


def _of_function(
    writer: Writer, target: Function, values: Mapping[str, Any], seed: int, *, importing: bool
) -> Call:
    point, options = target.given(values)
    fun = _known(writer, target.fun, "fun", importing=importing)
    grad = None
    if target.grad is True:
        grad = "True"
    elif target.grad is not None:
        grad = _known(writer, target.grad, "grad", importing=importing)
    before = _point(writer, point)
    fun, grad = _laid_out(point, fun, grad)
    if isinstance(target.family.spaces[0], PositiveDefinite) and isinstance(point, np.ndarray):
        before.append("symmetric = lambda a: (a + a.T) / 2")
        grad = f"lambda a, **k: symmetric({grad}(symmetric(a), **k))"
        fun = f"lambda a, **k: {fun}(symmetric(a), **k)"
    more = f", kwargs={writer.expression(options)}" if options else ""
    more += f", seed={seed}"
    if target.elementwise and grad is not None:
        rest = ", **k" if options else ""
        vjp = f"lambda x, g{rest}: g * {grad}(x{rest})"
        return before, f"gp.check_vjp({fun}, {vjp}, point{more})"
    return before, f"gp.check({fun}, point{'' if grad is None else f', grad={grad}'}{more})"


def _point(writer: Writer, point: Any) -> list[str]:
    return [f"point = {writer.expression(_plain(point))}"]


def _plain(point: Any) -> Any:
    flat = tree.flatten(point, "")
    leaves = [np.array(x, order="C") if type(x) is np.ndarray else x for x in flat.leaves]
    return flat.unflatten(leaves)


def _laid_out(point: Any, fun: str, grad: str | None) -> tuple[str, str | None]:
    """The functions called with an array that lies in memory as it did."""
    how = layout_of(point) if type(point) is np.ndarray else ""
    if not how:
        return fun, grad
    inside = WRITTEN[how].format("x")
    fun = f"lambda x, **k: {fun}({inside}, **k)"
    if grad is not None and grad != "True":
        grad = f"(lambda x, **k: {grad}({inside}, **k))"
    return fun, grad


def _known(writer: Writer, thing: Any, usual: str, *, importing: bool) -> str:
    """A name for a function, whose source goes into the script or which is imported."""
    name = str(getattr(thing, "__name__", usual))
    if not importing:
        if name.isidentifier() and writer.bound.get(name, thing) is thing:
            text = writer.expression(thing)
            return text if text.isidentifier() or "." in text else writer.bind(usual, thing)
        return writer.bind(usual, thing)
    home = str(getattr(thing, "__module__", "") or "")
    found = getattr(sys.modules.get(home), name, None)
    if home in ("", "__main__") or found is not thing:
        raise UnwritableError(f"{name} can be neither written down nor imported")
    writer.imports[f"from {home} import {name}"] = None
    return name
