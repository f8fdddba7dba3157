"""Checks in processes of their own: what they need is sent, and the outcomes come in order."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from ..errors import UsageError
from ..hunt.cases import Wanted
from ..hunt.pool import Pool, by_value, cloudpickle, processes
from ..naming import is_library
from ..records.failure import Failure, Fault
from .limit import Limit
from .outcomes import Outcome, failed
from .targets import Case, Folder

MOST = 32  # checks a process whose arguments are made, and in memory, at a time

# One check, once it is said which exceptions are for whoever runs it, and what is around it.
Check = Callable[[tuple[type[BaseException], ...], Callable[[], AbstractContextManager[Any]]],
                 Outcome]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """A check of a case, or what came of it where that is known; ``last`` of its case."""

    case: Case
    label: str
    made: Outcome | Check
    payload: bytes | None = None  # what a worker needs; None: it cannot be sent
    last: bool = False


def is_spread(wanted: Wanted) -> bool:
    """Whether more processes than this one are asked for."""
    return wanted.workers != 1 or wanted.executor is not None


def outcomes(
    jobs: Sequence[Job], wanted: Wanted, limit: Limit | None, here: Callable[[Job], Outcome]
) -> Iterator[Outcome]:
    """What came of some checks, in their order; ``here`` makes those that cannot be sent."""
    seconds = None if limit is None else limit.seconds
    sent = [job for job in jobs if job.payload is not None]

    def lost(index: int) -> bytes:
        label = sent[index].label
        failure = Failure(label, Fault.CODE, _DIED if seconds is None else _DIED_OR_LATE)
        return bytes(cloudpickle().dumps(Outcome(label, failure)))

    calls = [(job.payload, seconds) for job in sent]
    with ExitStack() as stack:
        try:
            count = processes(wanted.workers, wanted.executor)
            pool = stack.enter_context(Pool(count, wanted.executor))
        except UsageError as error:  # joblib is missing, or a cluster
            yield from (failed(job.label, error) for job in jobs)
            return
        results = pool.results(_checked, calls, lost)
        for job in jobs:
            answer = None if job.payload is None else next(results)
            yield here(job) if answer is None else cloudpickle().loads(answer)


_DIED = (
    "The process that checked it died: a crash in compiled code, too little memory, or an exit. "
    "Check this case alone, without -n, to see where."
)
_DIED_OR_LATE = f"It could not be stopped when its time was up, or: {_DIED}"


def jobs_of(case: Case, made: Sequence[tuple[str, Outcome | Check]]) -> list[Job]:
    """The checks of a case, by their labels."""
    local, last = _local(case), len(made) - 1
    return [
        Job(case, label, what, _packed(case, what, local), last=place == last)
        for place, (label, what) in enumerate(made)
    ]


def _local(case: Case) -> list[ModuleType]:
    """The modules that no worker can import: that of a case, and those of its folder."""
    local = _below(case.folder)
    home = sys.modules.get(case.function.__module__)
    return local if home is None or home in local else [*local, home]


def _packed(case: Case, made: Outcome | Check, local: Sequence[ModuleType]) -> bytes | None:
    """What a worker needs; None where it cannot be sent, or where nothing is to be done."""
    if isinstance(made, Outcome):
        return None
    try:
        return by_value((str(case.folder.path), made), local)
    except Exception:  # noqa: BLE001 - whatever cannot be pickled says so in its own way
        return None


def _below(folder: Folder) -> list[ModuleType]:
    """The modules of a folder and below it that belong to no library: none is imported there."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in {"__main__", "gradproof"} or not isinstance(file, str):
            continue
        below = Path(file).is_relative_to(folder.path) and not is_library(file)
        if below and getattr(module, "__name__", "") == name:
            found.append(module)
    return found


_FOLDERS: dict[str, Folder] = {}


def _checked(payload: bytes, seconds: float | None) -> bytes | None:
    """One check in a worker; None where it, or what came of it, cannot travel."""
    limited: Any = nullcontext if seconds is None else Limit(seconds, _leave)
    try:
        path, check = cloudpickle().loads(payload)
    except Exception:  # noqa: BLE001 - then it is checked where it was made
        return None
    with _importable(path):
        outcome = check((KeyboardInterrupt,), limited)
        try:
            return bytes(cloudpickle().dumps(outcome))
        except Exception:  # noqa: BLE001 - as above
            return None


def _importable(path: str) -> AbstractContextManager[None]:
    """What a case imports while it runs is found as at home."""
    if threading.current_thread() is threading.main_thread():
        return _FOLDERS.setdefault(path, Folder(Path(path))).importable()
    if path not in sys.path:  # threads share it, so it stays
        sys.path.append(path)
    return nullcontext()


def _leave(_: BaseException) -> NoReturn:
    """End a worker in which a check cannot be stopped."""
    os._exit(1)
