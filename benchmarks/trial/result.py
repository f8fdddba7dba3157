"""One contestant on one specimen: what it said, what that cost, and whether it was right."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from .contestant import Answer, Contestant, Verdict
from .specimen import Specimen

TOO_SLOW = "too slow"


@dataclass(frozen=True)
class Result:
    """``evaluations`` and ``gradients`` count calls of the problem's functions."""

    contestant: str
    specimen: str
    verdict: str
    evaluations: int = 0
    gradients: int = 0
    seconds: float = 0.0
    block: bool | None = None
    entries: bool | None = None
    cause: bool | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.function(*args, **kwargs)


def tried(contestant: Contestant, specimen: Specimen) -> Result:
    """Let a contestant judge a specimen; what it cannot judge is no failure."""
    problem = specimen.make()
    fun, grad = Counted(problem.fun), Counted(problem.grad)
    counted = replace(problem, fun=fun, grad=grad)
    began = time.perf_counter()
    try:
        answer = contestant.judge(counted)
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no verdict
        answer = Answer(Verdict.CANNOT, note=f"{type(error).__name__}: {error}"[:200])
    result = Result(
        contestant=contestant.name,
        specimen=specimen.name,
        verdict=str(answer.verdict),
        evaluations=fun.calls,
        gradients=grad.calls,
        seconds=time.perf_counter() - began,
        note=answer.note[:200],
    )
    rejected = answer.verdict is Verdict.ACCUSES and not specimen.right
    return replace(result, **_named(contestant, specimen, answer)) if rejected else result


def _named(contestant: Contestant, specimen: Specimen, answer: Answer) -> dict[str, bool]:
    """What was named rightly, of what this contestant names at all."""
    told: dict[str, bool] = {}
    if contestant.names_blocks:
        told["block"] = set(answer.blocks or ()) == set(specimen.blocks)
    if contestant.names_entries and specimen.entries:
        named = answer.entries or {}
        told["entries"] = all(
            set(named.get(block, ())) == set(entries) for block, entries in specimen.entries.items()
        )
    if contestant.names_cause and specimen.kind:
        told["cause"] = answer.cause == specimen.kind
    return told
