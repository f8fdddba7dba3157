"""From a finished trial to the facts of its report."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..diagnose.places import located
from ..judge.compare import same_claim
from ..judge.whole import difference, distance, resolution
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.finding import Finding, Kind, SourceLine
from ..records.judgement import Judgement
from ..records.verdict import Verdict, severity, worst
from ..report.report import BlockResult, Report
from ..report.wording import figure
from ..space.point import places
from ..subject.claim import Claimed
from .evidence import gather
from .session import Trial

_TIES = (
    " Entries that are tied there (the largest of a cell, say) stay tied: a backward pass may give "
    "the whole to one of them or share it out, but not give it to several."
)

# So many wrong blocks are more likely one fault that was handed on than as many faults.
_SEVERAL = 4


def compose(
    trial: Trial,
    beside: Trial | None,
    explained: Mapping[int, Finding],
    lines: Mapping[int, SourceLine],
    spent: int,
    effort: str,
    name: str,
    seconds: float,
) -> Report:
    """Freeze a trial, its continuation beside a kink if there was one, and what was found.

    ``spent`` is the number of evaluations before the inquiry.
    """
    leading = beside or trial
    judgements = _combined(trial, beside)
    subject = leading.subject
    findings = [*trial.subject.findings, *_about_value(trial)]
    if trial.kink is not None:
        findings.append(_about_kink(trial, beside))
    pairs = list(zip(trial.subject.point.blocks, judgements, strict=True))
    judged = [
        (block, judgement, trial if judgement is trial.judgements[block.index] else leading)
        for block, judgement in pairs
    ]
    for block, judgement, source in sorted(judged, key=_worst_first):
        rejected = judgement.verdict in (Verdict.WRONG, Verdict.SUSPECT)
        if rejected and block.index in explained and source is leading:
            about = [explained[block.index]]
        else:
            about = _about_block(block, judgement, source)
        line = lines.get(block.index)
        findings += [dataclasses.replace(finding, line=line) for finding in about]
        findings += _about_modes(block, source)
    return Report(
        name=name,
        verdict=worst(j.verdict for j in judgements),
        distance=distance(judgements),
        difference=difference(leading.leading_norms(), judgements),
        resolution=resolution(judgements),
        evaluations=subject.evaluations,
        inquiry=subject.evaluations - spent,
        gradient_calls=subject.gradient_calls,
        seconds=seconds,
        seed=trial.seed,
        effort=effort,
        blocks=tuple(_result(block, judgement, source) for block, judgement, source in judged),
        measured=gather(leading, None),
        findings=tuple(findings),
        notes=(*trial.subject.notes, *_where_to_look(pairs)),
        left_alone=tuple(trial.subject.point.left_alone.items()),
    )


def _where_to_look(pairs: list[tuple[Block, Judgement]]) -> list[str]:
    """An error spoils every block before it in the forward pass, so the last one is suspicious."""
    rejected = [b for b, j in pairs if j.verdict in (Verdict.WRONG, Verdict.SUSPECT)]
    if len(rejected) < _SEVERAL or len(rejected) == len(pairs):
        return []
    text = (
        f"{len(rejected)} blocks are wrong or suspect. An error in a backward pass spoils all "
        f"blocks before it, so look first at the last of them: {rejected[-1].name}."
    )
    return [text]


def _worst_first(judged: tuple[Block, Judgement, Trial]) -> tuple[int, float]:
    """Errors that are printed alike stay in the order of the blocks: they differ by round-off."""
    return severity(judged[1].verdict), -float(f"{judged[1].error:.1e}")


def _combined(trial: Trial, beside: Trial | None) -> list[Judgement]:
    """Beside a kink decides, unless the point itself, swept, gives worse news."""
    if beside is None:
        return trial.judgements
    return [
        here
        if trial.kinks_denied(index) and severity(here.verdict) < severity(there.verdict)
        else there
        for index, (here, there) in enumerate(zip(trial.judgements, beside.judgements, strict=True))
    ]


def _result(block: Block, judgement: Judgement, trial: Trial) -> BlockResult:
    limits = trial.bands[block.index]
    # What several blocks showed together is no error of one of them, unless it acquits all.
    told = judgement.draws > 0 or judgement.verdict is not Verdict.UNDECIDED
    return BlockResult(
        name=block.name,
        shape=block.shape,
        dtype=block.dtype,
        verdict=judgement.verdict,
        error=judgement.error if told else math.inf,
        bar=judgement.bar if told else math.inf,
        resolution=judgement.resolution,
        correct_below=limits.correct_below,
        wrong_above=limits.wrong_above,
        zero=judgement.zero,
        reason=judgement.reason,
        measured=gather(trial, block),
    )


def _about_value(trial: Trial) -> list[Finding]:
    if trial.subject.finite:
        return []
    centres = [float(projection.centre) for projection in trial.subject.projections]
    centre = next(value for value in centres if not math.isfinite(value))
    return [
        Finding(
            Kind.NOT_FINITE,
            None,
            f"fun is {centre} at the point itself, so it has no gradient there: "
            "check at a point where it is finite.",
        )
    ]


def _about_kink(trial: Trial, beside: Trial | None) -> Finding:
    assert trial.kink is not None
    slope = trial.kink.slope
    index = trial.kink.direction.block
    name = None if index is None else trial.subject.point.blocks[index].name
    text = (
        f"fun has a kink at the point: along draw {trial.kink.direction.draw} its slope is "
        f"{slope.left:.6g} on one side and {slope.right:.6g} on the other"
    )
    if beside is not None:
        text += (
            ". The gradient was checked beside it, where it is unique (every block moved by "
            "about 1 % of its size); at the kink several gradients are valid"
        )
    return Finding(Kind.KINK, name, text + ".")


def _about_block(block: Block, judgement: Judgement, trial: Trial) -> list[Finding]:
    for projection in trial.subject.projections:
        if not projection.claim.finite(block.index):
            return [_about_infinity(block, projection.claim)]
    if judgement.verdict not in (Verdict.WRONG, Verdict.SUSPECT):
        return []
    if block.index in trial.subject.not_linear:
        return []
    leading = trial.leading[block.index]
    return [
        _about_disagreement(
            block, judgement, [c for c in trial.comparisons if c.projection == leading]
        )
    ]


def _about_modes(block: Block, trial: Trial) -> list[Finding]:
    """Which of two modes is at fault, where they fare differently."""
    modes = trial.by_mode(block.index)
    wrong = [mode for mode, j in modes.items() if j.verdict in (Verdict.WRONG, Verdict.SUSPECT)]
    if len(modes) < 2 or not wrong:
        return []
    right = [mode for mode in modes if mode not in wrong]
    if right:
        known = "right" if modes[right[0]].verdict is Verdict.CORRECT else "undecided"
        text = f"{right[0]} is {known}, {wrong[0]} is {modes[wrong[0]].verdict}"
    elif _agree(trial, block):
        text = (
            f"{' and '.join(wrong)} agree with each other and not with the function: "
            "the fault may be the function's"
        )
    else:
        text = f"{' and '.join(wrong)} are both wrong, and not in the same way"
    text = text[0].upper() + text[1:] if text.startswith("the ") else text
    return [Finding(Kind.MODES, block.name, f"{block.name}: {text}.")]


def _agree(trial: Trial, block: Block) -> bool:
    """Whether both modes claim the same along the directions through a block."""
    modes = [projection.mode for projection in trial.subject.projections]
    readings = [projection.reading for projection in trial.subject.projections]
    claims: dict[tuple[Any, int], dict[str, Comparison]] = {}
    for c in trial.comparisons:
        if c.direction.block == block.index:
            key = (c.direction, readings[c.projection])
            claims.setdefault(key, {})[modes[c.projection]] = c
    pairs = [tuple(found.values()) for found in claims.values() if len(found) == 2]
    return all(same_claim(one, other) for one, other in pairs)


def _about_infinity(block: Block, claim: Claimed) -> Finding:
    gradient = claim.gradient(block.index)
    if gradient is None or np.isfinite(gradient).all():
        return Finding(
            Kind.NOT_FINITE, block.name, f"{block.name}: the claimed derivative is not finite."
        )
    bad = ~np.isfinite(gradient)
    entries, grid = located(bad)
    return Finding(
        Kind.NOT_FINITE,
        block.name,
        f"{block.name}: {bad.sum()} of {gradient.size} claimed entries are not finite "
        f"({places(bad)}).",
        entries=entries,
        grid=grid,
    )


def _about_disagreement(
    block: Block, judgement: Judgement, comparisons: list[Comparison]
) -> Finding:
    """What was measured, until somebody explains it."""
    alone = [c for c in comparisons if c.direction.block == block.index]
    # An entry says more than a random direction, if it is at fault itself.
    entries = [c for c in alone if c.direction.parts[0].entry is not None]
    wrong_ones = [c for c in entries if abs(c.gap) > c.slope_bar] or alone
    shown = max(wrong_ones, key=lambda c: abs(c.gap) / (abs(c.slope.value) + c.slope_bar))
    slope = shown.slope
    even = shown.direction.parts[0].even
    off = f"the claim is off by {'at least ' if even else ''}{_share(judgement.error)} of "
    off += "the value, which does not change" if judgement.zero else "the gradient's size"
    ratio = ""
    if slope.value and abs(slope.value) > slope.error:
        ratio = f", ratio {shown.claimed / slope.value:.6g}"
    entry = shown.direction.parts[0].entry
    along = "Along a random direction it"
    if even:
        along = "Where all its entries move together, by the same step, it"
    if entry is not None:
        along = "It" if block.count == 1 else f"Entry {_index(block, entry)}"
    return Finding(
        Kind.UNEXPLAINED,
        block.name,
        f"{block.name}: {off}. {along} is {_per(shown, shown.claimed):.8g}, "
        f"the measured slope {_per(shown, slope.value):.8g} ± {_per(shown, slope.error):.1g}"
        f"{ratio}.{_TIES if even else ''}",
    )


def _share(error: float) -> str:
    return f"{100 * error:.3g} %" if 1e-4 <= error < 1e4 else figure(error)


def _per(comparison: Comparison, number: float) -> float:
    """A single entry's derivative is told in the parameter's own units."""
    part = comparison.direction.parts[0]
    return number if part.entry is None else number / part.step


def _index(block: Block, entry: int) -> list[int]:
    per_entry = block.count // max(math.prod(block.shape), 1)
    return [int(i) for i in np.unravel_index(entry // per_entry, block.shape)]
