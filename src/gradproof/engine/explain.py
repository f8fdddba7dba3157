"""From accused blocks to findings: where the error is, what it is, which line computed it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..diagnose.diagnosis import diagnose
from ..diagnose.evidence import Evidence
from ..diagnose.lines import Watch
from ..judge.compare import KNOWN_WELL
from ..judge.explain import accounts, digit, is_discrepant, is_sharp
from ..plan.locate import Located, Locator
from ..plan.screen import ONE_BY_ONE
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.finding import Finding, SourceLine
from ..records.verdict import Verdict, severity
from ..space.directions import vector
from ..space.tree import beginnings, lookup
from ..subject.claim import Claim
from ..subject.providers import again, watchable
from .session import Trial

_REJECTED = (Verdict.WRONG, Verdict.SUSPECT)

# A wrong block of so few coordinates is measured entry by entry.
_SWEEP = 24

# Of more accused blocks than these, among more than are singled out one by one, only the last are
# looked into.
_MANY = 4
_LAST = 2

# Draws of an inquiry begin here, away from those of the screening.
_FIRST_DRAW = 1 << 20


def inquire(trial: Trial) -> dict[int, Finding]:
    """A finding for each wrong or suspect block that can be explained, worst first."""
    findings: dict[int, Finding] = {}
    rejected = _rejected(trial)
    if (
        len(rejected) > _MANY and len(trial.judgements) > ONE_BY_ONE
    ):  # the last ones may be at fault, the others have inherited it
        rejected = sorted(rejected, key=lambda b: b.index)[-_LAST:]
    for block in rejected:
        measuring = trial.subject.evaluations <= trial.effort.inquire
        evidence = _evidence(trial, block)
        if evidence is None:
            continue
        with np.errstate(all="ignore"):
            finding = diagnose(evidence, measuring=measuring)
        if finding is not None:
            findings[block.index] = finding
    return findings


def find_lines(trial: Trial) -> dict[int, SourceLine]:
    """The statements that computed the accused blocks' gradients, where that is sure."""
    subject, blocks = trial.subject, trial.subject.point.blocks
    wrong_ones = [
        b
        for b in blocks
        if (trial.judgements[b.index].verdict in _REJECTED or not subject.has_finite_claim(b.index))
        and isinstance(subject.projections[trial.leading[b.index]].claim, Claim)
    ]
    if not wrong_ones or not callable(given := watchable(subject)):
        return {}
    code = getattr(inspect.unwrap(_function(given)), "__code__", None)
    if code is None:
        return {}
    watch = Watch(code.co_filename, frozenset(math.prod(b.shape) for b in wrong_ones))
    reading = subject.projections[trial.leading[wrong_ones[0].index]].reading
    gradient = watch.run(lambda: again(subject, reading))
    known = beginnings(subject.point.tree.paths)
    found = {}
    for block in wrong_ones:
        try:
            line = watch.line(lookup(gradient, subject.point.path(block.index), known))
        except KeyError:
            continue
        if line is not None:
            found[block.index] = line
    return found


def _function(given: Any) -> Any:
    """The Python function inside whatever was given to compute the gradient."""
    while isinstance(given, partial):
        given = given.func
    if inspect.isfunction(given) or inspect.ismethod(given):
        return given
    return getattr(given, "__wrapped__", type(given).__call__)


def _rejected(trial: Trial) -> list[Block]:
    judgements = trial.judgements
    rejected = [
        block
        for block in trial.subject.point.blocks
        if judgements[block.index].verdict in _REJECTED
        and (block.index not in trial.subject.not_linear or trial.in_doubt(block.index))
        and trial.subject.has_finite_claim(block.index)
    ]
    return sorted(rejected, key=lambda b: severity(judgements[b.index].verdict))


def _evidence(trial: Trial, block: Block) -> Evidence | None:
    """What there is to look at; None where the claim is not known entry by entry."""
    point, leading = trial.subject.point, trial.leading[block.index]
    claim = trial.subject.projections[leading].claim
    claimed = claim.gradient(block.index)
    if claimed is None:
        return None

    def measure(direction: Direction) -> Comparison:
        return trial.compare(direction, KNOWN_WELL, only=leading)[0]

    mute = trial.screen().spans_scales(block)
    draws = [
        c if is_sharp(c) or trial.is_sharp(c) else measure(c.direction)
        for c in tuple(trial.comparisons)
        if c.projection == leading
        and c.direction.block == block.index
        and c.direction.parts[0].whole
    ]
    return Evidence(
        block=block,
        claimed=_flat(claimed),
        point=_flat(point.host(block.index)),
        others={
            b.name: _flat(claim.gradients[b.index])
            for b in point.blocks
            if isinstance(claim, Claim)
        },
        right=frozenset(
            b.name for b in point.blocks if trial.judgements[b.index].verdict is Verdict.CORRECT
        ),
        shapes={b.name: b.shape for b in point.blocks},
        arguments=trial.subject.caller.arrays(),
        draws=[c for c in draws if math.isfinite(c.slope_bar) and not c.kinked and not mute],
        measure=measure,
        locate=lambda evidence: _locate(trial, evidence),
        seed=trial.seed,
        next_draw=_FIRST_DRAW,
        mute=mute,
    )


def _flat(array: NDArray[Any]) -> NDArray[np.float64]:
    return arrays.flat(array).astype(np.float64)


def _locate(trial: Trial, evidence: Evidence) -> Located:
    swept = _swept(trial, evidence.block)
    if swept is not None:
        return swept
    evidence.need(2)
    locator = Locator(
        block=evidence.block,
        seed=evidence.seed,
        first_draw=2 * _FIRST_DRAW,
        slopes=trial.effort.locate,
        sweep=_SWEEP,
        digit=digit,
        discrepant=is_discrepant,
        alone=lambda entry, draws: accounts(entry, draws, _shares(evidence, entry, draws)),
        entry_scale=trial.subject.point.entry_scale,
    )
    plan = locator.plan(evidence.draws)
    direction: Direction = next(plan)
    while True:
        comparison: Comparison = evidence.measure(direction)
        try:
            direction = plan.send(comparison)
        except StopIteration as stop:
            return _located(stop.value)


def _swept(trial: Trial, block: Block) -> Located | None:
    """The entries, where every one of them was measured already."""
    entries = {
        part.entry: c
        for c in trial.comparisons
        if c.projection == trial.leading[block.index]
        and c.direction.block == block.index
        and (part := c.direction.parts[0]).entry is not None
    }
    if len(entries) < block.count:
        return None
    wrong = tuple(sorted(entry for entry, c in entries.items() if is_discrepant(c)))
    return Located(wrong, complete=True, sample=tuple(entries.values()))


def _shares(evidence: Evidence, entry: Comparison, draws: Sequence[Comparison]) -> list[float]:
    """How far each draw moves one entry, in units of the entry's own direction."""
    index = entry.direction.parts[0].entry
    assert index is not None
    moved = []
    for draw in draws:
        part, seed = draw.direction.parts[0], draw.direction.seed
        drawn = vector(part, evidence.block.axes, seed, draw.direction.draw)
        moved.append(part.step * drawn.component(index) / entry.direction.parts[0].step)
    return moved


def _located(value: Any) -> Located:
    assert isinstance(value, Located)
    return value
