"""Which gradient of a list belongs to what, where nothing but the shapes tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def by_shape(
    shapes: Mapping[str, tuple[int, ...]], gradients: Sequence[Any]
) -> list[tuple[str, Any]]:
    """Pairs of a name and a gradient, in the order of the gradients.

    Each goes to the first name of its shape that is left; those of other shapes, which are faults,
    to the names that are left then, in their order.
    """
    left, chosen = list(shapes), dict[int, str]()
    for fits in (True, False):
        for place, gradient in enumerate(gradients):
            free = (n for n in left if not fits or shapes[n] == np.shape(gradient))
            if place not in chosen and (name := next(free, None)) is not None:
                chosen[place] = name
                left.remove(name)
    return [(chosen[k], gradients[k]) for k in sorted(chosen)]
