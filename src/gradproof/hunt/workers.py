"""Tries in processes of their own, each with a limit of time and memory, through joblib."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ..errors import UsageError
from .cover import Try
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
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Workers:
        joblib = require_joblib()
        self.payload = _pickled(self.target)
        self.stack.enter_context(_backend(joblib, self.executor, self.count))
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def run(self, batch: Sequence[Try]) -> Iterator[Outcome]:
        """What comes of some tries, in their order, as it comes."""
        done = 0
        try:
            for outcome in self._started(batch):
                yield outcome
                done += 1
        except Exception as error:
            if not _is_death(error):
                raise
            for one in batch[done:]:
                yield self._alone(one)

    def _started(self, batch: Sequence[Try]) -> Any:
        joblib = require_joblib()
        limits = (self.seconds, self.megabytes)
        calls = [joblib.delayed(_limited)(self.payload, one.values, self.seed, *limits)
                 for one in batch]  # fmt: skip
        how = "list" if (self.executor or "").startswith("ray") else "generator"
        return joblib.Parallel(n_jobs=self.count, batch_size=1, return_as=how)(calls)

    def _alone(self, one: Try) -> Outcome:
        """A try of a batch in which a worker died; whether it was this one is seen now."""
        try:
            found: Outcome = next(iter(self._started([one])))
        except Exception as error:
            if not _is_death(error):
                raise
            return Outcome(SKIPPED, "the worker died: a crash, or a limit of time or memory")
        return found


def require_joblib() -> Any:
    """Joblib, or ``UsageError`` where it is not installed."""
    try:
        return import_module("joblib")
    except ImportError:
        raise UsageError(
            "joblib is not installed: pip install 'gradproof[hunt]' brings it, and workers=1 needs "
            "none."
        ) from None


def _is_death(error: Exception) -> bool:
    """Whether an exception says that a worker is gone."""
    names = {kind.__name__ for kind in type(error).__mro__}
    dead = {"TerminatedWorkerError", "BrokenProcessPool", "KilledWorker", "WorkerCrashedError"}
    return bool(names & dead)


def _backend(joblib: Any, executor: str | None, count: int) -> AbstractContextManager[Any]:
    if executor is None:
        limits = {"inner_max_num_threads": 1}
        config: AbstractContextManager[Any] = joblib.parallel_config(
            backend="loky", n_jobs=count, **limits
        )
        return config
    if executor.startswith("dask://"):
        return _dask(joblib, executor.removeprefix("dask://"))
    if executor == "ray" or executor.startswith("ray://"):
        return _ray(joblib, executor)
    raise UsageError(f"executor must be dask://host:port or ray, but is {executor!r}.")


@contextmanager
def _dask(joblib: Any, address: str) -> Iterator[None]:
    try:
        client_class = import_module("distributed").Client
    except ImportError:
        raise UsageError("dask is not installed: pip install 'dask[distributed]'.") from None
    with (
        client_class(f"tcp://{address}", timeout="20s") as client,
        joblib.parallel_config(backend="dask", client=client, wait_for_workers_timeout=30),
    ):
        yield


@contextmanager
def _ray(joblib: Any, address: str) -> Iterator[None]:
    try:
        ray, ray_joblib = import_module("ray"), import_module("ray.util.joblib")
    except ImportError:
        raise UsageError("ray is not installed: pip install ray.") from None
    started = not ray.is_initialized()
    if started:
        where = {"address": address} if address.startswith("ray://") else {}
        ray.init(**where, include_dashboard=False, log_to_driver=False)
    ray_joblib.register_ray()
    try:
        with joblib.parallel_config(backend="ray"):
            yield
    finally:
        if started:
            ray.shutdown()


def _cloudpickle() -> Any:
    """What joblib pickles with: a package of its own, or a part of older versions."""
    try:
        return import_module("cloudpickle")
    except ImportError:
        return import_module("joblib.externals.cloudpickle")


def _pickled(target: Target) -> bytes:
    """The target as bytes; functions of files that no worker can import travel as they are."""
    pickle = _cloudpickle()
    roots = functions(target.code())
    homes = {f.__module__ for f in roots if not is_installed(f)}
    local = [sys.modules[name] for name in homes if name in sys.modules and name != "__main__"]
    for module in local:
        pickle.register_pickle_by_value(module)
    try:
        made: bytes = pickle.dumps(target)
    except Exception as error:  # noqa: BLE001 - whatever cannot be pickled says so in its own way
        raise UsageError(
            f"What is hunted cannot be sent to workers ({type(error).__name__}: {error}): "
            "pass workers=1."
        ) from None
    finally:
        for module in local:
            pickle.unregister_pickle_by_value(module)
    return made


_LOADED: dict[bytes, Target] = {}


def _limited(
    payload: bytes, values: Mapping[str, Any], seed: int, seconds: float, megabytes: int
) -> Outcome:
    """One try in a worker, which ends itself where it does not come back."""
    if payload not in _LOADED:
        _LOADED.clear()
        _LOADED[payload] = _cloudpickle().loads(payload)
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
