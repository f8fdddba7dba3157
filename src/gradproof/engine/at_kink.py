"""At a kink: the claim beside the claims just beside the point, which need no measured slope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..judge import hull
from ..judge.functionals import WHOLE, Functionals
from ..judge.hull import Claims, Decision, Spread
from ..judge.thresholds import T
from ..plan.effort import ROUNDS
from ..plan.shifts import Aimed, Shift, aimed, alone, balanced, shifts
from ..records.block import Block
from ..records.verdict import Verdict
from ..subject.claim import Claim, owned
from ..subject.moved import claims_at, in_own_precision
from ..subject.obtain import call_grad
from ..subject.providers import Products
from ..subject.session import Session

Array = NDArray[np.float64]
_Result = TypeVar("_Result")
Flats = list[NDArray[Any]]

# Ten digits above round-off; what curvature adds is measured. In float32 as far from both. Coarser
# formats leave no room between the two.
_DISTANCES = ((2.0**-50, 1e-6), (2.0**-22, 2e-3))
_HALF = 0.5
_PAIRED = 3  # shifts looked at in two sizes, and the last one: they tell the curvature
_LEAST = 4  # claims beside it, fewer say nothing


@dataclass(frozen=True, slots=True)
class AtKink:
    """What is known of one block's claim at a kink where it is none of those beside it.

    ``least`` is the smallest relative error that explains it, ``entries`` a mask over those at
    fault, where single ones are.
    """

    verdict: Verdict
    least: float
    message: str
    entries: NDArray[np.bool_] | None = None


def at_kink(session: Session) -> Mapping[int, AtKink]:
    """The blocks whose claim is rejected at the kink, or in doubt there, and why."""
    return _in_some_precision(session, _looked) or {}


def is_hidden(session: Session) -> bool:
    """Whether the point is a kink that no line through it shows: claims beside it are spread.

    The median of equal numbers is such a one. It takes equal entries, or zeros.
    """
    if not session.leaves_kinks or not _is_special(session):
        return False
    return bool(_in_some_precision(session, _is_spread))


def _is_special(session: Session) -> bool:
    values = [arrays.flat(session.point.host(b.index)) for b in session.point.blocks]
    return any([not x.all() or np.unique(x).size < x.size for x in values])


def _in_some_precision(session: Session, look: Callable[[_Beside], _Result]) -> _Result | None:
    """In float64 where the claim can be had in it, else in its own precision.

    Nothing comes of a claim that is known along directions only (forward mode), of one in half
    precision, and of one that is nowhere finite.
    """
    if not any([isinstance(p.claim, Claim) for p in session.projections]):
        return None
    eps = max([session.point.eps(block.index) for block in session.point.blocks])
    if session.promoted:
        try:
            return _with(session, _distance(arrays.eps("float64")), look)
        except Exception:  # noqa: BLE001 - whatever it is: then float64 is not allowed
            with in_own_precision(session):
                return _with(session, _distance(eps), look)
    return _with(session, _distance(eps), look)


def _with(session: Session, distance: float, look: Callable[[_Beside], _Result]) -> _Result | None:
    if not distance:
        return None
    first = session.result() if isinstance(session.grad, Products) else None
    claims = [owned(claim) for claim in call_grad(session, first)]
    blocks = [b for b in session.point.blocks if all([claim.finite(b.index) for claim in claims])]
    if not blocks:
        return None
    flats = [_flats(claim, blocks) for claim in claims]
    return look(_Beside(session, first, distance, _functionals(session, blocks), flats))


def _distance(eps: float) -> float:
    return next((distance for coarsest, distance in _DISTANCES if eps <= coarsest), 0.0)


def _looked(beside: _Beside) -> Mapping[int, AtKink]:
    every = list(shifts(beside.session.point.blocks, beside.session.asked.options.seed))
    for i, shift in enumerate(every):
        beside.ask(shift, paired=i < _PAIRED or shift is every[-1])
    _balance(beside, draw=0)
    found: dict[int, AtKink] = {}
    for k in range(len(beside.point)):
        for index, here in _settled(beside, k).items():
            if index not in found or not found[index].verdict.rejects:
                found[index] = here
    return found


def _balance(beside: _Beside, draw: int) -> None:
    """Further shifts, where some entries move the function far more than others."""
    every, functionals = beside.session.point.blocks, beside.functionals
    entries = np.array([[row[: functionals.entries] for row in rows] for rows in beside.rows])
    if not entries.size:
        return
    sizes = np.sqrt((entries**2).mean((0, 1)))
    effects = [np.zeros(block.count) for block in every]
    for block, chosen, part in functionals.looks():
        effects[block.index][chosen] = sizes[part] * block.scale
    for shift in balanced(effects, beside.session.asked.options.seed, draw):
        beside.ask(shift)


def _is_spread(beside: _Beside) -> bool:
    every = list(shifts(beside.session.point.blocks, beside.session.asked.options.seed))
    for shift in every[-_PAIRED:]:
        beside.ask(shift, paired=True)
    if len(beside.rows) < _PAIRED:
        return False
    found = [hull.spread(beside.claims(k, flat)) for k, flat in enumerate(beside.point)]
    return not all([spread.still.all() for spread in found])


def _functionals(session: Session, blocks: Sequence[Block]) -> Functionals:
    flats = [arrays.flat(session.point.host(b.index)).astype(np.float64) for b in blocks]
    return Functionals(tuple(blocks), tuple(flats), session.asked.options.seed)


def _flats(claim: Claim, blocks: Sequence[Block]) -> Flats:
    return [arrays.flat(claim.gradients[block.index]) for block in blocks]


@dataclass(slots=True)
class _Beside:
    """Claims at the ``point`` and beside it, in numbers: for each projection a row a shift."""

    session: Session
    first: Any
    distance: float
    functionals: Functionals
    point: list[Flats]
    asked: list[Shift | Aimed] = field(default_factory=list)
    rows: list[list[Array]] = field(default_factory=list)
    bends: list[list[Array]] = field(default_factory=list)
    squares: list[Array] = field(default_factory=list)

    @property
    def blocks(self) -> Sequence[Block]:
        """Those that are looked at: of finite claims."""
        return self.functionals.blocks

    def ask(self, shift: Shift | Aimed, *, paired: bool = False) -> None:
        """One more claim beside it, or the same at two distances; what is not finite is dropped."""
        sizes = (self.distance, _HALF * self.distance) if paired else (self.distance,)
        read: list[list[Array]] = []
        for size in sizes:
            claims = claims_at(self.session, self.first, shift.moves, size)
            flats = [_flats(claim, self.blocks) for claim in claims or ()]
            if not flats or not all([np.isfinite(g).all() for flat in flats for g in flat]):
                return
            read.append([self.functionals.read(flat) for flat in flats])
        squares = [self.functionals.squares(flat) for flat in flats]
        pairs = zip(self.squares or squares, squares, strict=True)
        self.squares = [np.maximum(old, new) for old, new in pairs]
        self.asked.append(shift)
        self.rows.append(read[-1])
        if paired:
            self.bends.append([far - near for far, near in zip(*read, strict=True)])

    def claims(self, k: int, flat: Flats) -> Claims:
        """One projection's claim beside them."""
        squares = np.maximum(self.squares[k], self.functionals.squares(flat))
        entries = self.functionals.entries
        beside = np.array([row[k] for row in self.rows])
        claim = self.functionals.read(flat)
        whole = float((beside[:, :entries] ** 2).sum(1).max()) + float(
            claim[:entries] @ claim[:entries]
        )
        return Claims(
            claim, beside, np.array([row[k] for row in self.bends]), np.sqrt(squares), whole**0.5
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What all numbers say of a claim whose exempt ties are settled."""

    claims: Claims
    spread: Spread
    decision: Decision

    @property
    def open(self) -> bool:
        """Whether there is any doubt."""
        return bool(self.decision.doubt.max() > T.doubt)


def _settled(beside: _Beside, k: int) -> dict[int, AtKink]:
    """What one projection's claim comes to, after further claims wherever something is open."""
    if len(beside.rows) < _LEAST or not beside.bends:
        return {b.index: AtKink(Verdict.UNDECIDED, 0.0, _TOO_FEW) for b in beside.blocks}
    flat = beside.point[k]
    for turn in range(ROUNDS + 1):
        found = _found(beside, k, flat)
        if not found.open or turn == ROUNDS:
            break
        for shift in _further(beside, found, turn):
            beside.ask(shift)
        _balance(beside, draw=1 + turn)
    return _outcomes(beside, found, flat)


def _found(beside: _Beside, k: int, flat: Flats) -> _Found:
    functionals, entries = beside.functionals, beside.functionals.entries
    claims = beside.claims(k, flat)
    amid, exempt = np.zeros((2, len(claims.claim)), bool)
    first = hull.spread(claims)
    amid[:entries], exempt[:entries] = hull.ties(functionals.equal, claims, first)
    if not exempt.any():
        return _Found(claims, first, hull.decide(first, amid, exempt))
    # Ties that add up are settled, to what is claimed or what was given: what else is there?
    given = claims.beside.mean(0)
    claimed = given.copy()
    claimed[:entries] += hull.missing(functionals.equal, exempt[:entries], claims.claim - given)
    found = []
    for settled in (given, claimed):
        made = replace(claims, claim=functionals.read_with(flat, exempt, settled))
        spread = hull.spread(made)
        found.append(_Found(made, spread, hull.decide(spread, amid, exempt)))
    return min(found, key=lambda one: float(one.decision.doubt.max()))


def _further(beside: _Beside, found: _Found, turn: int) -> Iterator[Aimed]:
    """Shifts that may bring the worst number to where the claim has it."""
    every, functionals = beside.session.point.blocks, beside.functionals
    worst, seed = int(found.decision.doubt.argmax()), beside.session.asked.options.seed
    row = found.claims.beside[:, worst]
    towards = np.sign(found.claims.claim[worst] - row.mean())
    away = found.claims.beside - found.claims.claim
    nearest, gap = np.abs(away).argmin(0), -away.mean(0)
    effects, gaps, best = [[np.zeros(block.count) for block in every] for _ in range(3)]
    looks = list(functionals.looks())
    for i, (shift, number) in enumerate(zip(beside.asked, row - row.mean(), strict=True)):
        moves = [np.sign(shift.moves(block)) for block in every]
        for block in every:
            effects[block.index] += towards * number * moves[block.index]
        for block, chosen, part in looks:
            here = chosen[nearest[part] == i]
            best[block.index][here] = moves[block.index][here]
    for block, chosen, part in looks:
        gaps[block.index][chosen] = gap[part]
    yield from aimed(every, effects, gaps, best, seed, turn)
    if worst < functionals.entries:
        index, entry = functionals.place(worst)
        yield from alone(every, index, entry, seed, turn)


def _outcomes(beside: _Beside, found: _Found, flat: Flats) -> dict[int, AtKink]:
    """Block by block; what is read from several counts where none of them is rejected alone."""
    decision, functionals = found.decision, beside.functionals
    rejected = bool((decision.against[functionals.owner != WHOLE] > 1).any())
    outcomes: dict[int, AtKink] = {}
    for position, block in enumerate(beside.blocks):
        mine = functionals.owner == position
        if not rejected:
            mine = functionals.belongs(position, ~found.spread.still)
        against, doubt = np.where(mine, decision.against, 0.0), np.where(mine, decision.doubt, 0.0)
        worst = int(against.argmax())
        if against[worst] > 1:
            outcomes[block.index] = _denied(beside, found, position, worst, flat[position])
        elif doubt.max() > T.doubt:
            outcomes[block.index] = _in_doubt(beside, found, block, int(doubt.argmax()))
    return outcomes


def _denied(beside: _Beside, found: _Found, position: int, worst: int, claim: Any) -> AtKink:
    functionals, block = beside.functionals, beside.blocks[position]
    part = functionals.parts[position]
    size = max(map(arrays.norm, [claim, *found.claims.beside[:, part]]))
    error = float(found.spread.excess[worst] / functionals.norms[worst])
    least, entries = hull.share_of(error, size), None
    against = np.flatnonzero(found.decision.against[part] > 1)
    if against.size:
        mask = np.zeros(block.count, dtype=bool)
        mask[functionals.chosen[position][against]] = True
        entries = np.asarray(mask.reshape(*block.shape, -1).any(-1))
    text = f"{block.name}: at the point itself, a kink, the claim is none that grad gives beside it"
    text += f": {_said(beside, found, worst, block)}"
    if worst >= functionals.entries:
        text += _TIES
    return AtKink(Verdict.WRONG, least, text, entries)


def _in_doubt(beside: _Beside, found: _Found, block: Block, worst: int) -> AtKink:
    text = (
        "at the point itself, a kink, the claim may be one that grad never gives beside it "
        f"({_said(beside, found, worst, block)}); behind several kinks at once a backward may do "
        "so: check where only one of them is at the point, with the others moved a little"
    )
    return AtKink(Verdict.UNDECIDED, 0.0, text)


def _said(beside: _Beside, found: _Found, number: int, block: Block) -> str:
    functionals, spread = beside.functionals, found.spread
    what = "a weighted sum of its entries"
    if functionals.owner[number] == WHOLE:
        what = "a weighted sum of the entries of several blocks"
    elif number < functionals.entries:
        _, entry = functionals.place(number)
        index = np.unravel_index(entry, block.axes)[: len(block.shape)]
        what = f"entry {[int(i) for i in index]}" if block.shape else "it"
    low, high = float(spread.low[number]), float(spread.high[number])
    seen = f"{low:.6g}" if spread.still[number] else f"from {low:.6g} to {high:.6g}"
    return (
        f"{what} is {float(found.claims.claim[number]):.6g}, and {seen} in "
        f"{len(beside.rows)} claims {beside.distance:g} of each block's size away"
    )


_TOO_FEW = (
    "the point is a kink, and beside it the claim is not finite, or fun has no value: check a "
    "little further inside the domain"
)

_TIES = (
    ". A backward pass may give a tie to one of those that are tied, or share it out, but not give "
    "it to several, nor to none"
)
