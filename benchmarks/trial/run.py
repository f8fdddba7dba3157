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
        if not ours.poll(TO_START):
            return
        ours.recv()  # it is ready
        for _ in names:
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
    from .contestants import ALL
    from .specimens import ALL as SPECIMENS

    hush()
    judge = next(one for one in ALL if one.name == contestant)
    by_name = {specimen.name: specimen for specimen in SPECIMENS}
    warm_up(judge)
    pipe.send("ready")
    for name in names:
        pipe.send(tried(judge, by_name[name]))


def warm_up(judge: Contestant) -> None:
    """Libraries are imported, and start up, at their first call: torch and jax take seconds."""
    easy = Problem(
        lambda p: float(np.sum(p["a"] ** 2)),
        {"a": np.arange(1.0, 4.0)},
        lambda p: {"a": 2 * p["a"]},
    )
    tried(judge, Specimen("easy", "easy", lambda: easy))


def hush() -> None:
    """Libraries may print what they like: it is not the trial's."""
    quiet: Any = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for as long as the process lives
    sys.stdout = sys.stderr = quiet
