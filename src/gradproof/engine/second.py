"""The check of a Hessian: the gradient is the function, ``hess`` and ``hessp`` are its derivatives.

The engine that checks vector-Jacobian products measures it: the rows of the matrix are read
through random cotangents, a group of blocks at a time, so that each pair of blocks has a judgement
of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..judge.bands import bands
from ..judge.second import Agreement, asymmetry, crossed, difference, known_to, products_apart
from ..judge.thresholds import T
from ..judge.whole import combined
from ..naming import called
from ..plan.effort import effort
from ..progress import ProgressLine
from ..records.judgement import Judgement
from ..records.verdict import Verdict
from ..report.report import Report
from ..space.point import Point, Working
from ..subject.asked import Asked, Options
from ..subject.guards import generators_restored
from ..subject.prepare import prepare
from ..subject.providers import Autodiff, Products
from ..subject.second import (
    MULTIPLE,
    Array,
    Hessian,
    Matrix,
    OwnGradient,
    Rows,
    gradient_of,
    matrix,
    row_of,
    spans,
    split,
    weights,
)
from .causes import Causes, found_causes
from .examine import examine
from .loop import Run, check
from .slopes_of import Counted, SlopesOf, every_slope
from .stated import Claims, Known, Looked, Outcome, whole
from .summary import Explained, compose
from .watch import Watch

_VECTORS = 3  # with which products are compared

# Of so few parameters the whole gradient is measured, to find out why a Hessian is wrong that comes
# without one.
_FEW = 6


def examine_second(claims: Claims, reproduce: str = "") -> Report:
    """One report with a verdict for each claim."""
    began = time.perf_counter()
    with generators_restored(), claims.where.session():
        first = _gradient(claims, reproduce)
        claimed = _matrix(claims)
        looked: list[Looked] = []
        if claims.moves and _finite(claims):
            looked.append(_against(claims, claimed, "grad"))
        if first is None or not first.ok or not looked:
            looked.append(_against(claims, claimed, "fun"))
        beside = _beside(claims, claimed)
        if claims.hessp is not None and (linear := _linear(claims)).tells:
            beside["linear"] = linear
    return whole(Outcome(claims, first, looked, beside, claimed), began, reproduce)


def _finite(claims: Claims) -> bool:
    """Whether there is a gradient of the right shape, all of it numbers."""
    found = claims.call(gradient_of(claims.where, claims.grad, claims.fun))
    return bool(np.isfinite(found).all())


def _gradient(claims: Claims, reproduce: str) -> Report | None:
    """The check of the gradient, where one is claimed."""
    if claims.grad is None:
        return None
    grad = claims.grad
    if isinstance(grad, OwnGradient):
        grad = Autodiff(grad.framework)
    return examine(Asked(claims.fun, claims.where, grad, claims.options), reproduce)


def _matrix(claims: Claims) -> Known:
    """The matrix at the point, asked for twice."""
    if claims.hess is None:
        return Known(None, None)
    hessian = Hessian(claims.where, claims.hess)
    if not hessian.moves:
        return Known(hessian, hessian.at(None))
    one, other = [matrix(claims.where, claims.call(claims.hess)) for _ in range(2)]
    return Known(hessian, one, difference(one.dense, other.dense))


def _against(claims: Claims, known: Known, against: str) -> Looked:
    """The claims beside what the gradient, or the slopes of fun, do when the point moves."""
    where, dense = claims.where, None if known.at is None else known.at.dense
    rows: Any = Rows(where, weights(where, dense))
    fun: Any
    if against == "grad":
        gradient = gradient_of(where, claims.grad, claims.fun)

        def fun(params: Any, *args: Any, **kwargs: Any) -> Any:
            return rows.read(gradient(params, *args, **kwargs))

    else:
        counted = Counted(claims.fun)
        claims = replace(claims, fun=counted)
        fun = rows = SlopesOf(where, counted, rows.groups, int(claims.options.seed))

    asked = Asked(fun, where, _products(claims, known, rows), _silent(claims.options))
    chosen = effort(claims.options.effort)
    watch = Watch(called(claims.fun), chosen.expected(where.blocks))
    with ProgressLine(lambda: str(watch), watch.spent):
        run = check(asked, watch)
        spent = _spent(run, claims.fun)
        pairs, products = _pairs(run, rows, known), _by_block(run)
        causes = Causes()
        if against == "grad":
            causes = _causes(claims, known, run, rows, pairs, products)
        elif claims.options.effort != "quick" and _is_small(claims):
            causes = _causes_by_slopes(claims, known, run, pairs, products)
        together = {block for group in rows.groups if len(group) > 1 for block in group}
        pairs |= {
            pair: _right(pairs[pair], most)
            for pair, most in causes.right.items()
            if pair in pairs and pair[0] in together
        }
        report = replace(
            compose(run, Explained({}, {}, 0), "", 0.0, ""),
            evaluations=_spent(run, claims.fun),
            inquiry=_spent(run, claims.fun) - spent,
        )
    return Looked(against, report, pairs, products, causes.findings)


def _spent(run: Run, fun: Any) -> int:
    """Evaluations so far: of the gradient, or of the function where its slopes are measured."""
    return fun.count if isinstance(fun, Counted) else run.session.evaluations


def _is_small(claims: Claims) -> bool:
    """Whether there is no gradient, and it can be measured instead."""
    return claims.grad is None and sum(block.count for block in claims.where.blocks) <= _FEW


def _causes_by_slopes(
    claims: Claims,
    known: Known,
    run: Run,
    pairs: Mapping[tuple[int, int], Judgement],
    products: Mapping[int, Judgement],
) -> Causes:
    """The same without a gradient: all slopes of fun stand in for it."""
    if not any(j.verdict.rejects for j in (*pairs.values(), *products.values())):
        return Causes()
    where = run.session.point
    rows = Rows(where, np.ones(sum(block.count for block in where.blocks)))
    gradient = every_slope(where, claims.fun)

    def fun(params: Any, *args: Any, **kwargs: Any) -> Any:
        return rows.read(gradient(params, *args, **kwargs))

    claim = _products(claims, known, rows)
    asked = Asked(fun, where, claim, _silent(claims.options))
    slopes = replace(run, session=prepare(asked, run.session.caller.calls))
    return _causes(claims, known, slopes, rows, pairs, products)


def _causes(
    claims: Claims,
    known: Known,
    run: Run,
    rows: Rows,
    pairs: Mapping[tuple[int, int], Judgement],
    products: Mapping[int, Judgement],
) -> Causes:
    """Where and why: of the matrix, or of hessp where that alone is wrong."""
    rejected = [key for key, judgement in pairs.items() if judgement.verdict.rejects]
    args, kwargs = claims.options.args, claims.options.kwargs or {}
    if rejected and known.hessian is not None:
        matrix_there = known.hessian.at(run.session.working.tree(), *args, **kwargs)
        return found_causes(run, rows, matrix_there, rejected)
    wrong = [(b, b) for b, judgement in products.items() if judgement.verdict.rejects]
    there = run.session.point

    def dot(v: Array) -> Array:
        params = Working(there, promote=False).tree()
        return row_of(there, claims.hessp(params, _tangent(there, v), *args, **kwargs))

    return found_causes(run, rows, Matrix(dot, dot), wrong, "hessp") if wrong else Causes()


def _right(judgement: Judgement, most: float) -> Judgement:
    """The judgement of a pair of which every entry was measured."""
    return replace(
        judgement, verdict=Verdict.CORRECT, error=most, bar=most, resolution=most, reason=""
    )


def _silent(options: Options) -> Options:
    return replace(options, notes=())


def _products(claims: Claims, known: Known, rows: Any) -> Products:
    """The claims as products with cotangents and tangents of what is read."""
    where, hessian, hessp = claims.where, known.hessian, claims.hessp

    def vjp(params: Any, cotangent: Any, *args: Any, **kwargs: Any) -> Any:
        assert hessian is not None
        row = hessian.at(params, *args, **kwargs).transposed(rows.back(cotangent))
        return where.assemble(split(where, np.asarray(row)))

    def jvp(params: Any, tangent: Any, *args: Any, **kwargs: Any) -> Any:
        return rows.read(row_of(where, hessp(params, tangent, *args, **kwargs)))

    return Products(
        None if hessian is None else vjp,
        None if hessp is None else jvp,
        ("hess", "hessp"),
        fixed=known.fixed,
        roles=("hess", "hessp"),
    )


def _pairs(run: Run, rows: Any, known: Known) -> dict[tuple[int, int], Judgement]:
    """The judgement of each pair of blocks: of all that was read from its row."""
    found: dict[tuple[int, int], Judgement] = {}
    cotangents = run.session.outputs.cotangents
    for block, judged in zip(run.session.point.blocks, run.state.judged, strict=True):
        for index, group in enumerate(rows.groups):
            each = [
                _sure(run, k, block.index, judgement, known.apart)
                for k, judgement in enumerate(judged.each)
                if run.session.projections[k].mode == "hess"
                and _looks_at(cotangents[run.session.projections[k].reading], index)
            ]
            if each:
                found |= {(a, block.index): combined(each)[1] for a in group}
    return found


def _sure(run: Run, k: int, block: int, judgement: Judgement, apart: float) -> Judgement:
    """A judgement as far as the claim is known: finite and repeatable."""
    if block in run.state.not_finite and not run.state.claims[k].finite(block):
        return replace(judgement, verdict=Verdict.WRONG, reason="the claim is not finite")
    if not judgement.verdict.rejects:
        return judgement
    whole = run.state.judgements[block]
    if whole.verdict is Verdict.UNDECIDED:  # what is a choice at a kink is exempt
        return replace(judgement, verdict=whole.verdict, reason=whole.reason)
    if judgement.error <= T.claim_noise * apart:
        return replace(judgement, verdict=Verdict.UNDECIDED, reason=_NOT_REPEATABLE)
    return judgement


_NOT_REPEATABLE = "hess differs from call to call by as much as it is off"


def _looks_at(cotangent: Sequence[Any], group: int) -> bool:
    return len(cotangent) <= group or cotangent[group] is not None


def _by_block(run: Run) -> dict[int, Judgement]:
    """The judgements of hessp, by the block along which it multiplies."""
    found = {}
    for block, judged in zip(run.session.point.blocks, run.state.judged, strict=True):
        modes = [p.mode for p in run.session.projections]
        each = [
            _sure(run, k, block.index, j, 0.0)
            for k, j in enumerate(judged.each)
            if modes[k] == "hessp"
        ]
        if each:
            found[block.index] = combined(each)[1]
    return found


def _beside(claims: Claims, known: Known) -> dict[str, Agreement]:
    """What needs no measurement: the symmetry of the matrix, and hessp beside it."""
    if known.at is None:
        return {}
    where, options = claims.where, claims.options
    places, scales = spans(where), _scales(where)
    limits = bands(where.blocks[0].dtype, options.correct_below, options.wrong_above)
    eps = max(where.eps(block.index) for block in where.blocks)
    drawn = np.random.default_rng(int(options.seed)).normal(size=(_VECTORS, len(scales))) * scales
    multiplied = [np.asarray(known.at.dot(v)).reshape(-1) for v in drawn]
    if known.at.dense is not None:
        found = {"symmetry": asymmetry(known.at.dense, places, scales, eps, limits)}
    else:
        found = {"symmetry": crossed(list(drawn), multiplied, eps, limits)}
    if claims.hessp is not None:
        said = [row_of(where, claims.call(claims.hessp, _tangent(where, v))) for v in drawn]
        pairs = [(a * scales, b * scales) for a, b in zip(multiplied, said, strict=True)]
        found["hessp"] = products_apart(pairs, places, eps, limits)
    return {key: known_to(one, known.apart) for key, one in found.items()}


def _linear(claims: Claims) -> Agreement:
    """Whether hessp gives a multiple for the multiple of a vector."""
    where, options = claims.where, claims.options
    limits = bands(where.blocks[0].dtype, options.correct_below, options.wrong_above)
    eps = max(where.eps(block.index) for block in where.blocks)
    scales = _scales(where)
    v = np.random.default_rng(int(options.seed)).normal(size=len(scales)) * scales
    one, other = [
        row_of(where, claims.call(claims.hessp, _tangent(where, factor * v))) * scales / factor
        for factor in (1.0, MULTIPLE)
    ]
    return products_apart([(one, other)], spans(where), eps, limits)


def _scales(where: Point) -> Array:
    return np.concatenate([np.full(block.count, block.scale) for block in where.blocks])


def _tangent(where: Point, row: Array) -> Any:
    """A row of all coordinates as a tree like the point."""
    leaves = [where.home(k).array(part, where.leaf(k)) for k, part in enumerate(split(where, row))]
    return where.assemble(leaves)
