"""Which call of a model is at fault: the balance of each along one direction of the whole.

For a call with cotangents c of its outputs and gradients of its inputs and parameters, all of one
backward pass, ``D(t) = ⟨c, out(x + tv)⟩ - Σ ⟨gradient, in(x + tv)⟩ - t ⟨gradient, v⟩`` has slope
zero at 0 exactly where its backward is right along the way in which the model really moves. One
pass forward at each t feeds the balances of all calls. What a call does between those inside it is
its own balance without theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..judge.bands import Bands, bands
from ..judge.credible import known_enough, sharp_enough
from ..judge.thresholds import T
from ..records.slope import Slope, Smoothness
from ..records.verdict import Verdict
from ..slopes import measure
from ..slopes.sampler import Sampler
from ..slopes.search import START
from ..slopes.window import SYMMETRIC
from ..subject.asked import Options
from .line import Line
from .model import Model
from .tape import Record


@dataclass(frozen=True, slots=True)
class Balance:
    """One call as it was measured: ``error`` ± ``bar`` relative to ``size``, its contribution.

    ``reason`` says what is plainly wrong of it, or why nothing is known.
    """

    record: Record
    verdict: Verdict
    error: float
    bar: float
    resolution: float
    reason: str = ""
    size: float = 0.0

    @property
    def doubtful(self) -> bool:
        """Whether something was seen beyond its bar, be it next to nothing of the whole."""
        return self.verdict.rejects or self.error > T.single_observation * self.bar


def balances(
    model: Model, inputs: Sequence[Any], claims: Sequence[Record], options: Options
) -> tuple[list[Balance], Line]:
    """What is known of every call, and the line along which it was measured."""
    line = Line(model, inputs, claims, int(options.seed))
    line.widen()
    sizes = _sizes(line)
    centre = line.passes.get(0.0)
    found = []
    for k, record in enumerate(claims):
        limits = bands(_precision(line, record), options.correct_below, options.wrong_above)
        if id(record) in model.faults:
            why = model.faults[id(record)]
            found.append(Balance(record, Verdict.WRONG, math.inf, 0.0, math.inf, why))
        elif centre is None or not record.pulled:
            found.append(_unknown(record, _NOT_PULLED if centre else _NOT_FINITE))
        else:
            found.append(_measured(line, k, sizes[k], limits))
    return found, line


_NOT_PULLED = "its backward was not called"
_NOT_FINITE = "its values are not finite, or other layers are called at a second pass"


def _unknown(record: Record, reason: str) -> Balance:
    return Balance(record, Verdict.UNDECIDED, math.inf, math.inf, math.inf, reason)


def _sizes(line: Line) -> list[float]:
    """How much each call contributes: the derivatives of all its products, from one narrow pair."""
    h = float(np.max(SYMMETRIC.nodes)) * START
    line.balances(0.0)
    line.balances(h)
    line.balances(-h)
    ahead, behind = line.passes[h], line.passes[-h]
    if ahead is None or behind is None:
        return [1.0] * len(line.claims)
    linear = np.abs(ahead.linear - behind.linear)
    return [
        (sum(abs(a - b) for a, b in zip(one, other, strict=True)) + float(more)) / (2 * h)
        for one, other, more in zip(ahead.parts, behind.parts, linear, strict=True)
    ]


def _precision(line: Line, record: Record) -> str:
    """The lowest precision of what a call has to do with."""
    kinds = [np.asarray(g).dtype for g in (*record.params.values(), *record.gradients.values())
             if g is not None and getattr(g, "dtype", None) is not None]  # fmt: skip
    kinds += [m.base.dtype for m in line.moved]
    real = [np.empty(0, kind).real.dtype for kind in kinds if np.dtype(kind).kind in "fc"]
    return str(min(real, key=lambda kind: kind.itemsize, default=np.dtype(np.float64)))


def _measured(line: Line, k: int, size: float, limits: Bands) -> Balance:
    record, centre = line.claims[k], line.passes[0.0]
    assert centre is not None
    if size == 0.0:
        return Balance(record, Verdict.CORRECT, 0.0, 0.0, 0.0, "nothing moves through it")
    magnitude = float(centre.magnitudes[k])

    def enough(value: float, error: float) -> bool:
        sharp = error <= sharp_enough(size, limits)
        return sharp or known_enough(size, value, error, 0.0)

    def phi(t: float) -> float:
        return float(line.balances(t)[k] + size * t)

    slope = measure(Sampler(phi, largest=magnitude), enough)
    noise = T.claim_noise * _eps(line, record) * size + T.cotangent_rounding * magnitude
    return _judged(record, slope, size, noise, limits)


def _eps(line: Line, record: Record) -> float:
    return float(np.finfo(_precision(line, record)).eps)


def _judged(record: Record, slope: Slope, size: float, noise: float, limits: Bands) -> Balance:
    low, high, bar = slope.value, slope.value, slope.error
    if slope.smoothness is Smoothness.KINK and None not in (slope.left, slope.right):
        low, high = sorted((slope.left or 0.0, slope.right or 0.0))
        bar = slope.side_error or slope.error
    gap = (max(size - high, 0.0) + max(low - size, 0.0)) / size
    bar = (bar + noise) / size
    if not math.isfinite(gap + bar) or slope.smoothness is Smoothness.UNKNOWN:
        return _unknown(
            record, f"the model has no slope there that can be told: {slope.smoothness}"
        )
    least, resolution = gap - T.single_observation * bar, (T.single_observation + 1) * bar
    verdict = Verdict.UNDECIDED
    if least > limits.wrong_above:
        verdict = Verdict.WRONG
    elif least > limits.correct_below:
        verdict = Verdict.SUSPECT
    elif max(gap, resolution) <= limits.wrong_above:
        verdict = Verdict.CORRECT
    return Balance(record, verdict, gap, bar, max(gap, resolution), size=size)
