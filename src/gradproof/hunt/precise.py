"""The user's own function in 60 digits: arrays of numbers of mpmath, functions of mpmath."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ..space.point import Point
from .rebuild import rebuilt

_DIGITS = 60
_STEP = "1e-22"

_METHODS = {
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "sin": "sin",
    "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "cbrt": "cbrt", "floor": "floor", "ceil": "ceil", "rint": "nint",
}  # fmt: skip


def precise_slopes(
    fun: Any, point: Point, steps: Sequence[Any], args: Any, kwargs: Mapping[str, Any]
) -> tuple[float, float] | None:
    """The slopes of a function of real numbers to the left and to the right of a point.

    None where it uses what has no counterpart in many digits.
    """
    try:
        import mpmath  # type: ignore[import-untyped]
    except ImportError:
        return None
    context = mpmath.mp.clone()
    context.dps = _DIGITS
    kind = _kind(context)
    precise = rebuilt(fun, _instead(context, kind))
    step = context.mpf(_STEP)

    def value(sign: int) -> Any:
        moved = [_moved(kind, point, b.index, d, sign * step) for b, d in
                 zip(point.blocks, steps, strict=True)]  # fmt: skip
        found = precise(point.assemble(moved), *args, **kwargs)
        single = np.asarray(found, dtype=object).reshape(-1)
        if single.size != 1 or not isinstance(single[0], kind):
            raise TypeError
        return single[0].v

    below, here, above = value(-1), value(0), value(1)
    return float((here - below) / step), float((above - here) / step)


def _moved(kind: Any, point: Point, block: int, direction: Any, step: Any) -> Any:
    leaf = point.leaf(block)
    if isinstance(leaf, float):
        return kind(kind.context.mpf(leaf) + step * float(np.asarray(direction).reshape(())))
    flat = np.empty(leaf.size, dtype=object)
    entries = zip(
        leaf.reshape(-1).tolist(), np.asarray(direction).reshape(-1).tolist(), strict=True
    )
    for k, (entry, move) in enumerate(entries):
        flat[k] = kind(kind.context.mpf(entry) + step * move)
    return flat.reshape(leaf.shape)


class Number:
    """A real number of many digits, as an entry of an array of objects of NumPy.

    NumPy calls the methods that are named after its functions.
    """

    __slots__ = ("v",)
    context: ClassVar[Any]

    def __init__(self, value: Any) -> None:
        self.v = value

    def __float__(self) -> float:
        return float(self.v)

    def __bool__(self) -> bool:
        return bool(self.v)

    def __hash__(self) -> int:
        return hash(self.v)

    def __repr__(self) -> str:
        return f"Number({self.v})"

    @property
    def real(self) -> Number:
        """Itself."""
        return self

    def conjugate(self) -> Number:
        """Itself."""
        return self


def _kind(context: Any) -> Any:
    """The class of numbers of one precision, with all its operators."""
    scope: dict[str, Any] = {"context": context, "__slots__": ()}
    for name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv"):
        act = getattr(operator, name)
        scope[f"__{name}__"] = _binary(context, act)
        scope[f"__r{name}__"] = _binary(context, lambda a, b, act=act: act(b, a))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        scope[f"__{name}__"] = _binary(context, getattr(operator, name))
    scope["__neg__"] = lambda self: type(self)(-self.v)
    scope["__pos__"] = lambda self: self
    scope["__abs__"] = lambda self: type(self)(abs(self.v))
    scope["__hash__"] = Number.__hash__
    for name, own in _METHODS.items():
        scope[name] = _method(context, own)
    scope["log2"] = lambda self: type(self)(context.log(self.v, 2))
    scope["log10"] = lambda self: type(self)(context.log10(self.v))
    return type("Precise", (Number,), scope)


def _binary(context: Any, act: Callable[..., Any]) -> Any:
    """An operator between such a number and any other number."""

    def method(self: Any, value: Any) -> Any:
        if isinstance(value, Number):
            right = value.v
        elif isinstance(value, bool | int | float | np.number | np.bool_):
            right = context.mpf(value.item() if isinstance(value, np.generic) else value)
        else:
            return NotImplemented
        made = act(self.v, right)
        if isinstance(made, context.mpc):
            raise TypeError
        return made if isinstance(made, bool) else type(self)(made)

    return method


def _method(context: Any, name: str) -> Any:
    act = getattr(context, name)

    def method(self: Any) -> Any:
        made = act(self.v)
        if isinstance(made, context.mpc):
            raise TypeError
        return type(self)(made)

    return method


def _instead(context: Any, kind: Any) -> dict[int, Any]:
    """What stands in the places of NumPy, of ``math`` and of SciPy's special functions."""
    instead: dict[int, Any] = {}
    special = {name: _spread(context, kind, act) for name, act in _special(context).items()}
    math_like = {name: _spread(context, kind, getattr(context, own)) for name, own in
                 {**_METHODS, "asin": "asin", "acos": "acos", "atan": "atan", "gamma": "gamma",
                  "lgamma": "loggamma", "erf": "erf", "erfc": "erfc"}.items()}  # fmt: skip
    instead[id(math)] = _Proxy(math, math_like)
    for name, made in math_like.items():
        if hasattr(math, name):
            instead[id(getattr(math, name))] = made
    numpy_like = {
        "logaddexp": special["logaddexp"], "isfinite": _true, "float64": _same,
        "sign": _spread(context, kind, context.sign), "asarray": _array, "array": _array,
        "linalg": _Proxy(np.linalg, {"norm": _norm}), "isnan": _false,
    }  # fmt: skip
    instead[id(np)] = _Proxy(np, numpy_like)
    module = sys.modules.get("scipy.special")
    if module is not None:
        instead[id(module)] = _Proxy(module, special)
        for name, made in special.items():
            if hasattr(module, name):
                instead[id(getattr(module, name))] = made
        whole = sys.modules.get("scipy")
        instead[id(whole)] = _Proxy(whole, {"special": instead[id(module)]})
    return instead


