"""What a plan is told after each comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .judgement import Judgement


@dataclass(frozen=True, slots=True)
class Progress:
    """The judgements so far, whether the last comparison disagreed, and what has been spent.

    ``look`` judges; a plan that does not ask has nobody judge.
    """

    look: Callable[[], Sequence[Judgement]]
    disagreed: bool
    evaluations: int

    @property
    def judgements(self) -> Sequence[Judgement]:
        """The judgements of all blocks."""
        return self.look()
