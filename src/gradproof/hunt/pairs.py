"""Functions and their derivatives in a package, found by what they are called.

``f`` and ``f_prime``, ``loss`` and ``gradient``, ``loglike`` and ``score``, ``score`` and
``hessian``, ``logpdf`` and ``dlogpdf``, ``energy`` and ``forces``,
``kernel(…, eval_gradient=True)``, and functions that return their own derivative for
``derivative=True``, ``nu=1`` or ``diff_n=1``.
"""

from __future__ import annotations

import importlib
import inspect
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import UsageError
from .arrays import Arrays
from .family import Family
from .space import Choices
from .target import POINT, Function

# How a derivative is named after its function, {} being the function's name.
_AFTER = ("{}_prime", "{}_deriv", "{}_derivative", "{}_der", "{}_grad", "{}_gradient", "{}_jac",
          "grad_{}", "gradient_{}", "d{}", "d_{}", "deriv_{}", "{}_d1")  # fmt: skip
# Methods by their own names: a function, what its derivative is called, and its sign.
_METHODS = (
    ("loss", "gradient", 1.0), ("loss", "grad", 1.0), ("objective", "gradient", 1.0),
    ("loglike", "score", 1.0), ("loglik", "score", 1.0), ("score", "hessian", 1.0),
    ("gradient", "hessian", 1.0), ("logpdf", "dlogpdf", 1.0), ("cdf", "pdf", 1.0),
    ("cdf", "derivative", 1.0), ("energy", "forces", -1.0), ("rho", "psi", 1.0),
    ("psi", "psi_deriv", 1.0), ("deriv", "deriv2", 1.0), ("__call__", "deriv", 1.0),
    ("inverse", "inverse_deriv", 1.0), ("inverse_deriv", "inverse_deriv2", 1.0),
    ("evaluate", "deriv", 1.0), ("__call__", "derivative", 1.0),
    ("variance", "deriv", 1.0), ("function", "derivative", 1.0),
)  # fmt: skip
# Arguments by which a function returns its own derivative, and what is passed.
_FLAGS: Mapping[str, tuple[Any, Any]] = {
    "derivative": (False, True), "nu": (0, 1), "diff_n": (0, 1), "deriv": (0, 1), "der": (0, 1),
}  # fmt: skip
_ORDERS = {"n", "order", "k", "m", "degree", "deg"}
_REAL_ORDERS = {"v", "nu", "alpha", "a", "b", "p", "df"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A function and its derivative, by a name that stays the same."""

    name: str
    fun: Callable[..., Any]
    grad: Callable[..., Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = (3,)
    low: float = -math.inf
    high: float = math.inf

    def target(self) -> Function:
        """What is hunted: the derivative at arrays of three entries, or of another shape."""
        point = Arrays(self.shape, ("float64",), self.low, self.high)
        family = Family({POINT: point, **self.settings})
        return Function(self.fun, self.grad, family, self.name)


@dataclass(frozen=True, slots=True)
class Package:
    """The pairs of a module, and the names of those that need an adapter, with the reason."""

    pairs: tuple[Pair, ...]
    need_adapter: tuple[tuple[str, str], ...]
    waived: tuple[tuple[str, str], ...] = ()


def pairs_of(name: str, waivers: str | None = None, catalogue: str | None = None) -> Package:
    """The pairs that a module or package holds, less those that are waived.

    Parameters
    ----------
    name : str
        A module, ``scipy.special``.
    waivers : str, optional
        A file with a line ``pair: reason`` for each pair that is as it is on purpose.
    catalogue : str, optional
        A TOML file with a table for each pattern of names, ``["*.links.Log*"]``: ``low`` and
        ``high`` of the domain, ``shape``, ``make``, an expression that makes an instance of a
        class, and ``settings``, lists of values for further arguments.

    Raises
    ------
    UsageError
        Where there is no such module or file.

    """
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"{name} cannot be imported: {error}.") from None
    reasons, adapters = _waivers(waivers), Catalogue.of(catalogue)
    found: dict[str, Pair] = {}
    missing: dict[str, str] = {}
    every = [
        *_by_name(module, adapters), *_by_flag(module, adapters),
        *_of_classes(module, missing, adapters),
    ]  # fmt: skip
    for pair in every:
        found.setdefault(pair.name, adapters.applied(pair))
    kept = tuple(pair for pair in found.values() if pair.name not in reasons)
    waived = tuple((n, reasons[n]) for n in found if n in reasons)
    return Package(kept, tuple(missing.items()), waived)


def _waivers(file: str | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"The waivers {file} cannot be read: {error.strerror}.") from None
    entries = (line.partition(": ") for line in lines if line.strip() and line[0] != "#")
    return {name.strip(): reason.strip() for name, _, reason in entries}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What pairs need beside what can be guessed: tables by patterns of names."""

    tables: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, file: str | None) -> Catalogue:
        """The tables of a file."""
        if file is None:
            return cls({})
        try:
            return cls(tomllib.loads(Path(file).read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"The catalogue {file} cannot be read: {error}.") from None

    def __call__(self, name: str) -> dict[str, Any]:
        """All that is said of a name; what stands further down counts."""
        found: dict[str, Any] = {}
        for pattern, table in self.tables.items():
            if fnmatchcase(name, pattern):
                found |= table
        return found

    def settings(self, name: str) -> dict[str, Any]:
        """Spaces for further arguments."""
        listed = self(name).get("settings", {})
        return {key: Choices(tuple(values)) for key, values in listed.items()}

    def applied(self, pair: Pair) -> Pair:
        """A pair with its domain."""
        said = self(pair.name)
        return replace(
            pair, shape=tuple(said.get("shape", pair.shape)), low=float(said.get("low", pair.low)),
            high=float(said.get("high", pair.high)),
        )  # fmt: skip


def _public(module: ModuleType) -> dict[str, Any]:
    """What a module offers, less what it only uses."""
    home = module.__name__.partition(".")[0]
    listed = getattr(module, "__all__", None) or [n for n in dir(module) if n[0] != "_"]
    return {
        name: value
        for name in listed
        if (value := getattr(module, name, None)) is not None
        and str(getattr(value, "__module__", None) or home).partition(".")[0] in (home, "builtins")
    }


def _by_name(module: ModuleType, adapters: Catalogue) -> Iterator[Pair]:
    every = {n: v for n, v in _public(module).items() if callable(v) and not inspect.isclass(v)}
    for name, fun in every.items():
        for pattern in _AFTER:
            grad = every.get(pattern.format(name))
            if grad is None:
                continue
            label = f"{module.__name__}.{name}/{pattern.format(name)}"
            settings = _settings(fun, POINT, adapters.settings(label))
            if settings is not None:
                yield Pair(label, fun, grad, settings)


def _by_flag(module: ModuleType, adapters: Catalogue) -> Iterator[Pair]:
    for name, fun in _public(module).items():
        if inspect.isclass(fun) or not callable(fun):
            continue
        for flag, (off, on) in _FLAGS.items():
            parameters = _parameters(fun)
            if flag not in parameters or parameters[flag].default != off:
                continue
            label = f"{module.__name__}.{name}({flag}={on!r})"
            settings = _settings(fun, flag, adapters.settings(label))
            if settings is not None:
                last = _point_of(fun)
                yield Pair(
                    label, Flagged(fun, last, flag, off), Flagged(fun, last, flag, on), settings
                )


@dataclass(frozen=True)
class Flagged:
    """A function of one of its arguments, with a flag set."""

    of: Callable[..., Any]
    point: str
    flag: str
    value: Any

    def __call__(self, x: Any, **settings: Any) -> Any:
        """Call it with the argument by its name."""
        return self.of(**{**settings, self.point: x, self.flag: self.value})


def _of_classes(module: ModuleType, missing: dict[str, str], adapters: Catalogue) -> Iterator[Pair]:
    for name, kind in _public(module).items():
        if not inspect.isclass(kind) or inspect.isabstract(kind):
            continue
        pairs = [(f, g, s) for f, g, s in _METHODS if _own(kind, f) and _own(kind, g)]
        if not pairs and not _takes_gradient(kind):
            continue
        label = f"{module.__name__}.{name}"
        try:
            made = adapters(label).get("make")
            instance = kind() if made is None else eval(made, dict(vars(module)))  # noqa: S307
        except Exception as error:  # noqa: BLE001 - it says in its own way what it needs
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            missing[label] = f"needs arguments ({said})"
            continue
        if _takes_gradient(kind):
            kernel = Kernel(instance)
            yield Pair(f"{label}(eval_gradient=True)", kernel.value, kernel.slope)
        for f, g, sign in pairs:
            settings = _settings(getattr(instance, f), POINT, adapters.settings(f"{label}.{f}/{g}"))
            if settings is None:
                missing[f"{label}.{f}/{g}"] = "takes further arguments"
                continue
            grad = getattr(instance, g)
            yield Pair(f"{label}.{f}/{g}", getattr(instance, f),
                       grad if sign > 0 else Negative(grad), settings)  # fmt: skip


@dataclass(frozen=True)
class Negative:
    """A function with the other sign: forces."""

    of: Callable[..., Any]

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """Minus what it returns."""
        return -np.asarray(self.of(*arguments, **settings))


@dataclass(frozen=True)
class Kernel:
    """A covariance as a function of the logarithms of its parameters."""

    kernel: Any

    def value(self, theta: Any) -> Any:
        """The covariance of five points."""
        return self.kernel.clone_with_theta(_few(self.kernel, theta))(_POINTS)

    def slope(self, theta: Any) -> Any:
        """What the kernel says is its derivative; zero for what is no parameter."""
        used = _few(self.kernel, theta)
        made = self.kernel.clone_with_theta(used)(_POINTS, eval_gradient=True)[1]
        whole = np.zeros((*made.shape[:2], np.size(theta)))
        whole[..., : made.shape[2]] = made
        return whole


_POINTS = np.array([[0.0, 0.1], [0.5, -0.2], [1.1, 0.7], [-0.6, 0.4], [0.5, -0.2]])


def _few(kernel: Any, theta: Any) -> Any:
    return np.asarray(theta)[: len(kernel.theta)]


def _takes_gradient(kind: type) -> bool:
    call = getattr(kind, "__call__", None)  # noqa: B004 - that of instances
    has = hasattr(kind, "clone_with_theta")
    return has and call is not None and "eval_gradient" in _parameters(call)


def _own(kind: type, name: str) -> bool:
    return callable(getattr(kind, name, None)) and (
        name != "__call__" or any(name in vars(one) for one in kind.__mro__[:-1])
    )


def _parameters(fun: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(fun).parameters
    except (TypeError, ValueError):
        return {}


def _point_of(fun: Any) -> str:
    """The last argument that has no default: the one that is differentiated."""
    needed = [p.name for p in _parameters(fun).values() if p.default is p.empty]
    return needed[-1] if needed else next(iter(_parameters(fun)), "x")


def _settings(fun: Any, flag: str, known: Mapping[str, Any]) -> dict[str, Any] | None:
    """Spaces for what a function needs beside its point; None where it is not known what."""
    parameters = _parameters(fun)
    if not parameters and not isinstance(fun, np.ufunc):
        return None
    needed = [
        p.name
        for p in parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if isinstance(fun, np.ufunc):
        return {} if fun.nin == 1 else None
    point = _point_of(fun) if flag in _FLAGS else next(iter(needed), "")
    found: dict[str, Any] = {}
    for name in needed:
        if name == point:
            continue
        if name in known:
            found[name] = known[name]
        elif name in _ORDERS:
            found[name] = Choices((1, 0, 2, 3, 5))
        elif name in _REAL_ORDERS:
            found[name] = Choices((1.0, 0.5, 2.0, 2.5))
        else:
            return None
    return found