class _Proxy:
    """A module with some of its functions replaced."""

    def __init__(self, module: Any, own: Mapping[str, Any]) -> None:
        self._module, self._own = module, own

    def __getattr__(self, name: str) -> Any:
        own: Any = self._own
        return own[name] if name in own else getattr(self._module, name)


def _special(c: Any) -> dict[str, Callable[..., Any]]:
    """SciPy's special functions of real arguments, by their names there."""

    def log1pexp(x: Any) -> Any:
        return c.log1p(c.exp(-abs(x))) + max(x, c.zero)

    return {
        "gamma": c.gamma, "gammaln": lambda x: c.log(abs(c.gamma(x))), "loggamma": c.loggamma,
        "digamma": c.digamma, "psi": c.digamma, "rgamma": c.rgamma,
        "polygamma": lambda n, x: c.polygamma(int(n), x),
        "gammainc": lambda a, x: c.gammainc(a, 0, x, regularized=True),
        "gammaincc": lambda a, x: c.gammainc(a, x, regularized=True),
        "betainc": lambda a, b, x: c.betainc(a, b, 0, x, regularized=True),
        "beta": c.beta, "betaln": lambda a, b: c.log(abs(c.beta(a, b))),
        "erf": c.erf, "erfc": c.erfc, "erfinv": c.erfinv,
        "erfcx": lambda x: c.exp(x * x) * c.erfc(x),
        "ndtr": c.ncdf, "log_ndtr": lambda x: c.log(c.ncdf(x)),
        "expit": lambda x: 1 / (1 + c.exp(-x)), "logit": lambda x: c.log(x / (1 - x)),
        "log_expit": lambda x: -log1pexp(-x), "softplus": log1pexp,
        "logaddexp": lambda a, b: max(a, b) + c.log1p(c.exp(-abs(a - b))),
        "xlogy": lambda x, y: c.zero if x == 0 else x * c.log(y),
        "xlog1py": lambda x, y: c.zero if x == 0 else x * c.log1p(y),
        "entr": lambda x: c.zero if x == 0 else -x * c.log(x), "sinc": c.sincpi,
        "i0": lambda x: c.besseli(0, x), "i1": lambda x: c.besseli(1, x), "iv": c.besseli,
        "i0e": lambda x: c.exp(-abs(x)) * c.besseli(0, x),
        "i1e": lambda x: c.exp(-abs(x)) * c.besseli(1, x),
        "ive": lambda v, x: c.exp(-abs(x)) * c.besseli(v, x),
        "j0": lambda x: c.besselj(0, x), "j1": lambda x: c.besselj(1, x), "jv": c.besselj,
        "y0": lambda x: c.bessely(0, x), "y1": lambda x: c.bessely(1, x), "yv": c.bessely,
        "k0": lambda x: c.besselk(0, x), "k1": lambda x: c.besselk(1, x), "kv": c.besselk,
        "spence": lambda x: c.polylog(2, 1 - x).real, "zeta": lambda x, q=1: c.zeta(x, q),
        "ellipk": c.ellipk, "ellipe": c.ellipe, "lambertw": lambda x: c.lambertw(x).real,
        "expi": c.ei, "exp1": c.e1, "huber": lambda d, r: (
            r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2)),
        "rel_entr": lambda x, y: c.zero if x == 0 else x * c.log(x / y),
        "kl_div": lambda x, y: y if x == 0 else x * c.log(x / y) - x + y,
    }  # fmt: skip


def _spread(context: Any, kind: Any, act: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers as one of arrays of them."""

    def one(*numbers: Any) -> Any:
        plain = [n.v if isinstance(n, Number) else context.mpf(float(n)) for n in numbers]
        made = act(*plain)
        if isinstance(made, context.mpc):
            if made.imag != 0:
                raise TypeError
            made = made.real
        return kind(made)

    def function(*arrays: Any) -> Any:
        return np.frompyfunc(one, len(arrays), 1)(*arrays)

    return function


def _same(value: Any = 0.0, *_: Any, **__: Any) -> Any:
    return value


def _array(value: Any, *_: Any, **__: Any) -> Any:
    return np.array(value, dtype=object) if _holds_precise(value) else np.asarray(value)


def _holds_precise(value: Any) -> bool:
    return any(isinstance(v, Number) for v in np.asarray(value, dtype=object).reshape(-1)[:4])


def _true(value: Any) -> Any:
    return np.ones(np.shape(value), bool)


def _false(value: Any) -> Any:
    return np.zeros(np.shape(value), bool)


def _norm(value: Any, *more: Any, **keywords: Any) -> Any:
    array = np.asarray(value, dtype=object)
    if more or set(keywords) - {"axis", "keepdims"}:
        raise TypeError
    return np.sqrt(np.sum(array * array, **keywords))
