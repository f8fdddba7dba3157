"""The check of a Hessian: the gradient is the function, ``hess`` and ``hessp`` are its derivatives.

The engine that checks vector-Jacobian products measures it: the rows of the matrix are read
through random cotangents, a group of blocks at a time, so that each pair of blocks has a judgement
of its own.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..judge.bands import bands
from ..judge.second import Agreement, asymmetry, crossed, products_apart
from ..judge.whole import combined
from ..plan.effort import effort
from ..progress import ProgressLine
from ..records.finding import Finding, Kind
from ..records.judgement import Judgement
from ..records.verdict import Verdict, worst
from ..report.report import BlockResult, Report
from ..space.point import Point, Working
from ..subject.asked import Asked, Options, named
from ..subject.guards import generators_restored
from ..subject.providers import Products
from ..subject.second import (
    Array,
    Hessian,
    Matrix,
    Rows,
    gradient_of,
    matrix,
    pair_name,
    spans,
    split,
    weights,
)
from .causes import found_causes
from .examine import examine
from .loop import Run, check
from .slopes_of import SlopesOf
from .summary import Explained, compose
from .watch import Watch

_VECTORS = 3  # with which products are compared


@dataclass(frozen=True, slots=True)
class Claims:
    """What is claimed: a gradient, and its derivative as a matrix, as products, or both."""

    fun: Callable[..., Any]
    where: Point
    grad: Any
    hess: Any
    hessp: Any
    options: Options

    @property
    def moves(self) -> bool:
        """Whether the gradient is known at other points."""
        return self.grad is True or callable(self.grad)

    def call(self, function: Any, *more: Any) -> Any:
        """A function of the user at the point itself, on copies."""
        params = Working(self.where, promote=False).tree()
        return function(params, *more, *self.options.args, **(self.options.kwargs or {}))


def examine_second(claims: Claims, reproduce: str = "") -> Report:
    """One report with a verdict for each claim."""
    began = time.perf_counter()
    with generators_restored(), claims.where.session():
        first = _gradient(claims, reproduce)
        claimed = _matrix(claims)
        looked: list[Looked] = []
        if claims.moves:
            looked.append(_against(claims, claimed, "grad"))
        if first is None or not first.ok or not claims.moves:
            looked.append(_against(claims, claimed, "fun"))
        beside = _beside(claims, claimed)
    return _whole(claims, first, looked, beside, (began, reproduce))


def _gradient(claims: Claims, reproduce: str) -> Report | None:
    """The check of the gradient, where one is claimed."""
    if claims.grad is None:
        return None
    return examine(Asked(claims.fun, claims.where, claims.grad, claims.options), reproduce)


@dataclass(frozen=True, slots=True)
class Known:
    """The claimed Hessian at the point; ``hessian`` gives it elsewhere."""

    hessian: Hessian | None
    at: Matrix | None
    apart: float = 0.0


def _matrix(claims: Claims) -> Known:
    """The matrix at the point, asked for twice."""
    if claims.hess is None:
        return Known(None, None)
    hessian = Hessian(claims.where, claims.hess)
    if not hessian.moves:
        return Known(hessian, hessian.at(None))
    one, other = [matrix(claims.where, claims.call(claims.hess)) for _ in range(2)]
    apart = 0.0
    if one.dense is not None and other.dense is not None:
        size = np.linalg.norm(one.dense)
        difference = np.linalg.norm(one.dense - other.dense)
        apart = float(difference / size) if size else 0.0
    return Known(hessian, one, apart)


@dataclass(frozen=True, slots=True)
class Looked:
    """The derivative of the gradient, or of the slopes of fun, beside the claims."""

    against: str
    run: Run
    report: Report
    pairs: dict[tuple[int, int], Judgement]
    products: dict[int, Judgement]
    findings: tuple[Finding, ...]

    def verdict(self, which: str) -> Verdict:
        """The worst of one claim."""
        found = self.pairs if which == "hess" else self.products
        return worst([judgement.verdict for judgement in found.values()])


def _against(claims: Claims, known: Known, against: str) -> Looked:
    """The claims beside what the gradient, or the slopes of fun, do when the point moves."""
    where, dense = claims.where, None if known.at is None else known.at.dense
    rows: Any = Rows(where, weights(where, dense))
    fun: Any
    if against == "grad":
        whole = gradient_of(where, claims.grad, claims.fun)

        def fun(params: Any, *args: Any, **kwargs: Any) -> Any:
            return rows.read(whole(params, *args, **kwargs))

    else:
        fun = rows = SlopesOf(where, claims.fun, rows.groups, int(claims.options.seed))

    asked = Asked(fun, where, _products(claims, known, rows), _silent(claims.options))
    chosen = effort(claims.options.effort)
    watch = Watch(named(claims.fun), chosen.expected(where.blocks))
    with ProgressLine(lambda: str(watch), watch.spent):
        run = check(asked, watch)
        spent = run.session.evaluations
        pairs, products = _pairs(run, rows), _by_block(run)
        findings: Sequence[Finding] = ()
        rejected = [key for key, judgement in pairs.items() if judgement.verdict.rejects]
        if rejected and known.at is not None and against == "grad":
            findings = found_causes(run, rows, known.at, rejected)
        wrong = [b for b, judgement in products.items() if judgement.verdict.rejects]
        if wrong and not rejected and against == "grad":
            findings = found_causes(
                run, rows, _multiplier(claims), [(b, b) for b in wrong], "hessp"
            )
        spent = run.session.evaluations - spent
        report = compose(run, Explained({}, {}, spent), "", 0.0, "")
    return Looked(against, run, report, pairs, products, tuple(findings))


def _multiplier(claims: Claims) -> Matrix:
    """The matrix behind hessp."""

    def dot(v: Array) -> Array:
        return row_of(claims.where, claims.call(claims.hessp, _tangent(claims.where, v)))

    return Matrix(dot, dot)


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
        None if hessian is None else vjp, None if hessp is None else jvp, ("hess", "hessp")
    )


def row_of(where: Point, raw: Any) -> Array:
    """What hessp returned, all coordinates in a row."""
    return gradient_of(where, lambda _: raw, None)(None)


def _pairs(run: Run, rows: Any) -> dict[tuple[int, int], Judgement]:
    """The judgement of each pair of blocks: of all that was read from its row."""
    found: dict[tuple[int, int], Judgement] = {}
    cotangents = run.session.outputs.cotangents
    for block, judged in zip(run.session.point.blocks, run.state.judged, strict=True):
        for index, group in enumerate(rows.groups):
            each = [
                judgement
                for k, judgement in enumerate(judged.each)
                if run.session.projections[k].mode == "hess"
                and _looks_at(cotangents[run.session.projections[k].reading], index)
            ]
            if each:
                found |= {(a, block.index): combined(each)[1] for a in group}
    return found


def _looks_at(cotangent: Sequence[Any], group: int) -> bool:
    return len(cotangent) <= group or cotangent[group] is not None


def _by_block(run: Run) -> dict[int, Judgement]:
    """The judgements of hessp, by the block along which it multiplies."""
    found = {}
    for block, judged in zip(run.session.point.blocks, run.state.judged, strict=True):
        modes = [p.mode for p in run.session.projections]
        each = [j for k, j in enumerate(judged.each) if modes[k] == "hessp"]
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
    return found


def _scales(where: Point) -> Array:
    return np.concatenate([np.full(block.count, block.scale) for block in where.blocks])


def _tangent(where: Point, row: Array) -> Any:
    """A row of all coordinates as a tree like the point."""
    leaves = [where.home(k).array(part, where.leaf(k)) for k, part in enumerate(split(where, row))]
    return where.assemble(leaves)


def _whole(
    claims: Claims,
    first: Report | None,
    looked: Sequence[Looked],
    beside: dict[str, Agreement],
    about: tuple[float, str],
) -> Report:
    """All claims in one report; of the Hessian, the last comparison decides."""
    began, reproduce = about
    last = looked[-1]
    blocks = [*(() if first is None else first.blocks), *_results(claims, last)]
    findings = [*(() if first is None else first.findings)]
    for one in looked:
        findings += [*_told(one), *one.findings, *_plain(claims, one)]
    findings += _about_beside(claims, beside, findings)
    reports = [*([] if first is None else [first]), *[one.report for one in looked]]
    verdicts = [b.verdict for b in blocks] + [a.verdict for a in beside.values()]
    return replace(
        last.report if first is None else first,
        name=str(claims.options.name or named(claims.fun)),
        verdict=worst(verdicts),
        difference=max(r.difference for r in reports),
        distance=max(r.distance for r in reports),
        resolution=max(r.resolution for r in reports),
        evaluations=sum(r.evaluations for r in reports),
        gradient_calls=sum(r.gradient_calls for r in reports),
        inquiry=sum(r.inquiry for r in reports),
        seconds=time.perf_counter() - began,
        blocks=tuple(blocks),
        findings=tuple(dict.fromkeys(findings)),
        notes=(_statement(first, looked, beside, claims), *_notes(reports)),
        measured=() if first is None else first.measured,
        reproduce=reproduce,
    )


def _notes(reports: Sequence[Report]) -> list[str]:
    return list(dict.fromkeys(note for report in reports for note in report.notes))


def _statement(
    first: Report | None, looked: Sequence[Looked], beside: dict[str, Agreement], claims: Claims
) -> str:
    """One sentence with the verdict of each claim."""
    said = [] if first is None else [f"grad against fun: {first.verdict}"]
    for one in looked:
        for name, given in (("hess", claims.hess), ("hessp", claims.hessp)):
            if given is not None:
                said.append(f"{name} against {one.against}: {one.verdict(name)}")
    names = {"symmetry": "symmetry of hess", "hessp": "hessp against hess"}
    said += [f"{names[key]}: {found.verdict}" for key, found in beside.items()]
    return "; ".join(said) + "."


def _results(claims: Claims, looked: Looked) -> list[BlockResult]:
    """Each pair of blocks as a block of the report, and hessp by the block of its vector."""
    blocks, options = claims.where.blocks, claims.options
    lone = len(blocks) == 1
    found = []
    for (a, b), judgement in sorted(looked.pairs.items()):
        name = "hess" if lone else pair_name(blocks[a], blocks[b])
        shape = (*blocks[a].shape, *blocks[b].shape)
        found.append(_result(name, shape, blocks[b].dtype, judgement, options))
    for b, judgement in looked.products.items():
        name = "hessp" if lone else f"hessp[{blocks[b].name}]"
        found.append(_result(name, blocks[b].shape, blocks[b].dtype, judgement, options))
    return found


def _result(
    name: str, shape: tuple[int, ...], dtype: str, judgement: Judgement, options: Options
) -> BlockResult:
    limits = bands(dtype, options.correct_below, options.wrong_above)
    known = judgement.draws > 0 or judgement.verdict is not Verdict.UNDECIDED
    return BlockResult(
        name=name,
        shape=shape,
        dtype=dtype,
        verdict=judgement.verdict,
        error=judgement.error if known else math.inf,
        bar=judgement.bar if known else math.inf,
        resolution=judgement.resolution,
        correct_below=limits.correct_below,
        wrong_above=limits.wrong_above,
        natural=judgement.natural,
        reason=judgement.reason,
    )


# Facts about functions, whatever is claimed of them; here they are the gradient and its products.
_FACTS = frozenset({
    Kind.KINK, Kind.NONDETERMINISTIC, Kind.STATEFUL, Kind.MUTATION, Kind.NOT_FINITE,
})  # fmt: skip


def _told(one: Looked) -> list[Finding]:
    """What was noticed of the functions on the way, by their names in this check."""
    found = [f for f in one.report.findings if f.kind in _FACTS]
    return [replace(f, message=_renamed(f.message, one.against), block=None) for f in found]


def _renamed(message: str, against: str) -> str:
    names = {"fun": against, "grad": "hess", "vjp": "hess", "jvp": "hessp"}
    return re.sub(r"\b(fun|grad|vjp|jvp)\b", lambda m: names[m.group()], message)


def _plain(claims: Claims, one: Looked) -> list[Finding]:
    """What was measured of rejected claims that nothing explains."""
    blocks, found = claims.where.blocks, []
    lone = len(blocks) == 1
    if not any(_about(f, "hess") for f in one.findings):
        for (a, b), judgement in one.pairs.items():
            if judgement.verdict.rejects:
                name = "hess" if lone else pair_name(blocks[a], blocks[b])
                found.append(_off(name, judgement, one.against))
    for b, judgement in one.products.items():
        if judgement.verdict.rejects and not any(_about(f, "hessp") for f in one.findings):
            name = "hessp" if lone else f"hessp[{blocks[b].name}]"
            found.append(_off(name, judgement, one.against))
    return found


def _about(finding: Finding, claim: str) -> bool:
    return (finding.block or "").partition("[")[0] == claim


def _off(name: str, judgement: Judgement, against: str) -> Finding:
    what = "how the gradient changes" if against == "grad" else "the second derivative of fun"
    text = f"{name} is off by {judgement.error:.2g} of {what}"
    return Finding(Kind.UNEXPLAINED, name, f"{text} ({judgement.reason or judgement.verdict}).")


def _about_beside(
    claims: Claims, beside: dict[str, Agreement], told: Sequence[Finding]
) -> list[Finding]:
    """What disagrees without a measurement, unless it was told already."""
    blocks, found = claims.where.blocks, []
    known_asymmetric = any(f.kind is Kind.ASYMMETRIC for f in told)
    lone = len(blocks) == 1
    for key, agreement in beside.items():
        if not agreement.verdict.rejects or (key == "symmetry" and known_asymmetric):
            continue
        a, b = agreement.where
        if key == "symmetry":
            name = "hess" if lone else pair_name(blocks[a], blocks[b])
            text = (
                f"{name} is not symmetric: it differs from its mirror image by "
                f"{agreement.share:.2g} of their size."
            )
            found.append(Finding(Kind.ASYMMETRIC, name, text))
        else:
            name = "hessp" if lone else f"hessp[{blocks[a].name}]"
            text = f"{name} and hess disagree: their products with a vector differ by "
            text += f"{agreement.share:.2g} of their size."
            found.append(Finding(Kind.MODES, name, text))
    return found
