"""The code that may hold the fault, file by file, and the live functions that run it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, TypeVar

from ..errors import UsageError
from ..records.finding import Finding
from ..subject.obtain import call_grad
from ..subject.providers import Autodiff, Jacobian, watchable
from ..subject.session import Session
from .hinted import Shapes, Values
from .hints import MODULE
from .patch import function_of, source_of
from .traced import Traced

T = TypeVar("T")

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
    """Where a line is accused, where the gradient is, the rest.

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
    found = [
        thing
        for thing in gc.get_objects()
        if type(thing) is FunctionType
        and thing.__code__.co_filename in files
        and thing.__code__ in wanted
    ]
    return sorted(found, key=lambda function: wanted[function.__code__])
