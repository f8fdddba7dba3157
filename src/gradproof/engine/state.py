"""What is known of a check under way: an immutable state, and how a comparison changes it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter

from ..judge.bands import Bands
from ..judge.credible import beyond_choice, disagrees, miscounts
from ..judge.verdict import UNKNOWN, judge, overruled
from ..judge.whole import combined
from ..plan.setting import Setting
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.judgement import Judgement
from ..records.slope import Slope, Smoothness
from ..records.verdict import Ruling, Verdict
from ..space.directions import RMS
from ..subject.claim import Claimed
from .quantisation import Steps


@dataclass(frozen=True, slots=True)
class Memory:
    """What slopes taught for those to come, for one projection: a window each, not five.

    ``last`` is the last slope whose noise was measured, ``windows`` has by block the half-width
    that was believed.
    """

    last: Slope | None = None
    windows: Mapping[int, float] = field(default_factory=dict)
    steps: Steps = field(default_factory=Steps)


@dataclass(frozen=True, slots=True)
class Learned:
    """The memories of all projections, and what one look at a function says of the next.

    ``narrow_misleads``: wide windows agree with a claim that narrow ones reject, since the function
    moves in steps. ``accepted``: slopes for which four points were enough, less those for which
    they were not; ``width``: the narrowest window that was enough where so much moved at once that
    kinks lie in wider ones.
    """

    memories: tuple[Memory, ...]
    accepted: int = 0
    width: float = math.inf
    narrow_misleads: bool = False


@dataclass(frozen=True, slots=True)
class Measurement:
    """One direction measured: a comparison for each projection, and what was learned."""

    direction: Direction
    made: tuple[Comparison, ...]
    learned: Learned
    evaluations: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement, the projection on which it rests, and those of all projections."""

    judgement: Judgement = UNKNOWN
    leading: int = 0
    each: tuple[Judgement, ...] = (UNKNOWN,)

    @property
    def rejects(self) -> bool:
        """Whether the block is wrong or suspect."""
        return self.judgement.verdict.rejects


@dataclass(frozen=True)
class State:
    """One moment of a check.

    ``claims`` and ``values`` are the claimed gradient and the magnitude of each projection,
    ``eps`` the precision of each block. ``not_finite`` are blocks whose claim is not finite where
    the function is, ``ruled`` those on which something else decides. ``kink`` is the first
    comparison that showed one; one may be ``hidden`` from all lines. ``known`` are judgements that
    hold, since nothing moved their blocks.
    """

    setting: Setting
    bands: tuple[Bands, ...]
    eps: tuple[float, ...]
    claims: tuple[Claimed, ...]
    values: tuple[float, ...]
    learned: Learned
    ruled: Mapping[int, Ruling] = field(default_factory=dict)
    not_finite: frozenset[int] = frozenset()
    comparisons: tuple[Comparison, ...] = ()
    drawn: int = 0
    evaluations: int = 0
    disagreed: bool = False
    disagreements: int = 0
    kink: Comparison | None = None
    hidden: bool = False
    known: Mapping[int, Judged] = field(default_factory=dict)

    @cached_property
    def judged(self) -> Sequence[Judged]:
        """What is known of every block; asked for once, as a state does not change."""
        found: dict[int, Judged] = {}
        for index in range(len(self.setting.blocks)):
            known = self.known.get(index)
            found[index] = known or _ruled(
                self, index, _weighed(self, index, _reported(self, index))
            )
        return list(found.values())

    @cached_property
    def judgements(self) -> Sequence[Judgement]:
        """The judgements of all blocks."""
        return list(map(_JUDGEMENT, self.judged))

    @cached_property
    def right(self) -> bool:
        """Whether all blocks are."""
        return {j.verdict for j in self.judgements} == {Verdict.CORRECT}

    @property
    def rejects(self) -> bool:
        """Whether any block is wrong or suspect."""
        return any([j.verdict.rejects for j in self.judgements])

    @cached_property
    def against(self) -> Mapping[int, Sequence[Comparison]]:
        """By block, what was measured of it alone and disagrees with its claim."""
        found: dict[int, list[Comparison]] = {}
        for c in self.comparisons:
            index = c.direction.block
            if index is not None and disagrees(c, self.bands[index]):
                found.setdefault(index, []).append(c)
        return found

    @cached_property
    def culprits(self) -> frozenset[int]:
        """Blocks that are wrong by what was measured of them alone.

        Where they move, what disagrees says nothing of others.
        """
        return frozenset([i for i in self.against if _weighed(self, i, self.comparisons).rejects])

    @property
    def one_sided(self) -> frozenset[int]:
        """The blocks that nothing but slopes of one side, at the edge of a domain, rejects."""
        edge = Smoothness.EDGE
        every = self.against.items()
        return frozenset([i for i, made in every if {c.slope.smoothness for c in made} == {edge}])

    @property
    def kinked(self) -> Sequence[int]:
        """The blocks that moved where the first kink was seen."""
        return [] if self.kink is None else [part.block for part in self.kink.direction.parts]

    @property
    def flat(self) -> Direction | None:
        """A direction along which the slope is exactly zero although a gradient is claimed."""
        flat = (c.direction for c in self.comparisons if c.slope.value == 0 and c.gap != 0)
        return next(flat, None)

    def limits(self, direction: Direction) -> Bands:
        """The bands of the blocks that move: the narrowest."""
        found = self.bands[direction.parts[0].block]
        for part in direction.parts:
            if self.bands[part.block].correct_below < found.correct_below:
                found = self.bands[part.block]
        return found


