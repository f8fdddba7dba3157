"""How far a check has come, for whoever waits."""

from __future__ import annotations

from dataclasses import dataclass

from ..records.direction import Direction
from ..subject.session import Session


@dataclass(slots=True)
class Watch:
    """What is being done just now, and up to how many evaluations it may take."""

    title: str
    most: int = 0
    doing: str = "the claimed gradient"
    session: Session | None = None
    direction: Direction | None = None

    def on(self, session: Session, doing: str, most: int | None = None) -> Watch:
        """Go on to something else, which takes the evaluations up to about ``most``."""
        self.session, self.doing, self.direction = session, doing, None
        self.most = self.most if most is None else most
        return self

    def __str__(self) -> str:
        where = "" if self.session is None else f" ({self._moving()})"
        return f"checking {self.title}: {self.doing}{where}"

    def spent(self) -> tuple[int, int]:
        """Evaluations so far, and expected at most."""
        return (0 if self.session is None else self.session.evaluations), self.most

    def _moving(self) -> str:
        """What moves in the slope that is being measured."""
        if self.direction is None or self.session is None:
            return "at the point"
        if self.direction.block is None:
            return f"{len(self.direction.parts)} blocks together"
        part, block = self.direction.parts[0], self.session.point.blocks[self.direction.block]
        if part.entry is None:
            return block.name
        return f"{block.name}, entry {part.entry + 1:,} of {block.count:,}"
