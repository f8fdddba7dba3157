"""One explained fault, or one fact that the reader of a verdict must know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a finding is about."""

    NOT_FINITE = "not-finite"
    KINK = "kink"
    NONDETERMINISTIC = "nondeterministic"
    STATEFUL = "stateful"
    MUTATION = "mutation"
    MISSING_BLOCK = "missing-block"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind, the block it concerns (None for the whole) and the sentence a person reads."""

    kind: Kind
    block: str | None
    message: str
