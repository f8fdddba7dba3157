"""What a plan is told after each comparison."""

from __future__ import annotations

from dataclasses import dataclass

from .judgement import Judgement


@dataclass(frozen=True, slots=True)
class Progress:
    """The judgements so far, whether the last comparison disagreed, and what has been spent."""

    judgements: tuple[Judgement, ...]
    disagreed: bool
    evaluations: int
