"""Gradients on manifolds: the function of a tangent vector that a retraction makes of ``fun``.

Absil, Mahony & Sepulchre (2008), "Optimization algorithms on matrix manifolds", chapters 3 to 5:
along a retraction the slopes at 0 are those of the Riemannian gradient, and along one of second
order the second derivatives are those of the Riemannian Hessian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.registry import home
from ..engine.examine import examine
from ..errors import UsageError
from ..judge.thresholds import T
from ..naming import called, what
from ..records.finding import Finding, Kind
from ..report.report import Report
from ..space.point import Point
from ..subject.asked import Asked, Options
from ..subject.second import matrix
from .second import checked_second
from .starts import is_number

Array = NDArray[np.float64]

_SMALL = 1e-5  # a step that shows the first and the second derivative of a retraction
_FORMS = (
    "tangent must be a function of a point and a vector, a pair (retraction, projection), the text "
    "'symmetric', or a manifold with retraction and projection, as of pymanopt"
)


@dataclass(frozen=True, slots=True)
class Tangent:
    """``retraction(point, vector)``; which vectors are tangent, and their inner product.

    Without a ``projection`` all vectors are, those of a Lie algebra, say.
    """

    retraction: Callable[[Any, Any], Any]
    projection: Callable[[Any, Any], Any] | None = None
    inner: Callable[[Any, Any, Any], Any] | None = None

    def projected(self, point: Any, vector: Any) -> Any:
        """The part of a vector that is tangent."""
        return vector if self.projection is None else self.projection(point, vector)


_SYMMETRIC = Tangent(lambda x, v: x + v, lambda _, v: (v + v.T) / 2)


def tangent_of(given: Any) -> Tangent:
    """What a caller means by ``tangent=``."""
    if isinstance(given, str) and given == "symmetric":
        return _SYMMETRIC
    for retraction, projection, inner in (
        ("retraction", "projection", "inner_product"), ("retr", "proju", "inner"),
    ):  # fmt: skip
        if hasattr(given, retraction) and hasattr(given, projection):
            product = getattr(given, inner, None)
            return Tangent(getattr(given, retraction), getattr(given, projection), product)
    pair = given if isinstance(given, tuple) else (given,)
    if len(pair) > 2 or not all(map(callable, pair)):
        raise UsageError(f"{_FORMS}, but is {what(given)}.")
    return Tangent(*pair)


def checked_on(
    tangent: Any, fun: Any, point: Any, claims: tuple[Any, Any, Any], options: Options, again: str
) -> Report:
    """The report of a Riemannian gradient, and of a Hessian with it."""
    grad, hess, hessp = claims
    if grad is None or grad is False:
        raise UsageError("tangent= goes with grad=, a Riemannian gradient by hand.")
    moves, args, kwargs = tangent_of(tangent), options.args, options.kwargs or {}
    if isinstance(point, list | tuple) and all(map(is_number, point)):
        point = np.asarray(point, np.float64)
    value = (lambda *a, **k: fun(*a, **k)[0]) if grad is True else fun
    raw = fun(point, *args, **kwargs)[1] if grad is True else grad
    raw = raw(point, *args, **kwargs) if callable(raw) else raw
    if not hasattr(raw, "shape") and np.asarray(raw).dtype.kind not in "fiu":
        raise UsageError(f"tangent= is for a gradient that is one array, but it is {what(raw)}.")
    like = point if np.shape(raw) == np.shape(point) else np.asarray(raw, np.float64)
    zero = home(like).array(np.zeros(int(np.prod(np.shape(raw)))), like)
    _looked_at(moves, point, zero, options.seed, second=hess is not None or hessp is not None)

    @wraps(fun)
    def along(vector: Any, *args: Any, **kwargs: Any) -> Any:
        there = moves.retraction(point, moves.projected(point, vector))
        return value(there, *args, **kwargs)

    where = Point(zero)
    if like is point:
        where = where.rescaled({0: Point(point).blocks[0].scale})
    claim = _covector(moves, point, raw, zero)
    options = replace(options, name=options.name or called(fun))
    asked = Asked(along, where, claim, options)
    if hess is None and hessp is None:
        found = replace(examine(asked, again), origin=None)  # only numbers were compared
        return _with_normal(found, moves, point, raw, asked)
    if callable(hess):
        hess = hess(point, *args, **kwargs)
    whole = None if hess is None else _tangential(moves, point, hess, where)
    products = None if hessp is None else _products(moves, point, hessp)
    return checked_second(along, zero, claim, whole, products, options)


def _host(leaf: Any) -> Array:
    return np.asarray(home(leaf).host(leaf), np.float64)


def _basis(zero: Any) -> list[Any]:
    library = home(zero)
    return [library.array(row.copy(), zero) for row in np.eye(int(np.prod(np.shape(zero))))]


def _covector(moves: Tangent, point: Any, raw: Any, zero: Any) -> Any:
    """The gradient as what it does with vectors: itself, unless the inner product is another."""
    if moves.inner is None:
        return raw
    numbers = [float(moves.inner(point, raw, moves.projected(point, e))) for e in _basis(zero)]
    return home(zero).array(np.array(numbers), zero)


def _tangential(moves: Tangent, point: Any, hess: Any, where: Point) -> Array:
    """A Hessian as a quadratic form of vectors that need not be tangent."""
    known = matrix(where, hess).dense
    if known is None:
        raise UsageError("tangent= needs hess as an array; an operator is passed as hessp=.")
    columns = [_host(moves.projected(point, e)).reshape(-1) for e in _basis(where.leaf(0))]
    basis = np.array(columns).T
    return np.asarray(basis.T @ known @ basis, np.float64)


def _products(moves: Tangent, point: Any, hessp: Any) -> Callable[..., Any]:
    def product(_: Any, vector: Any, *args: Any, **kwargs: Any) -> Any:
        tangential = moves.projected(point, vector)
        return moves.projected(point, hessp(point, tangential, *args, **kwargs))

    return product


def _looked_at(moves: Tangent, point: Any, zero: Any, seed: int, *, second: bool) -> None:
    """Raise ``UsageError`` for what is no retraction, or not of the second order."""
    here, library = _host(point), home(zero)
    drawn = np.random.default_rng(seed).normal(size=int(np.prod(np.shape(zero))))
    v = moves.projected(point, library.array(drawn, zero))

    def at(step: float) -> Array:
        return _host(moves.retraction(point, library.array(step * _host(v).reshape(-1), zero)))

    size = float(np.linalg.norm(here)) or 1.0
    if at(0.0).shape != here.shape or not np.linalg.norm(at(0.0) - here) <= T.retracts * size:
        raise UsageError(
            "tangent(point, 0) is not the point: is it on the manifold, and is the order of the "
            "arguments tangent(point, vector)?"
        )
    if moves.projection is None:
        return
    step = _SMALL * size / (float(np.linalg.norm(_host(v))) or 1.0)
    ahead, behind = at(step), at(-step)
    moved = (ahead - behind) / (2 * step) - _host(v)
    if not np.linalg.norm(moved) <= T.retracts * np.linalg.norm(_host(v)):
        raise UsageError(
            "tangent(point, v) is no retraction: for a small tangent v it does not move the point "
            f"by v, but is off by {np.linalg.norm(moved) / np.linalg.norm(_host(v)):.2g} of it."
        )
    bent = (ahead + behind - 2 * here) / step**2
    inside = _host(moves.projected(point, library.array(bent.reshape(-1).copy(), zero)))
    if second and np.linalg.norm(inside) * size > T.bends_inside * np.linalg.norm(_host(v)) ** 2:
        raise UsageError(
            "tangent is a retraction of the first order: it bends within the manifold, so its "
            "second derivatives are not those of the Riemannian Hessian. Pass the exponential map, "
            "or for matrices with orthonormal columns the polar factor of point + v."
        )


def _with_normal(report: Report, moves: Tangent, point: Any, raw: Any, asked: Asked) -> Report:
    """Whether a wrong gradient is right but for what is not tangent of it."""
    if not report.verdict.rejects or moves.projection is None or moves.inner is not None:
        return report
    again = replace(asked, grad=moves.projected(point, raw))
    if not examine(replace(again, options=replace(asked.options, effort="quick"))).ok:
        return report
    text = _UNSYMMETRIC if moves is _SYMMETRIC else _NORMAL
    return replace(report, findings=(Finding(Kind.NOT_TANGENT, "params", text),))


_NORMAL = (
    "params: the tangent part of the gradient is right, and the rest is not zero: it is the "
    "gradient of the surrounding space. Project it."
)
_UNSYMMETRIC = (
    "params: the gradient is not symmetric, but half its sum with its transpose is right."
)
