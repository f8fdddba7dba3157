"""Guards around the user's code: random numbers, mutation, and exceptions that tell where.

Nothing here swallows an exception: it surfaces as itself, with a note (PEP 678).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..space.tree import flatten


@dataclass(slots=True)
class Caller:
    """Calls the user's functions with the same extra arguments, in the same surroundings.

    ``seed`` not None: NumPy's and Python's global generators are seeded with it before every
    call. ``protect``: every call gets copies of the arrays among the extra arguments.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    seed: int | None = None
    protect: bool = False
    where: str = "at the point"
    calls: dict[str, int] = field(default_factory=dict)

    def __call__(self, function: Callable[..., Any], role: str, params: Any) -> Any:
        """Call ``function(params, *args, **kwargs)``; ``role`` names it in notes."""
        self.calls[role] = self.calls.get(role, 0) + 1
        args, kwargs = (
            _copied((self.args, self.kwargs)) if self.protect else (self.args, self.kwargs)
        )
        if self.seed is not None:
            reseed(self.seed)
        try:
            with np.errstate(all="ignore"):
                return function(params, *args, **kwargs)
        except BaseException as error:
            error.add_note(f"gradproof: raised by {role}, called {self.where}.")
            raise

    def watch(self, function: Callable[..., Any], role: str, params: Any) -> tuple[Any, list[str]]:
        """Call with copies of the arguments; also name the arguments that were changed."""
        before = flatten((self.args, dict(self.kwargs)), "")
        given = _copied((self.args, self.kwargs))
        guarded = Caller(given[0], given[1], self.seed, where=self.where, calls=self.calls)
        result = guarded(function, role, params)
        after = flatten(given, "")
        changed = [
            name.replace("[0]", "args", 1) if name.startswith("[0]") else name[3:]
            for name, old, new in zip(before.names, before.leaves, after.leaves, strict=False)
            if isinstance(old, np.ndarray) and not _equal(old, new)
        ]
        return result, changed


def reseed(seed: int) -> None:
    """Seed the global generators of NumPy and of Python."""
    np.random.seed(seed % 2**32)
    random.seed(seed)


@contextmanager
def generators_restored() -> Iterator[None]:
    """Leave the global generators as they were found."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


def _copied(arguments: Any) -> Any:
    """The same arguments with fresh arrays; everything that is not an array is passed on."""
    tree = flatten(arguments)
    return tree.unflatten([np.array(x) if type(x) is np.ndarray else x for x in tree.leaves])


def _equal(old: np.ndarray, new: Any) -> bool:
    if not isinstance(new, np.ndarray) or old.shape != new.shape:
        return False
    return old.tobytes() == new.tobytes() if old.dtype != object else bool(np.all(old == new))
