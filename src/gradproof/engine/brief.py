"""What is plainly right is seen at a glance: four points along two directions, all read at once.

This can only accept, and it accepts what the loop would: after the same directions, in the same
windows, with the same bars. Of anything else it says nothing, and the check goes its usual way. The
records of what was measured are made when somebody reads the report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ..backend import arrays
from ..backend.protocol import Rows
from ..judge.bands import Bands, bands
from ..judge.chance import largest_within
from ..judge.credible import sharp_enough
from ..judge.thresholds import T
from ..plan.effort import effort
from ..plan.setting import Setting
from ..plan.sweep import spans_scales
from ..records.comparison import Comparison
from ..records.direction import Direction
from ..records.slope import Slope
from ..records.verdict import Verdict
from ..slopes.four import NARROWEST, half_width, nodes, through
from ..slopes.sampler import is_single, round_off
from ..space import directions
from ..space.directions import RMS
from ..space.special import special
from ..subject import claim as claims
from ..subject.asked import Asked
from ..subject.guards import Caller, probe
from ..subject.providers import Autodiff
from ..subject.session import Projection, Session
from ..subject.together import Numbers, StrangeError, Together, apart, demand
from .compare import smallest_share
from .loop import Run
from .start import start
from .state import Measurement, update

_DRAWS = 2  # directions, as in the loop
_WINDOWS = 3  # so many are tried
_SHARPER = 0.1  # than along two directions: a bar with which one may do
_SHRINK = 0.7  # of the width that may just be sharp
_MOST = 4096  # coordinates


@dataclass(frozen=True, slots=True)
class Glance:
    """What came of it: ``run`` makes the run that accepts, if it does.

    ``first`` holds what the first of ``calls`` of the function returned.
    """

    run: Callable[[], Run] | None = None
    calls: int = 0
    first: tuple[Any, ...] = ()


def glance(asked: Asked) -> Glance:
    """Look at everything at once, where the function is small and nothing is special about it."""
    rows = _rows(asked)
    if rows is None:
        return Glance()
    together = Together(asked, rows)
    try:
        drawn = probe()
        made = _measured(asked, together)
        demand(not (drawn() or rows.changed()))
    except Exception:  # noqa: BLE001 - whatever it is: the usual check meets it again, and tells
        return Glance(None, together.calls, together.first)
    return Glance(made.run, together.calls, together.first)


def _rows(asked: Asked) -> Rows | None:
    """The point as rows; None for what is not looked at like this."""
    point, grad, options = asked.where, asked.grad, asked.options
    if not isinstance(grad, Autodiff) or grad.forward or grad.of is not None:
        return None
    if options.args or options.kwargs or point.count > _MOST:
        return None
    chosen = effort(options.effort)
    if chosen.joint != _DRAWS or chosen.always or Verdict.CORRECT in chosen.scan:
        return None
    if min([block.scale for block in point.blocks]) < T.tiny:
        return None
    leaves = [point.leaf(block.index) for block in point.blocks]
    rows = point.library.about.rows(leaves)
    return None if rows is None or special(point) else rows


Found = tuple[float, Slope, tuple[Any, ...]]  # what is claimed and measured, steps and values
Along = tuple[Direction, list[Found]]  # for each claim


@dataclass(frozen=True, slots=True)
class _Measured:
    """What is known, and what was ``made`` along directions of those that were ``drawn``."""

    asked: Asked
    together: Together
    setting: Setting
    claims: Numbers
    norms: Sequence[tuple[float, ...]]
    noise: Sequence[tuple[float, ...]]
    limits: Sequence[Bands]
    drawn: Sequence[Direction]
    made: Sequence[Along] = ()

    @property
    def narrowest(self) -> Bands:
        """The bands of the block that has the narrowest."""
        return min(self.limits, key=lambda each: each.correct_below)

    def run(self) -> Run:
        """The run of it, as the loop would have left it."""
        point, together, options = self.asked.where, self.together, self.asked.options
        calls = {"fun": together.calls, "grad": 2}
        caller = Caller((), {}, point.library, calls=calls)
        session = Session(self.asked, caller, notes=list(options.notes), modes=["reverse"])
        for k, centre in enumerate(together.centres):
            claim = claims.views(point, self.claims[k], {}, {})
            claim, scale = replace(claim, noise=self.noise[k]), together.scales[k]
            floor = round_off(scale)
            label = self.asked.grad.labels[0]
            session.projections.append(Projection(k, centre, scale, floor, 0.0, claim, label))
        state = start(session)
        for direction, each in self.made:
            compared = tuple([
                Comparison(direction, claimed, state.claims[k].bar(direction), slope, k, (samples,))
                for k, (claimed, slope, samples) in enumerate(each)
            ])  # fmt: skip
            state = update(state, Measurement(direction, compared, state.learned, together.calls))
        return Run(session, state)


def _measured(asked: Asked, together: Together) -> _Measured:
    """Measure, and judge; ``StrangeError`` where that is not plainly right."""
    point, options = asked.where, asked.options
    together.here()
    made, changes = together.claims()
    noise = apart(point, changes)
    norms = [arrays.norms(row, point.slices) for row in made]
    limits = [
        bands(block.dtype, options.correct_below, options.wrong_above) for block in point.blocks
    ]
    _look_at(asked, made, norms, noise, limits)
    setting = Setting(
        blocks=point.blocks,
        norms=[math.hypot(*each) for each in zip(*norms, strict=True)],
        effort=effort(options.effort),
        seed=int(options.seed),
        entry_scale=point.entry_scale,
        spread=point.spread,
        looks=len(made),
    )
    numbers, parts = together.rows.origin, zip(point.blocks, point.slices, strict=True)
    demand(not any([_spans(numbers[s]) and spans_scales(setting, b) for b, s in parts]))
    lone = len(point.blocks) == 1
    one = setting.alone(0, 0) if lone else setting.joint(setting.finite, 0)
    drawn = [setting.along(one.parts, draw) for draw in range(1 if point.count == 1 else _DRAWS)]
    found = _Measured(asked, together, setting, made, norms, noise, limits, drawn)
    return _measuring(found, one_may_do=lone or len(made) >= _DRAWS)


def _spans(numbers: Numbers) -> bool:
    """Whether a few numbers may be of very different sizes: a look before they are weighed."""
    sizes = np.abs(numbers)
    return bool(sizes.max() > T.spans * sizes.min())


def _measuring(known: _Measured, *, one_may_do: bool) -> _Measured:
    """With slopes along one direction, if they are sharp enough for that, or along two."""
    narrowest, together = known.narrowest, known.together
    shares = [smallest_share(n, known.drawn[0], known.setting.blocks, 0.0) for n in known.norms]
    sharp = [sharp_enough(share, narrowest) for share in shares]
    wanted = [bar * (_SHARPER if one_may_do else 1.0) for bar in sharp]
    sizes = map(round_off, together.sizes)
    width = max([half_width(size, bar) for size, bar in zip(sizes, wanted, strict=True)])
    for _ in range(_WINDOWS):
        demand(NARROWEST <= width < math.inf)
        made = list[Along]()
        while len(made) < len(known.drawn):
            more = known.drawn[len(made) :][: 1 if one_may_do else None]
            found, sharper = _window(known, more, width, sharp)
            if sharper:
                break
            made += found
            if _accepts(known, made):
                return replace(known, made=made)
        else:
            break
        width = sharper
    raise StrangeError


def _look_at(
    asked: Asked,
    made: Numbers,
    norms: Sequence[Sequence[float]],
    noise: Sequence[Sequence[float]],
    limits: Sequence[Bands],
) -> None:
    """Claims that are finite, somewhere not zero, and repeatable but for round-off."""
    point = asked.where
    for row, each, changed in zip(made, norms, noise, strict=True):
        most = max(each)
        demand(0 < most < math.inf)
        for block, size, change in zip(point.blocks, each, changed, strict=True):
            demand(change <= T.roundings_free * point.eps(block.index) * most)
            below = limits[block.index].correct_below * size
            part = row[point.slices[block.index]]
            # What is small beside the rest gets a direction of its own.
            seen = size > 0 and not arrays.smallest(part, below, 1)
            demand(len(made) > 1 or seen)


def _window(
    known: _Measured, drawn: Sequence[Direction], width: float, sharp: Sequence[float]
) -> tuple[list[Along], float]:
    """The slopes by direction and claim; and how wide a window may be sharp if one of them is not.

    What round-off does not explain of a bar shrinks with the square of the width.
    """
    together, dense = known.together, np.array([_dense(known.together, each) for each in drawn])
    along = (known.claims @ dense.T).tolist()
    steps = np.array(nodes(width))
    moves = np.zeros((len(dense) * len(steps) + 1, dense.shape[1]))  # the last one is none
    np.multiply(steps[:, None], dense[:, None], out=moves[:-1].reshape(len(dense), len(steps), -1))
    narrower, taken, band = 1.0, nodes(width), known.narrowest.correct_below
    found = [(direction, list[Found]()) for direction in drawn]
    if len(dense[0]) == 1:  # what really happens when a lone number is moved
        origin, step = together.rows.origin, float(dense[0, 0])
        taken = ((((origin + moves) - origin) / step)[:-1, 0]).tolist()
    for k, numbers in enumerate(together.along(moves)):
        centre, size = together.centres[k], together.sizes[k]
        demand(abs(numbers.pop() - centre) <= _EPS * size and not all(map(is_single, numbers)))
        noise = round_off(max(size, *map(abs, numbers)))
        for i, claimed in enumerate(along[k]):
            window = numbers[len(steps) * i : len(steps) * (i + 1)]
            points = list(zip(taken, [v - centre for v in window], strict=True))
            slope = through(points, width, noise, len(steps))
            least = min(sharp[k], band * abs(claimed))
            demand(slope is not None and slope.error < math.inf)
            assert slope is not None
            if slope.error > least:
                narrower = min(narrower, _SHRINK * math.sqrt(least / slope.error))
            else:
                demand(abs(claimed - slope.value) <= least - slope.error)
            found[i][1].append((claimed, slope, (np.array(taken), np.array(window))))
    return found, (width * narrower if narrower < 1 else 0.0)


_EPS = 2.0**-52


def _dense(together: Together, direction: Direction) -> Numbers:
    """A direction through all blocks, one after the other."""
    point = together.point
    found = np.zeros(point.count)
    for part in direction.parts:
        axes = point.blocks[part.block].axes
        vector = directions.vector(part, axes, direction.seed, direction.draw)
        vector.displace(found[point.slices[part.block]], part.step)
    return found


def _accepts(known: _Measured, made: Sequence[Along]) -> bool:
    """The judge's two questions, asked of the worst of the directions: a bound for all of them.

    The slopes are so sharp that an error above the correct band shows, and gaps and bars together
    leave none above the other band. Where nothing is claimed, errors are relative to the value.
    """
    point, together = known.asked.where, known.together
    times, rms = (1.0, 1.0) if point.count == 1 else (_hidden(len(made)), RMS)
    for direction, compared in made:
        for k, (claimed, slope, _) in enumerate(compared):
            scattered = [part.step * known.noise[k][part.block] for part in direction.parts]
            gap = abs(claimed - slope.value)
            gaps = gap + slope.error + T.claim_noise * math.hypot(*scattered)
            if gap > slope.error and len(made) < len(known.drawn):
                return False  # somebody's fault, of which one draw may have met the least
            for part in direction.parts:
                norm = known.norms[k][part.block]
                norm = norm or together.sizes[k] / point.blocks[part.block].scale
                size, band = rms * part.step * norm, known.limits[part.block]
                if times * slope.error > band.correct_below * size:
                    return False
                most = band.wrong_above if gap <= slope.error else band.correct_below
                if times * gaps > most * size:
                    return False
    return True


@lru_cache(maxsize=_DRAWS)
def _hidden(draws: int) -> float:
    """How much larger than all bars an error may be that so many draws do not show."""
    return largest_within((1.0,) * draws, 1 - T.confidence)
