"""How cost grows: one right problem of each size, each contestant in a process of its own."""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

from .contestant import Contestant
from .result import tried
from .run import answers, ready

PARAMETERS = (10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
BLOCKS = (1, 3, 10, 30, 100, 300)
OF_BLOCKS = 3_000  # parameters, where the number of blocks grows


@dataclass(frozen=True)
class Cost:
    """What one check cost: ``memory`` is what the process grew by, in bytes, libraries aside."""

    contestant: str
    parameters: int
    blocks: int
    verdict: str
    evaluations: int
    seconds: float
    memory: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def grow(contestant: Contestant, limit: float, tell: Callable[[Cost], None]) -> list[Cost]:
    """Larger and larger, until a check takes longer than the limit."""
    found = _series(contestant, [(n, 4) for n in PARAMETERS], limit, tell)
    return found + _series(contestant, [(OF_BLOCKS, blocks) for blocks in BLOCKS], limit, tell)


def _series(
    contestant: Contestant,
    sizes: Sequence[tuple[int, int]],
    limit: float,
    tell: Callable[[Cost], None],
) -> list[Cost]:
    found: list[Cost] = []
    for parameters, blocks in sizes:
        cost = _measured(contestant, parameters, blocks, limit)
        if cost is None:
            break
        found.append(cost)
        tell(cost)
    return found


def _measured(contestant: Contestant, parameters: int, blocks: int, limit: float) -> Cost | None:
    return next(answers(_work, (contestant.name, parameters, blocks), 1, limit), None)


def _work(pipe: Connection, contestant: str, parameters: int, blocks: int) -> None:
    from .specimens.sizes import growing

    judge = ready(contestant)
    specimen = growing(parameters, blocks)
    specimen.make()
    pipe.send("ready")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = tried(judge, specimen)
    memory = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    pipe.send(Cost(
        contestant, parameters, blocks, result.verdict, result.evaluations, result.seconds, memory
    ))  # fmt: skip
