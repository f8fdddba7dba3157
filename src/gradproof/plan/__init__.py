"""What to measure next, given what is known: one strategy a file."""

from . import joint, sharpen, single_out, small, sweep, ties
from .strategy import Plan, Strategy, forget, strategies, strategy

__all__ = [
    "Plan",
    "Strategy",
    "forget",
    "joint",
    "sharpen",
    "single_out",
    "small",
    "strategies",
    "strategy",
    "sweep",
    "ties",
]
