"""How far a check has come, for whoever waits."""

from __future__ import annotations

from dataclasses import dataclass

from .session import Trial


@dataclass(slots=True)
class Stage:
    """What is being done just now, and up to how many evaluations it may take."""

    title: str
    doing: str = "the claimed gradient"
    trial: Trial | None = None
    most: int = 0

    def start(self, trial: Trial, doing: str, most: int) -> Trial:
        """Go on to something else, which takes the evaluations up to about ``most``."""
        self.trial, self.doing, self.most = trial, doing, most
        return trial

    def __str__(self) -> str:
        where = "" if self.trial is None else f" ({_moving(self.trial)})"
        return f"checking {self.title}: {self.doing}{where}"

    def spent(self) -> tuple[int, int]:
        """Evaluations so far, and expected at most."""
        return (0 if self.trial is None else self.trial.subject.evaluations), self.most


def _moving(trial: Trial) -> str:
    """What moves in the slope that is being measured."""
    direction, blocks = trial.direction, trial.subject.point.blocks
    if direction is None:
        return "at the point"
    if len(direction.parts) > 1:
        return f"{len(direction.parts)} blocks together"
    part = direction.parts[0]
    if part.entry is None:
        return blocks[part.block].name
    return f"{blocks[part.block].name}, entry {part.entry + 1:,} of {blocks[part.block].count:,}"
