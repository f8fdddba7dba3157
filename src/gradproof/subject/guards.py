"""Guards around the user's code: random numbers, mutation, and exceptions that tell where.

The user's own arrays are never handed out. Nothing here swallows an exception: it surfaces
as itself, with a note (PEP 678).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import numpy as plain
from ..backend.protocol import Backend
from ..backend.registry import framework_of, frameworks
from ..space.tree import Tree, flatten
from .stopped import Tape, held

_NOTHING = nullcontext()
_PROBE = 2**31 - 1  # a seed that no check has by itself


@dataclass(slots=True)
class Caller:
    """Calls the user's functions with private copies of the extra arguments.

    One set of copies serves all calls, or each call gets a fresh one (``protect``), once a
    function was seen to write into them. ``seed`` not None: the global generators are seeded
    with it before every call. ``promoted``: a framework's arrays are given in double precision,
    and, if ``deep``, every operation is made in it where the framework can see to that.
    ``recording``: the function under test differentiates something itself. ``tape`` holds what
    it wants to be constant.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    library: Backend = plain.BACKEND
    seed: int | None = None
    promoted: bool = False
    deep: bool = True
    recording: bool = False
    tape: Tape = field(default_factory=Tape)
    protect: bool = False
    open: bool = False
    where: Callable[[], str] = lambda: "at the point"
    calls: dict[str, int] = field(default_factory=dict)
    original: Tree = field(init=False)
    given: Any = field(init=False)

    def __post_init__(self) -> None:
        self.original = flatten((tuple(self.args), dict(self.kwargs)), "")
        self.given = self._copies()

    def __call__(self, function: Callable[..., Any], role: str, *params: Any) -> Any:
        """Call ``function(*params, *args, **kwargs)``; ``role`` names it in notes."""
        self.calls[role] = self.calls.get(role, 0) + 1
        if self.protect:
            self.given = self._copies()
        args, kwargs = self.given
        if self.seed is not None:
            reseed(self.seed)
        try:
            with _NOTHING if self.open and role == "fun" else self._around(role):
                if role != "fun" or not (self.tape.recording or self.tape.values):
                    return function(*params, *args, **kwargs)
                with held(self.tape):
                    return function(*params, *args, **kwargs)
        except BaseException as error:
            error.add_note(f"gradproof: raised by {role}, called {self.where()}.")
            if isinstance(error, TypeError | AttributeError) and _is_list_of_numbers(params):
                error.add_note(_LIST)
            raise

    def _around(self, role: str) -> AbstractContextManager[Any]:
        calling = "grad" if self.recording else role
        return self.library.calling(calling, promoted=self.promoted, deep=self.deep)

    @contextmanager
    def many(self) -> Iterator[None]:
        """Around many calls of ``fun`` in a row, which then share what is around each."""
        if not self.library.about.lasting:
            yield
            return
        with self._around("fun"):
            before, self.open = self.open, True
            try:
                yield
            finally:
                self.open = before

    def changed(self) -> list[str]:
        """The extra arguments that somebody wrote into; all is well again afterwards."""
        if not (self.args or self.kwargs):
            return []
        now = flatten(self.given, "")
        names = [
            _spelled(name)
            for name, old, new in zip(
                self.original.names, self.original.leaves, now.leaves, strict=False
            )
            if not _equal(old, new)
        ]
        if not names and len(now.leaves) != len(self.original.leaves):
            names = ["a container among the arguments"]
        if names:
            self.given = self._copies()
        return names

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The user's own arrays among the extra arguments, by names such as ``args[0]``."""
        pairs = zip(self.original.names, self.original.leaves, strict=True)
        return {_spelled(name): leaf for name, leaf in pairs if isinstance(leaf, np.ndarray)}

    def promote(self, *, promoted: bool, deep: bool | None = None) -> None:
        """Hand out arguments in double precision from now on, or no longer."""
        self.promoted = promoted
        self.deep = self.deep if deep is None else deep
        self.given = self._copies()

    def _copies(self) -> Any:
        return self.original.unflatten([self._copy(leaf) for leaf in self.original.leaves])

    def _copy(self, leaf: Any) -> Any:
        """A fresh array; whatever is not a plain array is handed on as it is."""
        if type(leaf) is np.ndarray:
            return np.array(leaf, order="K")
        framework = framework_of(leaf)
        return leaf if framework is None else framework.copy(leaf, promote=self.promoted)


_LIST = (
    "gradproof: the point is a list of numbers, and is handed over as such: if an array is "
    "expected, pass np.array(point)."
)


def _is_list_of_numbers(params: tuple[Any, ...]) -> bool:
    first = params[0] if params else None
    return isinstance(first, list | tuple) and all(isinstance(x, float | list) for x in first)


def reseed(seed: int) -> None:
    """Seed the global generators of Python, NumPy and the frameworks in use."""
    for library in (plain.BACKEND, *frameworks()):
        library.reseed(seed)


def draws(call: Callable[[], Any]) -> tuple[Any, bool]:
    """What a call returns, and whether it draws from the generators of NumPy or Python."""
    drawn = probe()
    return call(), drawn()


def probe() -> Callable[[], bool]:
    """To be asked later: has anybody drawn from those generators since."""
    plain.BACKEND.reseed(_PROBE)
    return lambda: _next_draws() != _untouched()


@lru_cache(maxsize=1)
def _untouched() -> tuple[float, float]:
    """The first numbers after the probe's seed."""
    plain.BACKEND.reseed(_PROBE)
    return _next_draws()


def _next_draws() -> tuple[float, float]:
    return np.random.random(), random.random()  # noqa: NPY002, S311 - those that fun may draw from


@contextmanager
def generators_restored() -> Iterator[None]:
    """Leave the global generators as they were found."""
    with ExitStack() as stack:
        for library in (plain.BACKEND, *frameworks()):
            stack.enter_context(library.generators())
        yield


def _equal(old: Any, new: Any) -> bool:
    if isinstance(old, np.ndarray):
        return isinstance(new, np.ndarray) and plain.BACKEND.same(new, old)
    if isinstance(old, bool | int | float | complex | str | bytes):
        return type(old) is type(new) and (old == new or repr(old) == repr(new))
    framework = framework_of(old)
    if framework is not None:
        return framework_of(new) is framework and framework.same(new, old)
    return True  # somebody else's object: its state is its own affair


def _spelled(name: str) -> str:
    """``[0][2]`` is args[2], ``[1]['X']`` the keyword X."""
    return "args" + name[3:] if name.startswith("[0]") else "kwargs" + name[3:]
