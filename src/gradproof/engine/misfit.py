"""What a claim of the wrong shape was meant to be: tried, and compared with slopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from numpy.typing import NDArray

from ..backend import arrays
from ..judge.credible import bar_of, disagrees
from ..records.block import Block
from ..records.comparison import Comparison
from ..records.finding import Finding, Kind
from ..subject.claim import Claim, Claimed
from ..subject.session import Session
from .compare import compare
from .state import State, with_claims

_DRAWS = 2  # no wrong claim agrees with the slopes along two random directions


def explained(session: Session, state: State, block: Block, *, measuring: bool) -> Finding:
    """Which sum, transposition or reshaping of it is right, if one is."""
    misfit = next(c.misfits[block.index] for c in state.claims if _misfits(c, block))
    advice = "one number for every parameter is needed"
    if misfit.is_turned:
        advice = "transposed it has the shape"
    if measuring:
        chosen = [k for k, claim in enumerate(state.claims) if _misfits(claim, block)]
        right = (w for w, other in _meant(state, block) if _holds(session, other, block, chosen))
        words = next(right, "")
        none = "but its numbers are wrong too" if misfit.is_turned else "and no sum of it is right"
        advice = f"{words} it is right" if words else f"{advice}, {none}"
    return Finding(Kind.SHAPE, block.name, f"{misfit.reported(block.name)}: {advice}.")


def _meant(state: State, block: Block) -> Iterator[tuple[str, State]]:
    """The same state with other claims of a block, for all its projections alike."""
    wrong = {k: claim for k, claim in enumerate(state.claims) if _misfits(claim, block)}
    for made in zip(*[c.misfits[block.index].meant() for c in wrong.values()], strict=True):
        claims = list(state.claims)
        for (k, claim), (_, array) in zip(wrong.items(), made, strict=True):
            claims[k] = _with(claim, block.index, array)
        yield made[0][0], with_claims(replace(state, comparisons=()), claims)


def _misfits(claim: Claimed, block: Block) -> TypeGuard[Claim]:
    return isinstance(claim, Claim) and block.index in claim.misfits


def _with(claim: Claim, index: int, array: NDArray[Any]) -> Claim:
    gradients, norms = list(claim.gradients), list(claim.norms)
    gradients[index], norms[index] = array, arrays.norm(array)
    return replace(claim, gradients=tuple(gradients), norms=tuple(norms))


def _holds(session: Session, state: State, block: Block, chosen: Sequence[int]) -> bool:
    """Whether nothing speaks against other claims, and something for them."""
    seen: list[Comparison] = []
    for draw in range(_DRAWS):
        made = compare(session, state, state.setting.alone(block.index, draw)).made
        seen += [c for c in made if c.projection in chosen]
        if any([disagrees(c, state.bands[block.index]) for c in seen]):
            return False
    return any([abs(c.slope.value) > bar_of(c) for c in seen])
