"""One comparison as a report keeps it: claimed beside measured, and how the step matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """The claimed and the measured derivative along one direction, each with its error bar.

    ``draw`` is the number of the random direction; or ``entry`` is the index tuple of the single
    entry that moved, and then all derivatives are per unit of that entry. A complex entry has a
    last index more: 0 is its real part, 1 its imaginary part. At a kink ``left`` and ``right``
    are the one-sided slopes, each good to ``slope_bar``. ``off`` says that claim and slope disagree
    beyond their bars and the band of what is correct.

    ``steps`` are pairs of a step ``t``, in units of the block's own size, and the central
    difference ``(φ(t) - φ(-t)) / 2t`` there. It is known to about ``noise / t`` (ten standard
    errors of the noise of ``φ`` as it was measured), and the curvature of ``φ`` moves it by up to
    ``curvature * t**2``.
    """

    draw: int
    entry: tuple[int, ...] | None
    claimed: float
    claimed_bar: float
    slope: float
    slope_bar: float
    off: bool = False
    left: float | None = None
    right: float | None = None
    steps: tuple[tuple[float, float], ...] = ()
    noise: float = 0.0
    curvature: float = 0.0
