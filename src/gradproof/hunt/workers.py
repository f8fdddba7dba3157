"""Tries in processes of their own, each with a limit of time and memory, through joblib."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError
from .cover import Try
from .pool import Pool, by_value, cloudpickle, require_joblib
from .source import functions
from .target import Target
from .trying import SKIPPED, Outcome, tried
from .writing import is_installed

SECONDS = 30.0  # for one try
MEGABYTES = 4096  # of memory beyond what the worker has
_HARD = 2.0  # times the limit until a worker that hears of nothing is ended


@dataclass(slots=True)
class Workers:
    """Processes that make tries; ``executor`` names a cluster instead of this machine."""

    target: Target
    seed: int
    count: int
    executor: str | None = None
    seconds: float = SECONDS
    megabytes: int = MEGABYTES
    payload: bytes = b""
    pool: Pool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = Pool(self.count, self.executor)

    def __enter__(self) -> Workers:
        require_joblib()
        self.payload = _pickled(self.target)
        self.pool.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.__exit__()

    def run(self, batch: Sequence[Try]) -> Iterator[Outcome]:
        """What comes of some tries, in their order, as it comes."""
        limits = (self.seconds, self.megabytes)
        calls = [(self.payload, one.values, self.seed, *limits) for one in batch]
        dead = Outcome(SKIPPED, "the worker died: a crash, or a limit of time or memory")
        yield from self.pool.results(_limited, calls, lambda _: dead)


def _pickled(target: Target) -> bytes:
    """The target as bytes; functions of files that no worker can import travel as they are."""
    homes = {f.__module__ for f in functions(target.code()) if not is_installed(f)}
    local = [sys.modules[name] for name in homes if name in sys.modules and name != "__main__"]
    try:
        return by_value(target, local)
    except Exception as error:  # noqa: BLE001 - whatever cannot be pickled says so in its own way
        raise UsageError(
            f"What is hunted cannot be sent to workers ({type(error).__name__}: {error}): "
            "pass workers=1."
        ) from None


_LOADED: dict[bytes, Target] = {}


def _limited(
    payload: bytes, values: Mapping[str, Any], seed: int, seconds: float, megabytes: int
) -> Outcome:
    """One try in a worker, which ends itself where it does not come back."""
    if payload not in _LOADED:
        _LOADED.clear()
        _LOADED[payload] = cloudpickle().loads(payload)
    with _within(seconds, megabytes):
        return tried(_LOADED[payload], values, seed)


class TooLongError(Exception):
    """A try took longer than it may."""


def _within(seconds: float, megabytes: int) -> AbstractContextManager[None]:
    main = threading.current_thread() is threading.main_thread()
    if not (main and hasattr(signal, "setitimer")):
        return nullcontext()
    return _limits(seconds, megabytes)


@contextmanager
def _limits(seconds: float, megabytes: int) -> Iterator[None]:
    """Within this block time and memory are bounded: an exception at first, then the end."""
    import resource

    def late(*_: object) -> None:
        raise TooLongError(f"longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _memory_in_use() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - it is no file
        faulthandler.dump_traceback_later(_HARD * seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _memory_in_use() -> int:
    """The address space of this process, in bytes."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 2**34
