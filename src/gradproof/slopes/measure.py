"""One slope: sample, search, conclude."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from numbers import Real
from typing import Any

from ..calling import public
from ..errors import UsageError
from ..naming import what
from ..records.slope import Slope, Smoothness
from .ladder import START
from .sampler import Sampler
from .search import WIDEST, Enough, Expected, Negligible, Search, always, never
from .smoothness import conclude
from .window import SYMMETRIC


@public("gp.slope(phi, at=0.0)")
def slope(
    phi: Callable[[float], Any], *, at: float = 0.0, scale: float = 1.0, target: float = 1e-9
) -> Slope:
    """Measure the derivative of ``phi`` at a number, with an error bar.

    Parameters
    ----------
    phi : callable
        A real function of one real variable; it is called with Python floats.
    at : float
        Where its derivative is wanted: 0 if it is left out.
    scale : float
        The size of the variable over which ``phi`` changes noticeably, in the variable's own
        units. Windows are tried from ``6e-1 * scale`` down to ``1e-7 * scale``, and where
        those show detail that is no noise, down to ``1e-14 * scale``.
    target : float
        Relative error at which to stop looking for a better window.

    Returns
    -------
    Slope
        ``value`` ± ``error``, ``evaluations``, ``noise``, ``smoothness`` (with ``left`` and
        ``right`` at a kink).

    Raises
    ------
    UsageError
        If ``at`` is not a number, ``scale`` or ``target`` not a positive one, or ``phi`` does not
        return a real scalar. Exceptions raised by ``phi`` surface unchanged.

    Examples
    --------
    >>> import math
    >>> import gradproof as gp
    >>> measured = gp.slope(math.sin, at=1.0)
    >>> abs(measured.value - math.cos(1)) <= measured.error < 1e-10
    True

    """
    scale, target = _positive("scale", scale), _positive("target", target)
    if not callable(phi):
        raise UsageError(f"phi must be a function of one number, but is {what(phi)}.")
    where = _number(at)
    if math.ulp(where) > _FINE * scale:
        raise UsageError(
            f"at={where:g} is too large for scale={scale:g}: the numbers around it are "
            f"{math.ulp(where):.2g} apart. Set scale= to the size over which phi changes."
        )
    taken = None if where == 0 else lambda step: (where + step) - where  # of a number far from 0
    sampler = Sampler(_shifted(phi, where), scale, taken)
    floor = abs(sampler.centre) * target

    def enough(value: float, error: float) -> bool:
        # A slope that is zero within its bar is judged at the scale of the function instead.
        return error <= target * abs(value) or abs(value) <= error <= floor

    return measure(sampler, enough, scale=scale, careful=always)


# Of the scale: where numbers are farther apart, the windows have no distinct steps.
_FINE = START / 100


def _shifted(phi: Callable[[float], Any], at: float) -> Callable[[float], Any]:
    """``phi`` as a function of how far its argument is from ``at``."""
    return phi if at == 0 else lambda t: phi(at + t)


def _number(at: Any) -> float:
    if isinstance(at, bool) or not isinstance(at, Real) or not math.isfinite(at):
        shown = f"{at!r}" if isinstance(at, str | int | float) else what(at)
        raise UsageError(
            f"at must be a number, but is {shown}: the gradient at an array is checked with "
            "gp.check(fun, point, grad=...)."
        )
    return float(at)


def _positive(name: str, number: Any) -> float:
    # A Python float: a step that is a np.float32 would make phi compute in single precision.
    if not isinstance(number, Real) or not 0 < float(number) < math.inf:
        raise UsageError(f"{name} must be a positive number, but is {number!r}.")
    return float(number)


def measure(
    sampler: Sampler,
    enough: Enough,
    *,
    scale: float = 1.0,
    start: float = START,
    widest: float = WIDEST,
    noise: float | None = None,
    stepped: bool = False,
    negligible: Negligible = never,
    careful: Enough = never,
    expected: Expected = never,
) -> Slope:
    """Measure with a sampler at hand.

    ``enough(value, error)`` decides when to stop, ``negligible(error, bend)`` where the
    slope is zero within its bar, ``careful(value, error)`` where it may be no average over waves,
    ``expected(value, error)`` whether a function with such a slope may be noisy around it.
    ``start``, ``widest`` and ``noise`` may be known from neighbours: the first and the widest
    half-width, in units of ``scale``, the scatter of one evaluation, and whether the values move
    in steps (``stepped``).
    """
    if not math.isfinite(sampler.centre):
        return Slope(math.nan, math.inf, sampler.evaluations, 0.0, Smoothness.NOT_FINITE)
    search = Search(
        sampler, SYMMETRIC, lambda v, e: enough(v / scale, e / scale), noise, widest,
        stepped=stepped, negligible=negligible, careful=careful, expected=expected,
    )  # fmt: skip
    search.run(start)
    return _rescale(conclude(search, start), scale)


def _rescale(found: Slope, scale: float) -> Slope:
    if scale == 1.0:
        return found

    def per_scale(number: float | None) -> float | None:
        return None if number is None else number / scale

    return dataclasses.replace(
        found,
        value=found.value / scale,
        error=found.error / scale,
        left=per_scale(found.left),
        right=per_scale(found.right),
        side_error=per_scale(found.side_error),
        window=found.window * scale,
        bend=found.bend / scale**2,
    )
