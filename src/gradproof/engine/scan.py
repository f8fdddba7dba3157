"""How a disagreement depends on the step: more steps along one direction, for a picture of it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from ..records.comparison import Comparison
from ..records.verdict import Verdict, worst
from .evidence import along, first_blamed
from .session import Trial

# Steps in units of the block's size. None is wider than what the check itself has
# measured: beyond it the function may raise, and a picture is not worth that.
_STEPS = (1e-4, 1e-6, 1e-8, 1e-10)


def scan(trial: Trial, verdicts: tuple[Verdict, ...]) -> None:
    """Measure a plateau, or a valley, along the direction that speaks most against the claim.

    Only where the verdict of the whole is one of ``verdicts``; the samples are added to those of
    the comparison.
    """
    if not trial.comparisons or worst(j.verdict for j in trial.judgements) not in verdicts:
        return
    chosen = along(trial, first_blamed(trial)) or along(trial, None)
    if chosen is None or not math.isfinite(chosen.slope.value):
        return
    place = next(i for i, c in enumerate(trial.comparisons) if c is chosen)
    samples = (*chosen.samples, *_pairs(trial, chosen))
    trial.comparisons[place] = dataclasses.replace(chosen, samples=samples)


def _pairs(trial: Trial, chosen: Comparison) -> list[tuple[np.ndarray, np.ndarray]]:
    subject, found = trial.subject, []
    line = subject.line(chosen.direction)
    with subject.caller.many():
        for step in _STEPS:
            ends = np.array([step, -step])
            values = [float(subject.evaluate(line, t)[chosen.projection]) for t in ends.tolist()]
            found.append((ends, np.array(values)))
    line.back()
    return found
