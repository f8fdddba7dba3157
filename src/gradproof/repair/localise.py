"""Where the fault may be: the code that computes the gradient, and what its names held."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeVar

import numpy as np

from ..diagnose.lines import is_library
from ..errors import UsageError
from ..records.finding import Finding
from ..subject.obtain import call_grad
from ..subject.providers import Autodiff, Jacobian, watchable
from ..subject.session import Session
from .hints import MODULE, RETURN, Shape, Shapes, Values
from .patch import alive, function_of, source_of

T = TypeVar("T")

_MOST_ITEMS = 64  # of a container or an object: what is larger is data
_NOT_EDITED = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<module>")

_NO_CODE = "None of the code that computes the gradient is yours: there is no source to repair."


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Functions of one file that may be edited, the text that they came from, and what ran."""

    file: str
    functions: tuple[FunctionType, ...]
    source: str
    shapes: Shapes
    values: Values

    @property
    def names(self) -> list[str]:
        """The qualified names of the functions."""
        return [function.__code__.co_qualname for function in self.functions]


def places(session: Session, findings: Sequence[Finding]) -> list[Place]:
    """Where to look, the likeliest first; ``UsageError`` where there is no source at all."""
    found, refusals = [], []
    for codes, shapes, values in _ran(session, findings):
        functions, source = [], ""
        for function in _functions(codes):
            try:
                source = source_of(function)
            except UsageError as error:
                refusals.append(error)
            else:
                functions.append(function)
        if functions:
            file = functions[0].__code__.co_filename
            found.append(Place(file, tuple(functions), source, shapes, values))
    if not found:
        raise refusals[0] if refusals else UsageError(_NO_CODE)
    return found


def given(session: Session) -> Any:
    """The user's own code that computes the claim."""
    if isinstance(session.grad, Autodiff):
        return session.fun
    return session.grad.function if isinstance(session.grad, Jacobian) else watchable(session)


def _ran(
    session: Session, findings: Sequence[Finding]
) -> Iterator[tuple[list[CodeType], Shapes, Values]]:
    """Where a line is named, where the gradient is, the rest.

    First what runs for the gradient alone, in all files, then what ``fun`` runs as well.
    """
    own = _own(session)
    value, gradient = Traced(own=own), Traced(own=own)
    first = value.run(session.result)
    gradient.run(lambda: call_grad(session, first))
    rejected = [finding.line.file for finding in findings if finding.line is not None]
    files = dict.fromkeys([*rejected, own, *(code.co_filename for code in gradient.codes)])
    for shared in (False, True):
        for file in files:
            codes = [code for code in gradient.codes if code.co_filename == file]
            apart = [code for code in codes if code not in value.codes]
            chosen = codes if shared and len(apart) < len(codes) else [] if shared else apart
            if chosen:
                shapes = _with_module(gradient.shapes, value.shapes, file)
                values = _with_module(gradient.values, value.values, file)
                yield chosen, shapes, values


def _with_module(
    names: Mapping[str, dict[str, dict[str, T]]],
    others: Mapping[str, dict[str, dict[str, T]]],
    file: str,
) -> dict[str, dict[str, T]]:
    """What names of a file held, those of its module also where only ``fun`` read them."""
    here = names.get(file, {})
    return {**here, MODULE: {**others.get(file, {}).get(MODULE, {}), **here.get(MODULE, {})}}


def _own(session: Session) -> str:
    """The file of what was given as the gradient: to be edited even in an installed package.

    That is not so for a function that a framework differentiates: it may be the framework's own.
    """
    if isinstance(session.grad, Autodiff):
        return ""
    try:
        return function_of(given(session)).__code__.co_filename
    except UsageError:
        return ""


def _functions(codes: Sequence[CodeType]) -> list[FunctionType]:
    """The functions that run some code, in its order."""
    wanted = {code: place for place, code in enumerate(codes)}
    files = {code.co_filename for code in codes}  # the same code in another one is equal to it
    found = [function for function in alive(files) if function.__code__ in wanted]
    return sorted(found, key=lambda function: wanted[function.__code__])


@dataclass(slots=True)
class Traced:
    """The user's code that ran, in the order in which it was first entered.

    That is what lies in no installed library, and the file ``own`` wherever it lies. ``shapes``
    has by file and qualified name what each name held when the function returned, and
    ``values`` which number.
    """

    codes: dict[CodeType, None] = field(default_factory=dict)
    own: str = ""
    shapes: dict[str, dict[str, dict[str, Shape | None]]] = field(default_factory=dict)
    values: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function and note what runs."""
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            return function()
        finally:
            # A profiler written in C cannot be started again from here.
            sys.setprofile(before if callable(before) else None)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        file = code.co_filename
        if event not in ("call", "return") or (file != self.own and is_library(file)):
            return
        if event == "call":
            if not code.co_qualname.endswith(_NOT_EDITED):
                self.codes.setdefault(code)
            return
        shapes, values = self.shapes.setdefault(file, {}), self.values.setdefault(file, {})
        read = {n: frame.f_globals[n] for n in code.co_names if n in frame.f_globals}
        for name, names in ((code.co_qualname, frame.f_locals), (MODULE, read)):
            shapes.setdefault(name, {}).update(_shapes(names))
            values.setdefault(name, {}).update(_numbers(names))
        if (shape := _shape(argument)) is not None:
            shapes[code.co_qualname][RETURN] = shape


def _shapes(names: Mapping[str, Any]) -> dict[str, Shape | None]:
    """Of each name, and of what the containers and objects among them hold."""
    shapes = {name: _shape(value) for name, value in _all_held(names)}
    return {key: shape for key, shape in shapes.items() if shape is not None or key in names}


def _numbers(names: Mapping[str, Any]) -> dict[str, float]:
    """Of each name that holds a real number, and of what holds one."""
    real = (int, float, np.number)
    known = {name: value for name, value in _all_held(names) if isinstance(value, real)}
    odd = (bool, np.complexfloating)
    return {name: float(value) for name, value in known.items() if not isinstance(value, odd)}


def _all_held(names: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in names.items():
        if name.isidentifier():
            yield name, value
            yield from _held(name, value)


def _held(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What stands in a value, under the expressions that lead to it."""
    if isinstance(value, Mapping):
        if len(value) <= _MOST_ITEMS:
            yield from ((f"{name}[{key!r}]", held) for key, held in value.items())
    elif isinstance(value, list | tuple):
        if len(value) <= _MOST_ITEMS:
            yield from ((f"{name}[{index}]", held) for index, held in enumerate(value))
    elif type(value).__module__ not in ("builtins", "numpy") and not callable(value):
        inside = getattr(value, "__dict__", {})
        if len(inside) <= _MOST_ITEMS:
            yield from ((f"{name}.{key}", held) for key, held in inside.items())


def _shape(value: Any) -> Shape | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | complex | np.generic | np.ndarray):
        return tuple(np.shape(value))
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        try:
            return tuple(int(length) for length in value.shape)
        except TypeError:
            return None
    return None
