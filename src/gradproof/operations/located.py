"""What was found out about the operations of a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from ..records.finding import Finding
from ..records.operation import Operation
from ..subject.asked import Asked
from ..subject.session import Session

# Calls a function that returns gradients.
Around = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A check of one operation by itself: its ``place`` among all, and what is ``asked``.

    ``watched(around)`` makes the same call with its backward inside of ``around``, and returns the
    gradients as that returned them, those of the blocks of the check alone. ``through`` are, by
    the name of an input, the blocks of the function whose gradients come through that input.
    """

    place: int
    asked: Asked
    watched: Callable[[Around], list[Any]]
    through: Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Located:
    """All operations in the order of execution, a finding for each that is at fault.

    ``behind`` are, by the place of what is at fault, the blocks whose gradients come through it,
    ``passes`` counts the passes forward that it took. ``questions`` are checks of single operations
    at fault, at the inputs and with the gradient from above of the real pass; ``functions`` are the
    places of those that have a backward of the user's.
    """

    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    behind: Mapping[int, frozenset[int]]
    passes: int
    questions: tuple[Question, ...] = ()
    functions: frozenset[int] = frozenset()

    @property
    def spoiled(self) -> frozenset[int]:
        """The blocks that are wrong because of what is at fault."""
        return frozenset[int]().union(*self.behind.values())

    @property
    def explains(self) -> bool:
        """Whether there is nothing left to ask of blocks: each Function at fault can be asked."""
        asked = {question.place for question in self.questions}
        wrong = [i for i, o in enumerate(self.operations) if o.verdict.rejects]
        return bool(wrong) and (bool(asked) or not self.functions.intersection(wrong))

    @property
    def origin(self) -> Asked | None:
        """The check of the operation at fault where there is only one: what is to be repaired."""
        return self.questions[0].asked if len(self.at_fault) == 1 and self.questions else None

    @property
    def at_fault(self) -> tuple[Operation, ...]:
        """The operations that are wrong or suspect."""
        return tuple(o for o in self.operations if o.verdict.rejects)


# The frameworks that can be looked into, each with the module that does it.
_INSIDE = {"PyTorch": ".torch.locate", "JAX": ".jax.locate"}


def locate(session: Session) -> Located | None:
    """Which operation is at fault; None where the framework does not show its operations here."""
    module = _INSIDE.get(session.library.about.name)
    if module is None:
        return None
    find = cast("Callable[[Session], Located | None]", import_module(module, __package__).located)
    return find(session)
