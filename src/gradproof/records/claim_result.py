"""The verdict on one of several claims, where a check has more than a gradient to judge."""

from __future__ import annotations

from dataclasses import dataclass

from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """``name`` (``grad``, ``hess``, ``hessp``) compared with another: ``fun``, ``grad``, ``hess``.

    ``against`` is ``itself`` for the symmetry of a matrix and the linearity of a product.
    """

    name: str
    against: str
    verdict: Verdict

    def __str__(self) -> str:
        if self.against == "itself":
            return f"{self.name} {_OUGHT[self.name]}: {self.verdict}"
        return f"{self.name} against {self.against}: {self.verdict}"

    @property
    def sentence(self) -> str:
        """What a rejection means, for a reader."""
        if self.against == "itself":
            return f"{self.name} is not {_OUGHT[self.name]}"
        return f"{self.name} and {self.against} disagree"


_OUGHT = {"hess": "symmetric", "hessp": "linear in the vector"}
