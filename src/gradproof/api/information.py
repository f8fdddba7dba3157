"""Whether a Hessian that is wrong is another matrix that statisticians use in its place.

The tests need no formula. The expected information of an exponential family, whatever its link, is
the Hessian at data that are equal to their means (McCullagh & Nelder, 1989, section 2.5), and the
Gauss–Newton matrix that of the sum of squares of what residuals have become since the point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.registry import home
from ..engine.second import examine_second
from ..engine.stated import Claims
from ..errors import UsageError
from ..judge.thresholds import T
from ..naming import what
from ..records.finding import Finding, Kind
from ..report.report import Report

Array = NDArray[np.float64]

_EXPECTED = (
    "{} is the expected information, not the Hessian: it is the second derivative where {} is "
    "replaced by its mean, as residuals give it. Call it so, or add the terms with the residuals."
)
_GAUSS_NEWTON = (
    "{} is {}the Gauss–Newton matrix, not the Hessian: the products of residuals with their second "
    "derivatives are left out."
)
# That of the sum of squares itself, and of half of it, where fun is the other one.
_MULTIPLES = ((1.0, ""), (0.5, "half "), (2.0, "twice "))


def recognised(report: Report, claims: Claims, residuals: Callable[..., Any]) -> Report:
    """The report with a finding in place of those about a Hessian that is another matrix."""
    each = (("hess", replace(claims, hessp=None)), ("hessp", replace(claims, hess=None)))
    for name, alone in each:
        rejected = any(c.name == name and c.verdict.rejects for c in report.claims)
        if not rejected or getattr(claims, name) is None:
            continue
        spent: list[int] = []
        found = _another(alone, name, residuals, spent)
        report = replace(
            report,
            evaluations=report.evaluations + sum(spent),
            inquiry=report.inquiry + sum(spent),
        )
        if found is not None:
            others = [f for f in report.findings if not (f.block or "").startswith(name)]
            return replace(report, findings=(found, *others))
    return report


def _another(
    claims: Claims, name: str, residuals: Callable[..., Any], spent: list[int]
) -> Finding | None:
    options = claims.options
    here = _numbers(residuals, claims)
    fixed = _at_the_point(claims, name)
    quick = replace(options, effort="quick", notes=())
    if _is_sum_of_squares(claims, residuals):
        share = float(claims.call(_value(claims))) / float(here @ here)
        for factor, said in _MULTIPLES:
            changed = _grown(residuals, here, factor * share)
            if _holds(replace(fixed, fun=changed, grad=None, options=quick), name, spent):
                return Finding(Kind.GAUSS_NEWTON, name, _GAUSS_NEWTON.format(name, said))
    for said, args, kwargs in _with_means(claims, residuals, here):
        there = replace(quick, args=args, kwargs=kwargs)
        if _holds(replace(fixed, options=there), name, spent):
            return Finding(Kind.EXPECTED, name, _EXPECTED.format(name, said))
    return None


def _grown(residuals: Callable[..., Any], here: Array, share: float) -> Callable[..., Any]:
    """A share of the sum of squares of what residuals have become since the point."""

    def changed(*given: Any, **kwargs: Any) -> Any:
        now = _flat(residuals(*given, **kwargs))
        return share * float((now - here) @ (now - here))

    return changed


def _at_the_point(claims: Claims, name: str) -> Claims:
    """The claim as it is for the data as they are, whatever the data become."""
    if name == "hess":
        found = claims.call(claims.hess) if callable(claims.hess) else claims.hess
        return replace(claims, hess=found)
    args, kwargs, hessp = claims.options.args, claims.options.kwargs or {}, claims.hessp
    return replace(claims, hessp=lambda p, v, *_, **__: hessp(p, v, *args, **kwargs))


def _holds(claims: Claims, name: str, spent: list[int]) -> bool:
    """Whether a claim is the second derivative of another function."""
    report = examine_second(claims)
    spent.append(report.evaluations)
    said = [c.verdict for c in report.claims if c.name == name and c.against in ("grad", "fun")]
    return bool(said) and not said[-1].rejects and report.resolution < T.explained


def _value(claims: Claims) -> Callable[..., Any]:
    if claims.grad is not True:
        return claims.fun
    return lambda *args, **kwargs: claims.fun(*args, **kwargs)[0]


def _flat(found: Any) -> Array:
    return np.asarray(home(found).host(found), np.float64).reshape(-1)


def _numbers(residuals: Callable[..., Any], claims: Claims) -> Array:
    found = claims.call(residuals)
    if not hasattr(found, "shape") or np.asarray(home(found).host(found)).dtype.kind != "f":
        raise UsageError(
            f"residuals must return an array of real numbers, but returned {what(found)}."
        )
    return _flat(found)


def _is_sum_of_squares(claims: Claims, residuals: Callable[..., Any]) -> bool:
    """Whether fun is a multiple of the sum of squares, at the point and beside it."""
    ratios = []
    for shift in (0.0, T.beside):
        moved = [
            home(leaf).array(_flat(leaf) * (1 + shift) + shift * block.scale, leaf)
            for block in claims.where.blocks
            for leaf in [claims.where.leaf(block.index)]
        ]
        there = replace(claims, where=claims.where.at(claims.where.assemble(moved)))
        now = _numbers(residuals, there)
        size = float(now @ now)
        ratios.append(float(there.call(_value(claims))) / size if size else 0.0)
    return ratios[0] != 0 and abs(ratios[1] / ratios[0] - 1) <= T.same_number


def _with_means(
    claims: Claims, residuals: Callable[..., Any], here: Array
) -> Iterator[tuple[str, tuple[Any, ...], Mapping[str, Any]]]:
    """Arguments of which one is replaced such that no residual is left."""
    args, kwargs = claims.options.args, dict(claims.options.kwargs or {})
    every = {f"args[{k}]": x for k, x in enumerate(args)}
    every |= {f"kwargs[{k!r}]": x for k, x in kwargs.items()}
    for said, given in every.items():
        if not hasattr(given, "shape") or int(np.prod(given.shape)) != here.size:
            continue
        for sign in (1.0, -1.0):
            mean = np.asarray(_flat(given) + sign * here)
            like = np.asarray(given, np.float64) if isinstance(given, np.ndarray) else given
            made = home(like).array(mean, like)
            now = tuple(made if f"args[{k}]" == said else x for k, x in enumerate(args))
            named = {k: made if f"kwargs[{k!r}]" == said else x for k, x in kwargs.items()}
            options = replace(claims.options, args=now, kwargs=named)
            left = _numbers(residuals, replace(claims, options=options))
            if np.linalg.norm(left) <= T.same_number * np.linalg.norm(here):
                yield said, now, named
