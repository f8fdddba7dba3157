"""What a report tells beside its verdicts: of the value, kinks, modes, and blocks at fault."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..diagnose.places import located
from ..judge.credible import same_claim
from ..judge.whole import combined
from ..operations.located import Located
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.finding import Finding, Kind
from ..records.judgement import Judgement
from ..records.verdict import Verdict
from ..report.wording import share
from ..space.blocks import places
from ..subject.claim import Claimed
from ..subject.providers import Autodiff
from .at_kink import AtKink
from .loop import Run

_TIES = (
    " Entries that are tied there (the largest of a cell, say) stay tied: a backward pass may give "
    "the whole to one of them or share it out, but not give it to several."
)

_SAME_RULE = "both come from one rule (that of a custom_jvp, say), and that is wrong"


def because_of_it(
    judged: Sequence[tuple[Block, Judgement, Run]], located: Located
) -> list[Finding]:
    """One line for all parameters that come before an operation at fault."""
    names = [
        block.name
        for block, judgement, _ in judged
        if block.index in located.spoiled and judgement.verdict is not Verdict.CORRECT
    ]
    if not names:
        return []
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    culprits = " and ".join(operation.where for operation in located.at_fault[:2])
    come = "come" if len(names) > 1 else "comes"
    are = "are" if len(names) > 1 else "is"
    text = f"{listed} {come} before {culprits} in the forward pass, and {are} wrong because of it."
    return [Finding(Kind.HANDED_ON, None, text)]


def about_value(run: Run) -> list[Finding]:
    """That the function is not finite at the point, where it is not."""
    if run.session.finite:
        return []
    centres = [float(projection.centre) for projection in run.session.projections]
    centre = next(value for value in centres if not math.isfinite(value))
    return [
        Finding(
            Kind.NOT_FINITE,
            None,
            f"fun is {centre} at the point itself, so it has no gradient there: "
            "check at a point where it is finite.",
        )
    ]


def about_kink(run: Run, *, beside: bool) -> Finding:
    """What was seen of a kink, and what was done about it."""
    kink, blocks = run.state.kink, run.state.setting.blocks
    text = "fun has a kink at the point: "
    if kink is None:
        text += "no line through it shows one, but the claims just beside it are spread"
    else:
        slope = kink.slope
        text += f"along random direction {kink.direction.draw} its slope is {slope.left:.6g} "
        text += f"on one side and {slope.right:.6g} on the other"
    if beside:
        text += (
            ". The gradient was checked beside it, where it is unique (every block moved by "
            "about 1 % of its size); at the kink several gradients are valid"
        )
    block = None if kink is None else kink.direction.block
    return Finding(Kind.KINK, None if block is None else blocks[block].name, text + ".")


def about_choice(block: Block, here: AtKink) -> Finding:
    """Why the claim at a kink is no choice that a backward pass has there."""
    entries, grid = (None, None) if here.entries is None else located(here.entries)
    return Finding(Kind.UNEXPLAINED, block.name, f"{here.message}.", entries=entries, grid=grid)


def about_block(block: Block, judgement: Judgement, run: Run) -> list[Finding]:
    """What is wrong with a block that nobody has explained."""
    for claim in run.state.claims:
        if not claim.finite(block.index):
            return [_about_infinity(block, claim)]
    if not judgement.verdict.rejects or block.index in run.state.ruled:
        return []
    leading = run.state.judged[block.index].leading
    compared = [c for c in run.state.comparisons if c.projection == leading]
    return [_about_disagreement(block, judgement, compared)]


def about_modes(block: Block, run: Run) -> list[Finding]:
    """Which of two modes is at fault, where they fare differently."""
    projections, each = run.session.projections, run.state.judged[block.index].each
    if len({p.mode for p in projections}) < 2:
        return []
    every: dict[str, list[Judgement]] = {}
    for projection, judgement in zip(projections, each, strict=True):
        every.setdefault(projection.mode, []).append(judgement)
    modes = {mode: combined(judgements)[1].verdict for mode, judgements in every.items()}
    wrong = [mode for mode, verdict in modes.items() if verdict.rejects]
    right = [mode for mode in modes if mode not in wrong]
    if not wrong:
        return []
    if right:
        known = "right" if modes[right[0]] is Verdict.CORRECT else "undecided"
        text = f"{right[0]} is {known}, {wrong[0]} is {modes[wrong[0]]}"
    elif _agree(run, block):
        text = f"{' and '.join(wrong)} agree with each other and not with the function: "
        text += _SAME_RULE if _one_rule(run.session.grad) else "the fault may be the function's"
    else:
        text = f"{' and '.join(wrong)} are both wrong, and not in the same way"
    text = text[0].upper() + text[1:] if text.startswith("the ") else text
    return [Finding(Kind.MODES, block.name, f"{block.name}: {text}.")]


def _one_rule(grad: Any) -> bool:
    """Whether both modes are bound to agree."""
    return isinstance(grad, Autodiff) and grad.framework.about.one_rule


def _agree(run: Run, block: Block) -> bool:
    """Whether both modes claim the same along the directions through a block."""
    modes = [projection.mode for projection in run.session.projections]
    readings = [projection.reading for projection in run.session.projections]
    claims: dict[tuple[Any, int], dict[str, Comparison]] = {}
    for c in run.state.comparisons:
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
    # An entry says more than a random direction, if it is at fault itself; ties only together.
    tied = [c for c in alone if c.direction.parts[0].even and not c.kinked]
    entries = tied or [c for c in alone if c.direction.parts[0].entry is not None]
    wrong = [c for c in entries if abs(c.gap) > c.slope_bar] or alone
    shown = max(wrong, key=lambda c: abs(c.gap) / (abs(c.slope.value) + c.slope_bar))
    slope = shown.slope
    even = shown.direction.parts[0].even
    off = f"the claim is off by {share(judgement.error)} of "
    off += "itself, and fun does not change" if judgement.zero else "the gradient's size"
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


def _per(comparison: Comparison, number: float) -> float:
    """A single entry's derivative is given in the parameter's own units."""
    part = comparison.direction.parts[0]
    return number if part.entry is None else number / part.step


def _index(block: Block, entry: int) -> list[int]:
    per_entry = block.count // max(math.prod(block.shape), 1)
    return [int(i) for i in np.unravel_index(entry // per_entry, block.shape)]
