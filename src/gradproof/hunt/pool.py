"""Calls in processes of their own, through joblib: this machine's, or those of a cluster."""

from __future__ import annotations

import io
from collections import ChainMap
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import CodeType, ModuleType
from typing import Any, TypeVar

from ..errors import UsageError

T = TypeVar("T")


@dataclass(slots=True)
class Pool:
    """Processes that make calls; ``executor`` names a cluster instead of this machine."""

    count: int
    executor: str | None = None
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Pool:
        self.stack.enter_context(_backend(require_joblib(), self.executor, self.count))
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def results(
        self,
        function: Callable[..., T],
        calls: Sequence[tuple[Any, ...]],
        lost: Callable[[int], T],
    ) -> Iterator[T]:
        """What the calls return, in their order, as it comes.

        A worker that dies takes those beside it along. So the next ones are made one by one, which
        shows whose fault it is: that one's result is ``lost(its number)``.
        """
        done = 0
        while done < len(calls):
            try:
                for result in self._started(function, calls[done:]):
                    yield result
                    done += 1
            except Exception as error:
                if not _is_death(error):
                    raise
            # About as many as were under way; of a cluster nobody knows.
            width = 2 * self.count if self.count > 0 else len(calls)
            for number in range(done, min(done + width, len(calls))):
                yield self._alone(function, calls[number], number, lost)
                done += 1

    def _started(self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]]) -> Any:
        joblib = require_joblib()
        how = "list" if (self.executor or "").startswith("ray") else "generator"
        parallel = joblib.Parallel(n_jobs=self.count, batch_size=1, return_as=how)
        return parallel([joblib.delayed(function)(*call) for call in calls])

    def _alone(
        self,
        function: Callable[..., T],
        call: tuple[Any, ...],
        number: int,
        lost: Callable[[int], T],
    ) -> T:
        try:
            made: T = next(iter(self._started(function, [call])))
        except Exception as error:
            if not _is_death(error):
                raise
            return lost(number)
        return made


def processes(workers: int, executor: str | None) -> int:
    """How many are to be used; -1, all there are, of a cluster for which no number was given."""
    return workers if executor is None or workers != 1 else -1


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


def cloudpickle() -> Any:
    """What joblib pickles with: a package of its own, or a part of older versions."""
    try:
        return import_module("cloudpickle")
    except ImportError:
        return import_module("joblib.externals.cloudpickle")


def by_value(what: Any, modules: Sequence[ModuleType]) -> bytes:
    """Pickled, with what these modules define: no worker can import them."""
    pickle = cloudpickle()
    for module in modules:
        pickle.register_pickle_by_value(module)
    try:
        file = io.BytesIO()
        _pickler(pickle)(file).dump(what)
    finally:
        for module in modules:
            pickle.unregister_pickle_by_value(module)
    return file.getvalue()


def _pickler(pickle: Any) -> Any:
    """Cloudpickle's, but code keeps the name of its file: a report quotes the line at fault."""
    table = pickle.Pickler.dispatch_table
    reduced = table[CodeType]

    def code(one: CodeType) -> tuple[Any, tuple[Any, ...]]:
        make, facts = reduced(one)
        return make, tuple(one.co_filename if f == "<dynamic-code>" else f for f in facts)

    return type("Pickler", (pickle.Pickler,), {"dispatch_table": ChainMap({CodeType: code}, table)})
