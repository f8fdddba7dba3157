"""The two sides of a window: whether the function has a kink at 0."""

from __future__ import annotations

from .window import Window, halves


def kinked(windows: list[Window]) -> bool:
    """Whether two neighbouring windows show the same two sides, and no narrower one contradicts it.

    A kink beside 0 bends one side of a window, which then does not fit, or shows other slopes in
    the next window; a kink at 0 leaves each side smooth and the two sides apart.
    """
    ordered = sorted((w for w in windows if w.finite), key=lambda w: w.half_width)
    sides = [halves(window) for window in ordered]
    return any(
        _apart(*sides[i])
        and _apart(*sides[i + 1])
        and all(_same(sides[i + 1], narrower) for narrower in sides[: i + 1])
        for i in range(len(sides) - 1)
    )


def _same(one: tuple[Window, Window], other: tuple[Window, Window]) -> bool:
    return not any(_apart(a, b) for a, b in zip(one, other, strict=True))


def _apart(one: Window, other: Window) -> bool:
    return abs(one.slope - other.slope) > one.bar() + other.bar()
