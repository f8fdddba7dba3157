"""How cost grows: one right problem of each size, each contestant in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

from .contestant import Contestant
from .result import tried
from .run import TO_START, hush, warm_up

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
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_work, args=(theirs, contestant.name, parameters, blocks), daemon=True
    )
    process.start()
    theirs.close()
    try:
        if not ours.poll(TO_START):
            return None
        ours.recv()  # it is ready
        return ours.recv() if ours.poll(limit) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()
        ours.close()


def _work(pipe: Connection, contestant: str, parameters: int, blocks: int) -> None:
    from .contestants import ALL
    from .specimens.sizes import growing

    hush()
    judge = next(one for one in ALL if one.name == contestant)
    warm_up(judge)
    specimen = growing(parameters, blocks)
    specimen.make()
    pipe.send("ready")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = tried(judge, specimen)
    memory = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    pipe.send(Cost(
        contestant, parameters, blocks, result.verdict, result.evaluations, result.seconds, memory
    ))  # fmt: skip
