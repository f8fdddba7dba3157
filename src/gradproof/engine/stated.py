"""From the verdicts on a gradient, its Hessian and their products to one report."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..judge.bands import bands
from ..judge.second import Agreement
from ..naming import called
from ..records.claim_result import ClaimResult
from ..records.finding import Finding, Kind
from ..records.judgement import Judgement
from ..records.verdict import Verdict, worst
from ..report.report import BlockResult, Report
from ..space.point import Point, Working
from ..subject.asked import Options
from ..subject.second import MULTIPLE, Hessian, Matrix, pair_name


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


@dataclass(frozen=True, slots=True)
class Known:
    """The claimed Hessian at the point; ``hessian`` gives it elsewhere."""

    hessian: Hessian | None
    at: Matrix | None
    apart: float = 0.0

    @property
    def fixed(self) -> bool:
        """Whether it is known at the point only."""
        return self.hessian is not None and not self.hessian.moves


@dataclass(frozen=True, slots=True)
class Looked:
    """The derivative of the gradient, or of the slopes of fun, beside the claims."""

    against: str
    report: Report
    pairs: dict[tuple[int, int], Judgement]
    products: dict[int, Judgement]
    findings: tuple[Finding, ...]

    def verdict(self, which: str) -> Verdict:
        """The worst of one claim."""
        found = self.pairs if which == "hess" else self.products
        return worst([judgement.verdict for judgement in found.values()])


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that is known in the end."""

    claims: Claims
    first: Report | None
    looked: Sequence[Looked]
    beside: Mapping[str, Agreement]
    known: Known


def whole(outcome: Outcome, began: float, reproduce: str) -> Report:
    """All claims in one report; of the Hessian, the last comparison decides."""
    claims, first, looked, beside = outcome.claims, outcome.first, outcome.looked, outcome.beside
    last = looked[-1]
    blocks = [*(() if first is None else first.blocks), *_results(claims, last)]
    findings = [*(() if first is None else first.findings)]
    for one in looked:
        findings += [*_reported(one), *one.findings, *_plain(claims, one)]
    findings += _about_call(outcome.known)
    findings += _about_beside(claims, beside, findings)
    results = _claim_results(first, looked, beside, claims)
    reports = [*([] if first is None else [first]), *[one.report for one in looked]]
    verdicts = [b.verdict for b in blocks] + [a.verdict for a in beside.values()]
    return replace(
        last.report if first is None else first,
        name=str(claims.options.name or called(claims.fun)),
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
        claims=tuple(results),
        notes=("; ".join(map(str, results)) + ".", *_notes(reports)),
        measured=() if first is None else first.measured,
        reproduce=reproduce,
    )


def _notes(reports: Sequence[Report]) -> list[str]:
    return list(dict.fromkeys(note for report in reports for note in report.notes))


def _claim_results(
    first: Report | None, looked: Sequence[Looked], beside: Mapping[str, Agreement], claims: Claims
) -> list[ClaimResult]:
    """Every claim with each that it was compared with."""
    found = [] if first is None else [ClaimResult("grad", "fun", first.verdict)]
    for one in looked:
        for name, given in (("hess", claims.hess), ("hessp", claims.hessp)):
            if given is not None:
                found.append(ClaimResult(name, one.against, one.verdict(name)))
    compared = {"symmetry": ("hess", "itself"), "hessp": ("hessp", "hess")}
    compared["linear"] = ("hessp", "itself")
    return found + [ClaimResult(*compared[key], one.verdict) for key, one in beside.items()]


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


def _reported(one: Looked) -> list[Finding]:
    """What was noticed of the functions on the way, by their names in this check."""
    found = [f for f in one.report.findings if f.kind in _FACTS]
    # What is not finite of a claim is reported of the matrix.
    found = [f for f in found if f.kind is not Kind.NOT_FINITE or f.block is None]
    return [replace(f, message=_renamed(f.message, one.against), block=None) for f in found]


def _renamed(message: str, against: str) -> str:
    names = {"fun": against, "grad": "hess", "vjp": "hess", "jvp": "hessp"}
    return re.sub(r"\b(fun|grad|vjp|jvp)\b", lambda m: names[m.group()], message)


def _about_call(known: Known) -> list[Finding]:
    """What a function that returns the matrix does besides."""
    found = []
    if known.hessian is not None and known.hessian.mutates:
        found.append(Finding(Kind.MUTATION, None, _MUTATES))
    if known.apart > 0:
        text = f"hess is not repeatable: two calls differ by {known.apart:.2g} of its size."
        found.append(Finding(Kind.NONDETERMINISTIC, "hess", text))
    return found


_MUTATES = (
    "hess changes its arguments in place. Here it was given fresh copies at every call, so this "
    "check is not affected, but other callers will be."
)


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
    claims: Claims, beside: Mapping[str, Agreement], reported: Sequence[Finding]
) -> list[Finding]:
    """What disagrees without a measurement, unless it was reported already."""
    blocks, found = claims.where.blocks, []
    known_asymmetric = any(f.kind is Kind.ASYMMETRIC for f in reported)
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
        elif key == "linear":
            text = (
                f"hessp is not linear in the vector: for {MULTIPLE:g} times the vector it is off "
                f"by {agreement.share:.2g} from that multiple. Is the vector normalised, or added?"
            )
            found.append(Finding(Kind.NOT_LINEAR, "hessp", text))
        else:
            name = "hessp" if lone else f"hessp[{blocks[a].name}]"
            text = f"{name} and hess disagree: their products with a vector differ by "
            text += f"{agreement.share:.2g} of their size."
            found.append(Finding(Kind.MODES, name, text))
    return found
