"""From a finished run to the facts of its report."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..judge.thresholds import T
from ..judge.verdict import handed_on
from ..judge.whole import difference, distance, resolution
from ..operations.located import Located
from ..records.block import Block
from ..records.finding import Finding, Kind, SourceLine
from ..records.judgement import Judgement
from ..records.verdict import Verdict, severity, worst
from ..report.report import BlockResult, Report
from .at_kink import AtKink
from .evidence import gather
from .loop import Run
from .sentences import (
    about_block,
    about_choice,
    about_kink,
    about_modes,
    about_value,
    because_of_it,
)
from .state import State

_NONE_BESIDE = "at the kink itself the claim is none of those just beside it"

_IN_STEPS = (
    "fun moves in steps, as log(1 - A) does where A is next to 1, or what rounds its arguments to "
    "bfloat16: over small steps its slope is not what it is over large ones, which agree with the "
    "claim. A stable formula (logaddexp, log1p) or a higher precision would let it be checked."
)


@dataclass(frozen=True, slots=True)
class Explained:
    """What was found out about wrong blocks and operations, and the evaluations spent on that."""

    findings: Mapping[int, Finding]
    lines: Mapping[int, SourceLine]
    inquiry: int
    located: Located | None = None

    def each(self, judgements: Sequence[Judgement]) -> bool:
        """Whether something explains every block that is rejected."""
        wrong = [index for index, j in enumerate(judgements) if j.verdict.rejects]
        known = {i for i, found in self.findings.items() if found.kind is not Kind.UNEXPLAINED}
        return self.at_fault is not None or known.issuperset(wrong)

    @property
    def at_fault(self) -> Located | None:
        """The operations, if any of them is at fault: then no block is."""
        return self.located if self.located is not None and self.located.at_fault else None


def compose(run: Run, explained: Explained, name: str, seconds: float, reproduce: str) -> Report:
    """Freeze a run, with what led to it, and what was found."""
    first = run if run.at is None else run.at
    judged = _decided(run)
    findings = [*first.session.findings, *about_value(first)]
    if first.state.kink is not None or first.state.hidden:
        findings.append(about_kink(first, beside=run.at is not None))
    if explained.at_fault is not None:
        findings += [*explained.at_fault.findings, *because_of_it(judged, explained.at_fault)]
        spoiled = explained.at_fault.spoiled if explained.at_fault.explains else ()
        judged_alone = [one for one in judged if one[0].index not in spoiled]
        handed = [one for one in judged if one[0].index in spoiled]
        findings += [f for block, _, source in handed for f in about_modes(block, source)][:1]
    else:
        judged_alone = judged
    for block, judgement, source in sorted(judged_alone, key=_worst_first):
        if judgement.verdict.rejects and block.index in explained.findings and source is run:
            about = [explained.findings[block.index]]
        elif source is not run and judgement.verdict.rejects and block.index in run.kinks:
            about = [about_choice(block, run.kinks[block.index])]
        else:
            about = about_block(block, judgement, source)
        line = explained.lines.get(block.index)
        findings += [f if f.line else dataclasses.replace(f, line=line) for f in about]
        findings += about_modes(block, source)
    judgements = [judgement for _, judgement, _ in judged]
    setting, session = run.state.setting, run.session
    return Report(
        name=name,
        verdict=worst([j.verdict for j in judgements]),
        distance=distance(judgements),
        difference=difference(_leading_norms(run.state), judgements),
        resolution=resolution(judgements),
        evaluations=session.evaluations,
        inquiry=explained.inquiry,
        gradient_calls=session.gradient_calls,
        seconds=seconds,
        seed=setting.seed,
        effort=session.asked.options.effort,
        blocks=tuple([_result(*one, explained.at_fault) for one in judged]),
        operations=explained.located.operations if explained.located else (),
        measured=gather(run.state, None),
        findings=tuple(findings),
        notes=tuple(_notes(first, [] if explained.each(judgements) else judgements)),
        left_alone=tuple(first.session.point.left_alone.items()),
        reproduce=reproduce,
        modes=tuple(session.modes),
    )


def _decided(run: Run) -> list[tuple[Block, Judgement, Run]]:
    """Beside a kink decides, unless the point itself, swept, gives worse news."""
    every = zip(run.state.setting.blocks, run.state.judgements, strict=True)
    found = [(block, judgement, run) for block, judgement in every]
    if run.at is None:
        return found
    for block, judgement, _ in found:
        here = run.kinks.get(block.index)
        if here is not None and severity(here.verdict) < severity(judgement.verdict):
            found[block.index] = (block, _at_kink(judgement, here), run.at)
        elif block.index in run.at.state.not_finite:
            found[block.index] = (block, run.at.state.judgements[block.index], run.at)
    return found


def _at_kink(beside: Judgement, here: AtKink) -> Judgement:
    """The judgement of a block that is right beside a kink and not at it, or perhaps not."""
    rejects = here.verdict.rejects
    return dataclasses.replace(
        beside,
        verdict=here.verdict,
        error=here.least if rejects else beside.error,
        bar=math.inf,
        low=here.least,
        high=math.inf,
        resolution=beside.resolution if rejects else math.inf,
        draws=max(beside.draws, 1),
        zero=False,
        natural=False,
        reason=_NONE_BESIDE if rejects else here.message,
    )


def _leading_norms(state: State) -> list[float]:
    """The norms of the claimed gradients on which the judgements rest."""
    return [state.claims[j.leading].norms[index] for index, j in enumerate(state.judged)]


def _notes(first: Run, judgements: Sequence[Judgement]) -> list[str]:
    """What the guards said, that the function moves in steps, and where to look first.

    An error spoils every block before it in the forward pass, so the last one is suspicious.
    """
    notes, blocks = list(first.session.notes), first.state.setting.blocks
    if first.state.learned.narrow_misleads:
        notes.append(_IN_STEPS)
    wrong = [b for b, j in zip(blocks, judgements, strict=False) if j.verdict.rejects]
    if T.look_first <= len(wrong) < len(judgements):
        notes.append(
            f"{len(wrong)} blocks are wrong or suspect. An error in a backward pass spoils all "
            f"blocks before it, so look first at the last of them: {wrong[-1].name}."
        )
    return notes


def _worst_first(judged: tuple[Block, Judgement, Run]) -> tuple[int, float]:
    """Errors that are printed alike stay in the order of the blocks: they differ by round-off."""
    return severity(judged[1].verdict), -float(f"{judged[1].error:.1e}")


def _result(block: Block, judgement: Judgement, run: Run, located: Located | None) -> BlockResult:
    limits = run.state.bands[block.index]
    # What several blocks showed together is no error of one of them, unless it supports all.
    known = judgement.draws > 0 or judgement.verdict is not Verdict.UNDECIDED
    if not known and located is not None and block.index in located.spoiled:
        judgement = handed_on(judgement, worst(o.verdict for o in located.at_fault))
        known = True
    return BlockResult(
        name=block.name,
        shape=block.shape,
        dtype=block.dtype,
        verdict=judgement.verdict,
        error=judgement.error if known else math.inf,
        bar=judgement.bar if known else math.inf,
        resolution=judgement.resolution,
        correct_below=limits.correct_below,
        wrong_above=limits.wrong_above,
        natural=judgement.natural,
        reason=judgement.reason,
        measured=gather(run.state, block),
    )