def update(state: State, new: Measurement) -> State:
    """The state after one more direction; what did not move is not judged again."""
    direction, made = new.direction, new.made
    limits = state.limits(direction)
    disagreed = any([disagrees(c, limits) for c in made])
    known = dict(_known(state))
    for part in direction.parts:
        known.pop(part.block, None)
    if disagreed and direction.block is not None:
        known.clear()  # a fault that is known spoils less
    first = next((c for c in made if c.kinked), None) if state.kink is None else state.kink
    return replace(
        state,
        comparisons=state.comparisons + made,
        learned=new.learned,
        drawn=max(state.drawn, direction.draw + 1),
        evaluations=new.evaluations,
        disagreed=disagreed,
        disagreements=state.disagreements + disagreed,
        kink=first,
        known=known,
    )


def reclaimed(state: State, claims: Sequence[Claimed], along: Sequence[float]) -> State:
    """The same slopes beside other claims, whose derivatives are ``along`` each comparison."""
    state = replace(state, ruled={}, not_finite=frozenset())
    return with_claims(state, claims, along)


def with_claims(
    state: State, claims: Sequence[Claimed], along: Sequence[float] | None = None
) -> State:
    """The state with other claims, or the same ones with noise that is known better."""
    state = replace(state, claims=tuple(claims), known={})
    numbers = along or [c.claimed for c in state.comparisons]
    compared = [
        replace(c, claimed=number, claimed_bar=noise(state, c.direction, c.projection))
        for c, number in zip(state.comparisons, numbers, strict=True)
    ]
    return replace(state, comparisons=tuple(compared))


def noise(state: State, direction: Direction, projection: int) -> float:
    """How well a claim itself is known along a direction."""
    return state.claims[projection].bar(direction)


def miscounted(state: State, index: int) -> bool:
    """Whether a claim in an array is wrong beside a kink: of a tie, or where no kink is.

    It gives a tie more than once, or to nobody; or what is neither zero nor tied is off, where
    there is nothing to choose.
    """
    limits = state.bands[index]
    alone = [c for c in state.comparisons if c.direction.block == index]
    smooth = [c for c in alone if c.direction.parts[0].only and not c.kinked]
    return any([miscounts(c, limits) for c in alone] + [disagrees(c, limits) for c in smooth])


def _beyond_excuse(state: State, index: int) -> bool:
    """Whether the claim for a kinked entry of a block is no choice at a kink."""
    if index in state.not_finite or miscounted(state, index):
        return True
    lone = sum(block.count for block in state.setting.blocks) == 1
    alone = [c for c in state.comparisons if c.direction.block == index]
    entries = [c for c in alone if c.direction.parts[0].entry is not None]
    if not entries:
        return False
    return any(beyond_choice(c, entries, state.bands[index], lone=lone) for c in entries)


def exempt(state: State) -> State:
    """A claim known only at a kink is not rejected for the side that it picks there."""
    kinks = {c.direction.block for c in state.comparisons if c.kinked}
    if not kinks:
        return state
    known = dict(enumerate(state.judged))
    for index in [block for block in kinks if block is not None]:
        judged = known[index]
        if judged.judgement.verdict.rejects and not _beyond_excuse(state, index):
            verdict = replace(judged.judgement, verdict=Verdict.UNDECIDED, reason=_AT_KINK)
            known[index] = replace(judged, judgement=verdict)
    return replace(state, known=known)


_AT_KINK = (
    "the point is a kink, where a claim outside the one-sided slopes can still be a valid choice; "
    "give grad as a function, so that it can be checked beside the kink"
)

_NOT_FINITE = "the claimed gradient is not finite"

_JUDGEMENT = attrgetter("judgement")


def _reason(state: State, index: int) -> str:
    """What is wrong of a claim that no number is known of."""
    fits = all([claim.fits(index) for claim in state.claims])
    return _NOT_FINITE if fits else "the claim has another shape"


def _known(state: State) -> Mapping[int, Judged]:
    """Judgements that were made, of this state or of one before it."""
    made = state.__dict__.get("judged")
    return state.known if made is None else dict(enumerate(made))


def _reported(state: State, index: int) -> Sequence[Comparison]:
    """What no fault of another block spoils."""
    others = (state.culprits | state.not_finite) - {index}
    if not others:
        return state.comparisons
    return [c for c in state.comparisons if others.isdisjoint(c.direction.places)]


def _ruled(state: State, index: int, found: Judged) -> Judged:
    """A judgement, or what decides instead of slopes."""
    if index in state.not_finite:
        wrong = replace(found.judgement, verdict=Verdict.WRONG, reason=_reason(state, index))
        return replace(found, judgement=wrong)
    if index in state.ruled and state.comparisons:
        return replace(found, judgement=overruled(found.judgement, state.ruled[index]))
    return found


def _weighed(state: State, index: int, comparisons: Sequence[Comparison]) -> Judged:
    """What some comparisons say of a block: in the projection for which it is worst."""
    each = []
    for k, claim in enumerate(state.claims):
        several = len(state.claims) > 1
        compared = [c for c in comparisons if c.projection == k] if several else comparisons
        each.append(
            judge(
                state.setting.blocks[index], compared, norm=claim.norms[index],
                value=state.values[k], eps=state.eps[index], bands=state.bands[index], rms=RMS,
            )
        )  # fmt: skip
    leading, judgement = combined(each)
    return Judged(judgement, leading, tuple(each))
