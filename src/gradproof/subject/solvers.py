"""Functions that solve for something, no further than to a tolerance."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, TypeVar

from ..naming import is_library
from ..profiling import profiled
from .surroundings import functions

# By name, with the relative tolerance that each has by default (SciPy 1.11 to 1.16, torchdiffeq,
# diffrax).
_KNOWN = {
    **dict.fromkeys(("solve_ivp", "solve_bvp", "RK45", "RK23", "DOP853", "Radau", "BDF"), 1e-3),
    **dict.fromkeys(("LSODA", "diffeqsolve"), 1e-3),
    **dict.fromkeys(("odeint", "odeint_adjoint", "quad", "nquad", "dblquad"), 1.5e-8),
    **dict.fromkeys(("cg", "cgs", "bicg", "bicgstab", "gmres", "lgmres", "minres", "qmr"), 1e-5),
    **dict.fromkeys(("gcrotmk", "tfqmr"), 1e-5),
    **dict.fromkeys(("lsqr", "lsmr"), 1e-6),
    **dict.fromkeys(("fsolve", "newton", "fixed_point", "root", "newton_krylov"), 1e-6),
    **dict.fromkeys(("brentq", "brenth", "bisect", "ridder", "toms748"), 1e-11),
    **dict.fromkeys(("minimize", "minimize_scalar", "least_squares"), 1e-5),
}

_COARSEST = 1e-2
_Node = TypeVar("_Node", bound=ast.AST)

# What a tolerance is called: the relative one first, since it is the one that counts.
_TOLERANCES = ("rtol", "tol", "epsrel", "xtol", "ftol", "gtol", "eps", "btol", "atol", "epsabs")


@dataclass(frozen=True, slots=True)
class Solver:
    """A solver by name, and its relative tolerance."""

    name: str
    tolerance: float


def solver(call: Callable[[], object], *given: Any) -> Solver | None:
    """The coarsest solver that functions, or those of their file that they call, name.

    ``call`` calls the function under test, to see with what tolerances its loops are run.
    """
    found = [*_met(call), *[known for function in given for known in _called(function)]]
    return max(found, key=lambda one: one.tolerance, default=None)


def _met(call: Callable[[], object]) -> list[Solver]:
    """The small numbers at which the loops of the user's code stop while it runs."""
    limits: dict[CodeType, set[str]] = {}
    found: list[Solver] = []

    def look(frame: FrameType, event: str, _: object) -> None:
        if event != "return":
            return
        code = frame.f_code
        if code not in limits:
            limits[code] = set() if is_library(code.co_filename) else _limits(code)
        for name in limits[code]:
            value = frame.f_locals.get(name, frame.f_globals.get(name))
            if isinstance(value, float) and 0 < value <= _COARSEST:
                found.append(Solver(code.co_name, float(value)))

    with profiled(look):
        call()
    return found


def _limits(code: CodeType) -> set[str]:
    """Names of a loop that may be its tolerance: in what it stops at, or called one."""
    loops = [n for n in ast.walk(_source(code)) if isinstance(n, ast.While | ast.For)]
    if not loops:
        return set()
    called = {*_TOLERANCES, "tolerance"} - {"eps"}  # in what divides, too
    tested = {n.id for loop in loops for test in _tests(loop) for n in _walked(test, ast.Name)}
    return tested | {n.id for loop in loops for n in _walked(loop, ast.Name) if n.id in called}


def _called(function: Any) -> list[Solver]:
    found = []
    for plain in functions(function):
        calls = [n for n in ast.walk(_source(plain)) if isinstance(n, ast.Call)]
        named = [(_name(call), call) for call in calls]
        found += [Solver(name, _set(call, _KNOWN[name])) for name, call in named if name in _KNOWN]
        loops = [n for n in ast.walk(_source(plain)) if isinstance(n, ast.While | ast.For)]
        found += [Solver(plain.__name__, limit) for loop in loops if (limit := _stops(loop)) > 0]
    return found


def _source(function: FunctionType | MethodType | CodeType) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)).strip().rstrip(","))
    except (OSError, TypeError, SyntaxError):
        return ast.Pass()


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _set(call: ast.Call, default: float) -> float:
    """The tolerance that a call asks for, where it is a number there."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    for name in _TOLERANCES:
        value = keywords.get(name)
        if isinstance(value, ast.Constant) and isinstance(value.value, float):
            return value.value
    return default


def _stops(loop: ast.While | ast.For) -> float:
    """The small number with which a loop compares what is left, or 0."""
    numbers = [n.value for test in _tests(loop) for n in _walked(test, ast.Constant)]
    return max([n for n in numbers if isinstance(n, float) and 0 < n <= _COARSEST], default=0.0)


def _tests(loop: ast.While | ast.For) -> list[ast.expr]:
    """What ends a loop."""
    tests = [loop.test] if isinstance(loop, ast.While) else []
    return tests + [n.test for n in _walked(loop, ast.If) if _breaks(n)]


def _walked(tree: ast.AST, kind: type[_Node]) -> list[_Node]:
    return [n for n in ast.walk(tree) if isinstance(n, kind)]


def _breaks(branch: ast.If) -> bool:
    return any([isinstance(n, ast.Break | ast.Return) for n in branch.body])
