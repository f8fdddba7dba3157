"""A sparsity pattern as a claim: the Jacobian that whoever trusts the pattern makes of ``fun``.

Columns that share no row move together, as finite differences take them (Curtis, Powell & Reid,
1974), but are measured with all the windows that a slope gets. Where the pattern leaves an entry
out, it is added to another, or to none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend.registry import home
from ..errors import UsageError
from ..naming import what
from ..records.direction import Direction, Part
from ..space.directions import vector
from ..subject.asked import Asked
from ..subject.prepare import prepare
from ..subject.providers import Jacobian, dense
from .jacobian import column

_DRAW = (1 << 22) + 1  # apart from those of a check


def by_pattern(asked: Asked, pattern: Any) -> tuple[Jacobian, int]:
    """The Jacobian of ``asked.fun`` with entries in some places alone, and its evaluations."""
    point, block = asked.where, asked.where.blocks[0]
    given: Any = pattern if hasattr(pattern, "tocsr") else np.asarray(pattern)
    if point.tree.paths != ((),) or len(block.shape) != 1 or given.ndim != 2:
        raise UsageError(
            f"jac_sparsity is {what(pattern)}, for {what(point.assemble([None]))}: a matrix is "
            "needed, for a point that is one vector."
        )
    known = dense(given) != 0
    claim = Jacobian(np.zeros(known.shape), known)
    quiet = replace(asked, grad=claim, options=replace(asked.options, notes=()))
    with point.session():
        session = prepare(quiet)
        first = session.result()
        output = np.asarray(home(first).host(first))
        if known.shape != (output.size, block.count):
            raise UsageError(
                f"jac_sparsity has shape {known.shape}, but fun returns {output.size} numbers of "
                f"{block.count}: a row for each number that it returns, a column for each that it "
                "takes."
            )
        found = np.zeros(known.shape)
        for group in _groups(known):
            part = Part(0, block.scale, only=group)
            moved = np.empty(block.count)
            vector(part, block.axes, 0, _DRAW).displace(moved, block.scale)
            slopes = column(session, Direction((part,), 0, _DRAW), output)[:, 0]
            chosen = list(group)
            found[:, chosen] = np.where(known[:, chosen], slopes[:, None] / moved[chosen], 0)
    return Jacobian(found, known), session.evaluations


def _groups(known: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Columns that share no row, each in the first group that takes it."""
    taken: list[tuple[NDArray[np.bool_], list[int]]] = []
    for k, column_ in enumerate(known.T):
        group = next((g for g in taken if not (g[0] & column_).any()), None)
        if group is None:
            taken.append((column_.copy(), [k]))
        else:
            group[0][:] |= column_
            group[1].append(k)
    return [tuple(group) for _, group in taken]
