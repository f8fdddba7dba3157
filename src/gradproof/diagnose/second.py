"""What is wrong of a Hessian: its parts at fault, each with the rule that has its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .columns import Case, Cause, Columns, Indices, Region, Rule
from .second_rules import OF_ALL, RULES, triangle


def causes(columns: Columns) -> list[tuple[Case, Cause | None]]:
    """Each region at fault with its cause, or with None.

    All of them together are tried first, then those that are connected through their entries.
    """
    rows, cols = columns.wrong()
    if not len(rows):
        return []
    size = len(columns.claimed)
    graph = np.zeros((size, size), bool)
    graph[rows, cols] = True
    # A mirror image is known where its column was measured.
    lone = np.isin(np.arange(size), columns.lone)
    one_sided = graph & ~graph.T & lone[:, None]
    members = np.unique(np.concatenate([rows, cols]))
    whole = Case(columns, Region(members, members))
    if not np.array_equal(rows, cols) and (cause := first_of(OF_ALL, whole)):
        return [(whole, cause)]
    return list(_parts(columns, graph, one_sided))


def _parts(
    columns: Columns, graph: NDArray[np.bool_], one_sided: NDArray[np.bool_]
) -> Iterator[tuple[Case, Cause | None]]:
    diagonal: list[int] = []
    for members, sides in _components(graph | graph.T):
        if len(members) == 1:
            diagonal += members.tolist()
        elif one_sided[np.ix_(members, members)].any():
            yield _one_sided(columns, graph, members)
        elif (sides >= 0).all():
            first, second = members[sides == 0], members[sides == 1]
            if not graph[np.ix_(first, second)].any():
                first, second = second, first
            yield _explained(Case(columns, Region(first, second, both=True)))
        else:
            yield _explained(Case(columns, Region(members, members)))
    if diagonal:
        chosen = np.array(diagonal)
        yield _explained(Case(columns, Region(chosen, chosen, diagonal=True)))


def _explained(case: Case) -> tuple[Case, Cause | None]:
    return case, first_of(RULES, case)


def _one_sided(
    columns: Columns, graph: NDArray[np.bool_], members: Indices
) -> tuple[Case, Cause | None]:
    """Entries whose mirror images are right: rows and columns, or a triangle."""
    inside = graph[np.ix_(members, members)]
    rows, cols = members[inside.any(axis=1)], members[inside.any(axis=0)]
    square = Case(columns, Region(members, members))
    for case, rules in (
        (square, (triangle,)), (Case(columns, Region(rows, cols)), RULES), (square, RULES),
    ):  # fmt: skip
        if cause := first_of(rules, case):
            return case, cause
    return square, None


def first_of(rules: Sequence[Rule], case: Case) -> Cause | None:
    """What the first rule says that has the measured columns, or None."""
    return next((cause for rule in rules if (cause := rule(case)) is not None), None)


def _components(graph: NDArray[np.bool_]) -> Iterator[tuple[Indices, NDArray[np.int8]]]:
    """Connected coordinates, with the sides of each where there are two; -1 where not."""
    sides = np.full(len(graph), -2, np.int8)
    for start in np.flatnonzero(graph.any(axis=1)):
        if sides[start] != -2:
            continue
        members, queue, two = [start], [start], True
        sides[start] = 0
        while queue:
            here = queue.pop()
            for other in np.flatnonzero(graph[here]):
                if sides[other] == -2:
                    sides[other] = 1 - sides[here]
                    members.append(other)
                    queue.append(other)
                two = two and sides[other] != sides[here]
        found = np.sort(members)
        yield found, sides[found] if two else np.full(len(found), -1, np.int8)
