"""Running the trial: every contestant in a process of its own, with a limit for each case.

A contestant that does not answer in time, or takes its process down, loses that case and no other.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from .contestant import Contestant
from .result import TOO_SLOW, Result, tried
from .specimen import Specimen

# A contestant's library is imported within the first case: torch and jax take seconds.
TO_START = 120.0


def run(
    contestant: Contestant,
    specimens: Sequence[Specimen],
    limit: float,
    tell: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """The results of one contestant on all specimens; ``limit`` seconds for each."""
    rest, results = list(specimens), []
    while rest:
        for result in _until_stuck(contestant, rest, limit):
            results.append(result)
            tell(result)
            rest.pop(0)
        if rest:
            note = f"no answer in {limit:g} s"
            results.append(Result(contestant.name, rest.pop(0).name, TOO_SLOW, note=note))
            tell(results[-1])
    return results


def _until_stuck(
    contestant: Contestant, specimens: Sequence[Specimen], limit: float
) -> Iterator[Result]:
    """Results as they come, from a fresh process, until one takes too long."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    names = [specimen.name for specimen in specimens]
    process = context.Process(target=_work, args=(theirs, contestant.name, names), daemon=True)
    process.start()
    theirs.close()
    try:
        wait = TO_START + limit
        for _ in names:
            if not ours.poll(wait):
                return
            yield ours.recv()
            wait = limit
    except EOFError:
        return
    finally:
        process.kill()
        process.join()
        ours.close()


def _work(pipe: Connection, contestant: str, names: Sequence[str]) -> None:
    """In the process of a contestant."""
    from .contestants import ALL
    from .specimens import ALL as SPECIMENS

    hush()
    judge = next(one for one in ALL if one.name == contestant)
    by_name = {specimen.name: specimen for specimen in SPECIMENS}
    judge.version()
    for name in names:
        pipe.send(tried(judge, by_name[name]))


def hush() -> None:
    """Libraries may print what they like: it is not the trial's."""
    quiet: Any = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for as long as the process lives
    sys.stdout = sys.stderr = quiet
