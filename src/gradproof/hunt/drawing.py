"""Values drawn by Hypothesis: the same ones for the same seed."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

from ..errors import UsageError

_BLOCK = 64  # examples are drawn in blocks, each from its number alone


def example(strategy: Any, number: int) -> Any:
    """The example of that number: Hypothesis draws blocks of them, its simplest come first."""
    block = _drawn(_Held(strategy), number // _BLOCK)
    return block[number % _BLOCK % len(block)]


class _Held:
    """A strategy as a key: strategies that are equal may draw otherwise."""

    def __init__(self, strategy: Any) -> None:
        self.strategy = strategy

    def __hash__(self) -> int:
        return id(self.strategy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.strategy is self.strategy


@lru_cache(maxsize=64)
def _drawn(held: _Held, number: int) -> list[Any]:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    found: list[Any] = []

    @seeded(number)
    @settings(
        max_examples=_BLOCK, database=None, deadline=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(held.strategy)
    def draw(value: Any) -> None:
        found.append(value)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draw()
    if not found:
        raise UsageError("The strategy of Hypothesis has no examples.")
    return found


def require() -> None:
    """Raise ``UsageError`` where Hypothesis is not installed."""
    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise UsageError(
            "Hypothesis is not installed: pip install 'gradproof[hunt]' brings it."
        ) from None
