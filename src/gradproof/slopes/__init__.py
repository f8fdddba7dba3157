"""The numerical core: the derivative of one real function of one real variable at 0."""

from .measure import measure, slope

__all__ = ["measure", "slope"]
