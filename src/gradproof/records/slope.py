"""A measured derivative of a function of one variable at 0, with its error bar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Smoothness(StrEnum):
    """What the function looks like at 0."""

    SMOOTH = "smooth"
    KINK = "kink"
    JUMP = "jump"
    EDGE = "edge of the domain"
    NOT_FINITE = "not finite"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Slope:
    """``value`` ± ``error``, and how it was found.

    ``error`` bounds the error of ``value`` (ten standard errors, never a bare tolerance). At
    a kink, ``left`` and ``right`` are the one-sided slopes, each good to ``side_error``, and
    ``value`` ± ``error`` covers both. Where there is no slope, ``value`` is NaN and ``error``
    infinite. ``noise`` is the measured scatter of one evaluation, in units of the function;
    ``window`` the half-width of the window that gave the value, in units of the variable;
    ``has_pilot`` says that the noise was measured on its own, at a tiny scale, so that other slopes
    may start from this window, and ``stepped`` that the function moved in steps there, if at all.
    ``bend`` is by how much the slope changes over one unit of the variable, by the widest window
    that reported: a lower bound. ``limited`` says that no other window would give a sharper value:
    wider ones have kinks, narrower ones more round-off.
    """

    value: float
    error: float
    evaluations: int
    noise: float
    smoothness: Smoothness
    left: float | None = None
    right: float | None = None
    side_error: float | None = None
    window: float = 0.0
    has_pilot: bool = False
    stepped: bool = False
    bend: float = 0.0
    limited: bool = False

    def __str__(self) -> str:
        text = f"{self.value:.12g} ± {self.error:.1e} ({self.smoothness}"
        if self.left is not None and self.right is not None:
            text += f" from {self.left:.6g} to {self.right:.6g}"
        return text + f", {self.evaluations} evaluations)"
