"""One call with a backward of its own, and whether that backward is right."""

from __future__ import annotations

from dataclasses import dataclass

from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class Operation:
    """A call of an ``autograd.Function``, a custom rule, a layer or a module, as it was measured.

    Operations come in the order of execution. ``name`` is what was called, ``path`` where: the
    module path in which the call was made (``layers.3.mlp``, empty at the outermost level), or its
    position in a stack of layers (``2``); ``call`` counts the calls of that name there, from 1.
    ``file`` and ``line`` point to the backward: the statement that made the wrong gradient where it
    is known for sure, else the ``def``; they are empty and 0 where there is no source.

    ``error`` ± ``bar`` is how far the backward is off, relative to what the operation contributes
    along a random direction in which everything before it moves; ``resolution`` is the smallest
    such error that would have been noticed. The verdict of a module is about what it does between
    the calls inside it, not about those. ``inputs`` names the arguments whose gradients are wrong,
    as far as that was found out, and ``reason`` says why a verdict is what it is, where there is
    more to say than the figures.
    """

    name: str
    path: str
    call: int
    file: str
    line: int
    verdict: Verdict
    error: float
    bar: float
    resolution: float
    inputs: tuple[str, ...] = ()
    reason: str = ""

    @property
    def where(self) -> str:
        """Name and path as a report shows them, ``Swish in layers.3.mlp, call 2``."""
        inside = f" in {self.path}" if self.path else ""
        return f"{self.name}{inside}" + (f", call {self.call}" if self.call > 1 else "")
