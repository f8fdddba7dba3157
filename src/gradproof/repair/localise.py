"""Where the fault may be: the code that computes the gradient, and what its names held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np

from ..errors import UsageError
from ..naming import is_library
from ..profiling import profiled
from ..report.report import Report
from ..subject.obtain import call_grad
from ..subject.providers import Autodiff, Jacobian, watchable
from ..subject.session import Session
from .hints import MODULE, RETURN, Held, Names, shape_of
from .patch import alive, function_of, source_of

_MOST_ITEMS = 64  # of a container or an object: what is larger is data
_NOT_EDITED = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<module>")

_NO_CODE = "None of the code that computes the gradient is yours: there is no source to repair."


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Functions of one file that may be edited, the text that they came from, and what ran."""

    file: str
    functions: tuple[FunctionType, ...]
    source: str
    held: Names

    @property
    def names(self) -> list[str]:
        """The qualified names of the functions."""
        return [function.__code__.co_qualname for function in self.functions]

    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """What arrays the names of the functions held, by their shapes."""
        every = (item for names in self.held.values() for item in names.items())
        return ((name, held) for name, held in every if isinstance(held, tuple) and held)


def places(session: Session, report: Report) -> list[Place]:
    """Where to look, the likeliest first; ``UsageError`` where there is no source at all."""
    found, refusals = [], []
    for codes, held in _ran(session, report):
        functions, source = [], ""
        for function in _functions(codes):
            try:
                source = source_of(function)
                functions.append(function)
            except UsageError as error:
                refusals.append(error)
        if functions:
            file = functions[0].__code__.co_filename
            found.append(Place(file, tuple(functions), source, held))
    if not found:
        raise refusals[0] if refusals else UsageError(_NO_CODE)
    return found


def given(session: Session) -> Any:
    """The user's own code that computes the claim."""
    if isinstance(session.grad, Autodiff):
        return session.fun
    return session.grad.function if isinstance(session.grad, Jacobian) else watchable(session)


def _ran(session: Session, report: Report) -> Iterator[tuple[list[CodeType], Names]]:
    """The backward at fault, where one call is; then file by file what ran.

    What runs for the gradient alone comes before what ``fun`` runs as well, a library of the user's
    before the file that the gradient was given from, unless a line of that is named.
    """
    own = _own(session)
    value, gradient = Traced(own=own), Traced(own=own)
    first = value.run(session.result)
    gradient.run(lambda: call_grad(session, first))
    files = list(dict.fromkeys([*_named(report), *_others(gradient, own), own]))
    apart = [code for code in gradient.codes if code not in value.codes]
    suspected = [code for code in gradient.codes if _is_suspect(code, report)]
    shared = [code for code in gradient.codes if code not in apart]
    seen = set[CodeType]()
    for group in (suspected, apart, shared):
        for file in files:
            chosen = [code for code in group if code.co_filename == file and code not in seen]
            seen.update(chosen)
            if chosen:
                # What names of the module held is known also where only ``fun`` read them.
                held, others = gradient.held.get(file, {}), value.held.get(file, {})
                yield chosen, {**held, MODULE: others.get(MODULE, {}) | held.get(MODULE, {})}


def _named(report: Report) -> Iterator[str]:
    """The files of the lines that the findings name, but not of one that only hands on."""
    lines = (finding.line for finding in report.findings if finding.line is not None)
    return (line.file for line in lines if line.function != "<lambda>")


def _others(gradient: Traced, own: str) -> Iterator[str]:
    """The other files of the user's own code."""
    return (code.co_filename for code in gradient.codes if code.co_filename != own)


def _is_suspect(code: CodeType, report: Report) -> bool:
    """Whether some code is the backward of the call that is at fault."""
    lines = {line for _, _, line in code.co_lines() if line is not None}
    lines.add(code.co_firstlineno)
    return any(
        operation.verdict.rejects and operation.file == code.co_filename and operation.line in lines
        for operation in report.operations
    )


def _own(session: Session) -> str:
    """The file of what was given as the gradient: to be edited even in an installed package.

    That is not so for a function that a framework differentiates: it may be the framework's own.
    """
    if not isinstance(session.grad, Autodiff):
        with suppress(UsageError):
            return function_of(given(session)).__code__.co_filename
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

    That is what lies in no installed library, and the file ``own`` wherever it lies. ``held`` has
    by file and qualified name what each name held when the function returned.
    """

    codes: dict[CodeType, None] = field(default_factory=dict)
    own: str = ""
    held: dict[str, dict[str, dict[str, Held]]] = field(default_factory=dict)

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function and note what runs."""
        with profiled(self._note):
            return function()

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        file = code.co_filename
        if event not in ("call", "return") or (file != self.own and is_library(file)):
            return
        if event == "call":
            if not code.co_qualname.endswith(_NOT_EDITED):
                self.codes.setdefault(code)
            return
        held = self.held.setdefault(file, {})
        read = {n: frame.f_globals[n] for n in code.co_names if n in frame.f_globals}
        for name, names in ((code.co_qualname, frame.f_locals), (MODULE, read)):
            held.setdefault(name, {}).update(_all_held(names))
        if (returned := shape_of(_known(argument))) is not None:
            held[code.co_qualname][RETURN] = returned


def _all_held(names: Mapping[str, Any]) -> Iterator[tuple[str, Held]]:
    """What each name held, and what the containers and objects among them do."""
    for name, value in names.items():
        if name.isidentifier():
            yield name, _known(value)
            inside = ((key, _known(held)) for key, held in _inside(name, value))
            yield from ((key, held) for key, held in inside if held is not None)


def _inside(name: str, value: Any) -> list[tuple[str, Any]]:
    """What stands in a value, under the expressions that lead to it."""
    items: Iterator[tuple[str, Any]] = iter(())
    if isinstance(value, Mapping):
        items = ((f"{name}[{key!r}]", one) for key, one in value.items())
    elif isinstance(value, list | tuple):
        items = ((f"{name}[{k}]", one) for k, one in enumerate(value))
    elif type(value).__module__ not in ("builtins", "numpy") and not callable(value):
        own, shared = getattr(value, "__dict__", {}), vars(type(value))
        numbers = {k: v for k, v in shared.items() if type(v) in (int, float) and k[0] != "_"}
        items = ((f"{name}.{key}", one) for key, one in {**numbers, **own}.items())
    held = list(islice(items, _MOST_ITEMS + 1))
    return held if len(held) <= _MOST_ITEMS else []


def _known(value: Any) -> Held:
    """A real number as it is, of an array its shape; None for anything else."""
    if isinstance(value, int | float | np.number) and not isinstance(value, np.complexfloating):
        return None if isinstance(value, bool) else float(value)
    if isinstance(value, complex | np.generic | np.ndarray):
        return tuple(np.shape(value))
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        with suppress(TypeError):
            return tuple(int(length) for length in value.shape)
    return None
