"""Which call of a model is at fault: the balance of each along one direction of the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..judge.bands import bands
from ..judge.thresholds import T
from ..operations import ladder
from ..operations.verdicts import Judged, judged
from ..records.verdict import Verdict
from ..subject.asked import Options
from .line import Line
from .model import Model
from .tape import Record

# So many passes forward serve all calls, kinks among them.
_MOST = 60


@dataclass(frozen=True, slots=True)
class Balance:
    """One call, the verdict on it, and ``width``: the bar of its balance."""

    record: Record
    judged: Judged
    width: float = math.inf

    @property
    def verdict(self) -> Verdict:
        """Of what the call does between those inside it."""
        return self.judged.verdict

    @property
    def doubtful(self) -> bool:
        """Whether something was seen beyond its bar, be it next to nothing of the whole."""
        plain = self.judged.error > T.single_observation * self.judged.bar
        return self.verdict.rejects or plain


def balances(
    model: Model, inputs: Sequence[Any], claims: Sequence[Record], options: Options
) -> tuple[list[Balance], Line]:
    """What is known of every call, and the line along which it was measured."""
    line = _widened(Line(model, inputs, claims, int(options.seed)), inputs, int(options.seed))
    claims = line.claims
    passes = ladder.Passes(line.at, _MOST)
    passes.at(0.0)
    kinds = [_precision(line, record) for record in claims]
    limits = [bands(kind, options.correct_below, options.wrong_above) for kind in kinds]
    sharp = T.sharp * min([limit.correct_below for limit in limits], default=1.0)
    sums = line.magnitudes
    eps = np.full(len(sums), np.finfo(np.float64).eps)
    measured = ladder.balances(passes, sums, eps, sharp)
    found, unsteady = [], line.unsteady(passes.at(0.0))
    for k, record in enumerate(claims):
        own = float(np.finfo(kinds[k]).eps)
        rounded = T.claim_noise * own * measured[k].size  # of the gradients themselves
        one = replace(measured[k], noise=measured[k].noise + rounded)
        what = _plainly(model, record, passes.at(0.0)) or judged(one, limits[k])
        what = what if k < unsteady else _unknown(_UNSTEADY if k == unsteady else _BEHIND)
        found.append(Balance(record, what, one.slope.error + one.noise))
    return found, line


_UNSTEADY = (
    "its forward gives another value at a second call: seed it, or reset its state with a forward "
    "that begins anew"
)
_BEHIND = "a call before it gives another value at a second call"


def _widened(line: Line, inputs: Sequence[Any], seed: int) -> Line:
    """The line in double precision, with gradients of that, where the model can be run in it.

    In a lower one the rounding of the first layers moves the last ones to another point, at which
    their gradients are not right.
    """
    if not line.widen():
        return line
    try:
        claims = line.claims_here()
    except (TypeError, ValueError):
        claims = []
    if [record.path for record in claims] != [record.path for record in line.claims]:
        line.wide = False
        return line
    for wide, narrow in zip(claims, line.claims, strict=True):
        wide.inputs = narrow.inputs
    widened = Line(line.model, inputs, claims, seed)
    widened.wide, widened.evaluations = True, line.evaluations
    return widened


def _plainly(model: Model, record: Record, here: ladder.Pass) -> Judged | None:
    """What needs no measurement."""
    if id(record) in model.faults:
        return Judged(Verdict.WRONG, math.inf, 0.0, math.inf, model.faults[id(record)])
    if not record.pulled:
        return _unknown("its backward was not called")
    if not np.isfinite(here.balance).all():
        return _unknown("the values are not finite, or a second pass calls other layers")
    return None


def _unknown(reason: str) -> Judged:
    return Judged(Verdict.UNDECIDED, math.inf, math.inf, math.inf, reason)


def _precision(line: Line, record: Record) -> str:
    """The lowest precision of what a call has to do with."""
    claimed = [*record.params.values(), *record.gradients.values()]
    kinds = [g.dtype for g in claimed if isinstance(g, np.ndarray | np.generic)]
    kinds += [moved.base.dtype for moved in line.moved]
    real = [np.empty(0, kind).real.dtype for kind in kinds if kind.kind in "fc"]
    return str(min(real, key=lambda kind: kind.itemsize, default=np.dtype(np.float64)))
