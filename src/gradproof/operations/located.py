"""What was found out about the operations of a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from ..records.finding import Finding
from ..records.operation import Operation
from ..subject.session import Session


@dataclass(frozen=True, slots=True)
class Located:
    """All operations in the order of execution, a finding for each that is at fault.

    ``spoiled`` are the blocks whose gradients come through operations at fault, ``passes`` counts
    the passes forward that it took.
    """

    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    spoiled: frozenset[int]
    passes: int

    @property
    def at_fault(self) -> tuple[Operation, ...]:
        """The operations that are wrong or suspect."""
        return tuple(o for o in self.operations if o.verdict.rejects)


# The frameworks that can be looked into, each with the module that does it.
_INSIDE = {"PyTorch": ".torch.locate"}


def locate(session: Session) -> Located | None:
    """Which operation is at fault; None where the framework does not show its operations."""
    module = _INSIDE.get(session.library.about.name)
    if module is None:
        return None
    find = cast("Callable[[Session], Located]", import_module(module, __package__).located)
    return find(session)
