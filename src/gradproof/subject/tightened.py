"""Solvers with their tolerances cut, for as long as somebody looks."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from types import FunctionType
from typing import Any

from .surroundings import functions

# By module and name: the tolerances of each, with what it takes where nothing is said (SciPy 1.15,
# torchdiffeq 0.2).
_IVP = {"rtol": 1e-3, "atol": 1e-6}
_LINEAR = {"rtol": 1e-5}
_TOLERANCES: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "scipy.integrate": {
        **dict.fromkeys(("solve_ivp", "RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"), _IVP),
        "solve_bvp": {"tol": 1e-3},
        "odeint": {"rtol": 1.49e-8, "atol": 1.49e-8},
        "quad": {"epsrel": 1.49e-8, "epsabs": 1.49e-8},
        "dblquad": {"epsrel": 1.49e-8, "epsabs": 1.49e-8},
    },
    "scipy.sparse.linalg": {
        **dict.fromkeys(("cg", "cgs", "bicg", "bicgstab", "gmres", "lgmres"), _LINEAR),
        **dict.fromkeys(("minres", "qmr", "gcrotmk", "tfqmr"), _LINEAR),
        **{n: {"atol": 1e-6, "btol": 1e-6} for n in ("lsqr", "lsmr")},
    },
    "scipy.optimize": {
        "fsolve": {"xtol": 1.49e-8},
        "newton": {"tol": 1.48e-8},
        "fixed_point": {"xtol": 1e-8},
        "root": {"tol": 1.49e-8},
        "newton_krylov": {"f_tol": 6e-6},
        "least_squares": {"ftol": 1e-8, "xtol": 1e-8, "gtol": 1e-8},
        "minimize": {"tol": 1e-5},
    },
    "torchdiffeq": {n: {"rtol": 1e-7, "atol": 1e-9} for n in ("odeint", "odeint_adjoint")},
}

# What a tolerance is called in functions of the user's own.
_OWN = frozenset({"rtol", "tol", "tolerance", "xtol", "ftol", "gtol", "atol"})
_COARSEST = 1e-2
_FINEST = 1e-13


@contextmanager
def tightened(cut: float, *given: Any) -> Iterator[Callable[[], int]]:
    """Around calls of functions whose solvers are to go further; counts the calls of solvers.

    ``cut`` is what their tolerances are multiplied with.
    """
    calls = [0]
    every = [one for function in given for one in functions(function)]
    with ExitStack() as stack:
        known = {}
        for module, names in _TOLERANCES.items():
            there = sys.modules.get(module)
            for name, limits in names.items():
                original = getattr(there, name, None)
                if original is not None:
                    made = _further(original, limits, cut, calls)
                    known[id(original)] = made
                    stack.enter_context(_set(vars(there), name, made))
        for namespace in {id(one.__globals__): one.__globals__ for one in every}.values():
            for name, thing in list(namespace.items()):
                if id(thing) in known:
                    stack.enter_context(_set(namespace, name, known[id(thing)]))
        for one in every:
            stack.enter_context(_own_defaults(one, cut, calls))
        yield lambda: calls[0]


def _further(original: Any, limits: Mapping[str, float], cut: float, calls: list[int]) -> Any:
    try:
        signature = inspect.signature(original)
    except (TypeError, ValueError):
        return original

    @wraps(original, updated=())
    def further(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        positional = signature.bind_partial(*args).arguments
        for name, usual in limits.items():
            given = kwargs.get(name)
            if name not in positional:
                kwargs[name] = _smaller(usual if given is None else given, cut)
        return original(*args, **kwargs)

    return further


def _smaller(tolerance: Any, cut: float) -> Any:
    """A part of it, but nothing that double precision cannot reach."""
    if not isinstance(tolerance, float):
        return tolerance
    return max(cut * tolerance, min(tolerance, _FINEST))


@contextmanager
def _set(namespace: dict[str, Any], name: str, thing: Any) -> Iterator[None]:
    before = namespace[name]
    namespace[name] = thing
    try:
        yield
    finally:
        namespace[name] = before


@contextmanager
def _own_defaults(function: FunctionType, cut: float, calls: list[int]) -> Iterator[None]:
    """A function of the user's whose tolerance is a default of its own."""
    values = function.__defaults__ or ()
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    pairs = list(zip(names[len(names) - len(values) :], values, strict=True))
    new = tuple(_smaller(v, cut) if _is_tolerance(n, v) else v for n, v in pairs)
    if new == values:
        yield
        return
    calls[0] += 1
    function.__defaults__ = new
    try:
        yield
    finally:
        function.__defaults__ = values


def _is_tolerance(name: str, value: Any) -> bool:
    return name in _OWN and isinstance(value, float) and 0 < value <= _COARSEST


def named(function: Any) -> frozenset[str]:
    """The solvers that a function, or what it calls of its own file, names."""
    known = {name for names in _TOLERANCES.values() for name in names}
    names = (n for one in functions(function) for n in one.__code__.co_names)
    return frozenset(n for n in names if n in known)
