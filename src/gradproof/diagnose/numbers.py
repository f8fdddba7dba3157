"""What a factor might be: 2, a half, the batch size, the root of a dimension."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..judge.explain import same_number
from ..judge.thresholds import T
from .evidence import Evidence


def name_factor(factor: float, bar: float, evidence: Evidence) -> str:
    """A guess such as ``the length of axis 1 of args[0]``; empty where nothing fits."""
    size = abs(factor)
    if any(same_number(size, plain, bar) for plain in (1.0, 2.0, 0.5)):
        return ""  # no need of a dimension that happens to be 2
    for number, name in _candidates(evidence):
        for value, form in (
            (number, "{}"),
            (1 / number, "1 over {}"),
            (math.sqrt(number), "the root of {}"),
            (1 / math.sqrt(number), "1 over the root of {}"),
        ):
            if same_number(size, value, bar):
                return form.format(name)
    return ""


def _candidates(evidence: Evidence) -> Iterator[tuple[float, str]]:
    """Dimensions of the arguments and of the blocks, largest meaning first."""
    arguments = {name: array.shape for name, array in evidence.arguments.items()}
    for name, shape in [*arguments.items(), *evidence.shapes.items()]:
        for axis, length in enumerate(shape):
            if length > 1:
                yield float(length), f"{length}, the length of axis {axis} of {name}"
        size = math.prod(shape)
        if name in arguments and size > 1:
            yield float(size), f"{size}, the size of {name}"


def multiple(factor: float) -> str:
    """``2× what it should be``, also where it is next to that."""
    if abs(factor - 1) < T.slight:
        return times(factor)
    return f"{factor:.6g}× what it should be"


def times(factor: float) -> str:
    """``2× too large``, ``3× too small``, ``−2× what it should be``."""
    if factor < 0:
        return f"{factor:.6g}× what it should be"
    if abs(factor - 1) < T.slight:
        return f"{abs(factor - 1):.2g} of itself too {'large' if factor >= 1 else 'small'}"
    if factor >= 1:
        return f"{factor:.6g}× too large"
    return f"{1 / factor:.6g}× too small"


def measured(factor: float, bar: float) -> str:
    """A number to the digits that its bar allows: ``2.000000000 ± 3e-10``."""
    if not (bar > 0 and math.isfinite(bar)):
        return f"{factor:.10g}"
    digits = min(max(0, -math.floor(math.log10(bar)) - 1), 12)
    return f"{factor:.{digits}f} ± {bar:.1g}"
