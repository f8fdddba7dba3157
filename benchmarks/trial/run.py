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

import numpy as np

from .contestant import Contestant
from .result import TOO_SLOW, Result, tried
from .specimen import Problem, Specimen

_TO_START = 120.0


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
    names = [specimen.name for specimen in specimens]
    return answers(_work, (contestant.name, names), len(names), limit)


def answers(
    work: Callable[..., None], arguments: tuple[Any, ...], count: int, limit: float
) -> Iterator[Any]:
    """What ``work(pipe, *arguments)`` sends from a fresh process, until it takes too long.

    It first says that it is ready, for which there is more time.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_TO_START):
            return
        ours.recv()
        for _ in range(count):
            if not ours.poll(limit):
                return
            yield ours.recv()
    except EOFError:
        return
    finally:
        process.kill()
        process.join()
        ours.close()


def _work(pipe: Connection, contestant: str, names: Sequence[str]) -> None:
    """In the process of a contestant."""
    from .specimens import ALL as SPECIMENS

    judge = ready(contestant)
    by_name = {specimen.name: specimen for specimen in SPECIMENS}
    pipe.send("ready")
    for name in names:
        pipe.send(tried(judge, by_name[name]))


def ready(contestant: str) -> Contestant:
    """A contestant by its name, in its own process, after a first call.

    Libraries are imported, and start up, at that call: torch and jax take seconds.
    """
    from .contestants import ALL

    _hush()
    judge = next(one for one in ALL if one.name == contestant)
    easy = Problem(
        lambda p: float(np.sum(p["a"] ** 2)),
        {"a": np.arange(1.0, 4.0)},
        lambda p: {"a": 2 * p["a"]},
    )
    tried(judge, Specimen("easy", "easy", lambda: easy))
    return judge


def _hush() -> None:
    """Libraries may print what they like: it is not the trial's."""
    quiet: Any = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for as long as the process lives
    sys.stdout = sys.stderr = quiet
