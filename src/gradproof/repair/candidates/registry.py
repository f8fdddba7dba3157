"""The rules that write candidates: the rows of the table, and generators under their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

import libcst as cst

from ..edit import Edit
from .body import Body
from .fill import UNREAD
from .rows import rows

Generator = TypeVar("Generator", bound=Callable[..., Iterator[Edit]])


@dataclass(frozen=True, slots=True)
class Rule:
    """What writes edits of a ``kind``, none of which costs less than ``least`` by itself.

    ``parted`` are what can be known to write only what the diagnosis asks for, or the rest.
    """

    kind: str
    least: float
    write: Callable[..., Iterator[Edit]]
    parted: bool = False

    def edits(self, body: Body, only: bool | None) -> Iterator[Edit]:
        """Its edits for a body, which bear the kind."""
        written = self.write(body, only) if self.parted else self.write(body)
        return (replace(edit, kind=self.kind) for edit in written)


_registered: list[Rule] = []


def candidates_of(
    kind: str, *nodes: type[cst.CSTNode], least: float = 0.0
) -> Callable[[Generator], Generator]:
    """Register a generator of edits of a kind, which the edits will bear.

    It is called with the body of a function and, where there are types of ``nodes``, with each
    node of these types in it. None of its edits costs less than ``least``, unless the diagnosis
    asks for it.
    """

    def register(generator: Generator) -> Generator:
        def write(body: Body) -> Iterator[Edit]:
            if not nodes:
                yield from generator(body)
            for node in body.of(*nodes):
                yield from generator(body, node)

        _registered.append(Rule(kind, least, write))
        return generator

    return register


def rules() -> list[Rule]:
    """All rules: the rows of the table, and the generators."""
    return [*_of_rows(), *_registered]


@cache
def _of_rows() -> tuple[Rule, ...]:
    return tuple(
        Rule(row.kind, row.cost - UNREAD * ("V" in row.new), row.edits, parted=True)
        for row in rows()
    )
