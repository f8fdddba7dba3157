"""What the code under test says of itself: the numbers it compares with, and what it uses."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..naming import is_library
from .space import Hints

_MOST_FUNCTIONS = 40
_MOST_NUMBERS = 16
_LARGEST_SIZE = 512
_MOST_HELD = 8  # entries of an array that may be settings
_COMPLEX = {"conj", "conjugate", "imag", "real", "iscomplexobj", "vdot", "complex128", "angle",
            "complex64", "complexfloating", "is_complex", "view_as_real", "iscomplex"}  # fmt: skip
# These are on the menu anyway.
_KNOWN = {0.0, 1.0, 2.0, 0.5, 3.0, 10.0, 100.0, 1000.0, 1e-8, 1e-3, 30.0}


def functions(roots: Sequence[Any]) -> list[FunctionType]:
    """Plain functions that some callables are made of, and those that they call by name.

    Functions of installed packages count only where they lie in the package of a root.
    """
    found: dict[int, FunctionType] = {}
    queue = [plain for root in roots for plain in unwrapped(root)]
    packages = {_package(function) for function in queue}
    while queue and len(found) < _MOST_FUNCTIONS:
        function = queue.pop(0)
        if id(function) in found:
            continue
        found[id(function)] = function
        inside = [inner for value in held(function).values() for inner in unwrapped(value)]
        queue += [
            inner
            for inner in inside
            if not is_library(inner.__code__.co_filename)
            or inner.__code__.co_filename == "<string>"
            or _package(inner) in packages
        ]
    return list(found.values())


def unwrapped(thing: Any) -> list[FunctionType]:
    """The plain functions inside a callable: a method's, a partial's, a custom rule's."""
    found, queue, seen = list[FunctionType](), [thing], set[int]()
    while queue and len(seen) < 32:
        one = queue.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, FunctionType):
            found.append(one)
        elif isinstance(one, MethodType):
            queue.append(one.__func__)
        elif isinstance(one, partial):
            queue.append(one.func)
        elif isinstance(one, type):
            queue += [f for name, f in vars(one).items() if name in ("forward", "backward")]
        elif isinstance(one, staticmethod | classmethod):
            queue.append(one.__func__)
        elif not isinstance(one, ModuleType) and callable(one):
            state = getattr(one, "__dict__", {})
            queue += [state[k] for k in ("fun", "fwd", "bwd", "jvp", "__wrapped__") if k in state]
            call = vars(type(one)).get("__call__")
            queue += [call] if isinstance(call, FunctionType) else []
    return found


def held(function: FunctionType) -> dict[str, Any]:
    """The globals, closure variables and defaults that a function reads, by name."""
    found: dict[str, Any] = {}
    for code in codes(function.__code__):
        found |= {n: function.__globals__[n] for n in code.co_names if n in function.__globals__}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    for name, cell in cells:
        try:
            found[name] = cell.cell_contents
        except ValueError:  # it has no value yet
            continue
    for name, value in inspect.signature(function).parameters.items():
        if value.default is not inspect.Parameter.empty:
            found.setdefault(name, value.default)
    return found


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def hints(roots: Sequence[Any]) -> Hints:
    """The numbers, the sizes and the types that the code of some functions mentions."""
    numbers: dict[float, None] = {}
    sizes: dict[int, None] = {}
    is_complex = False
    for function in functions(roots):
        for value in _constants(function):
            if isinstance(value, int) and 2 < value <= _LARGEST_SIZE:
                sizes[value] = None
            number = float(value)
            if abs(number) not in _KNOWN and math.isfinite(number):
                numbers[number] = None
        names = {name for code in codes(function.__code__) for name in code.co_names}
        is_complex = is_complex or bool(names & _COMPLEX)
    ordered = sorted(numbers, key=lambda n: (n.is_integer(), abs(math.log10(abs(n) or 1.0))))
    return Hints(tuple(ordered[:_MOST_NUMBERS]), tuple(sizes)[:6], is_complex)


def _constants(function: FunctionType) -> Iterator[int | float]:
    for code in codes(function.__code__):
        yield from _numbers(code.co_consts)
    yield from _numbers(held(function).values())
    owner = getattr(function, "__self__", None)
    yield from _numbers(getattr(owner, "__dict__", {}).values())


def _numbers(values: Any) -> Iterator[int | float]:
    for value in values:
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            if abs(value) < 1e300:
                yield value
        elif isinstance(value, np.integer | np.floating):
            yield value.item()
        elif isinstance(value, tuple | list | frozenset) and len(value) <= _MOST_HELD:
            yield from _numbers(value)
        elif (
            isinstance(value, np.ndarray) and value.size <= _MOST_HELD and value.dtype.kind in "fi"
        ):
            yield from value.reshape(-1).tolist()


def mentioned(root: Any, library: str) -> bool:
    """Whether the code of a callable uses something of a library."""
    if type(root).__module__.partition(".")[0] in (library, f"{library}lib"):
        return True
    owner = getattr(root, "__self__", None)
    if owner is not None and _home(owner if isinstance(owner, type) else type(owner)) == library:
        return True
    for function in functions([root]):
        if _package(function) == library:
            return True
        if any(_home(value) == library for value in held(function).values()):
            return True
    bases: Callable[[type], Sequence[type]] = lambda kind: kind.__mro__  # noqa: E731
    return isinstance(owner, type) and any(_home(kind) == library for kind in bases(owner))


def _home(value: Any) -> str:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return str(name or type(value).__module__).partition(".")[0]


def _package(function: FunctionType) -> str:
    return str(function.__module__ or "").partition(".")[0]
