"""What an array library has to offer: leaves that can be moved, and its own derivatives.

Torch and jax are never imported for a user who has not imported them: ``home`` looks for
them among the modules that are already there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Drawn(Protocol):
    """A direction through one leaf: one number per real coordinate."""

    def displace(self, out: NDArray[np.floating], step: float) -> None:
        """Write ``step`` times the direction into a flat array."""

    def array(self) -> tuple[NDArray[Any], float]:
        """The direction itself, flat: numbers, and the unit in which they count."""


@dataclass(frozen=True, slots=True)
class Node:
    """A container of a framework's own kind: leaves, how they are reached, and the way back."""

    leaves: tuple[Any, ...]
    names: tuple[str, ...]
    paths: tuple[tuple[Any, ...], ...]
    unflatten: Callable[[Sequence[Any]], Any]


Call = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Vjp:
    """One pass forward, ready to go back.

    ``pull(cotangents)``, one for each output or None, gives the gradients of the leaves: None
    where none reaches a leaf, and ``∂/∂x + i ∂/∂y`` for a complex leaf ``x + iy``, whatever
    the library's own convention. ``strangers()`` describes what else the outputs could be
    differentiated with respect to, by the identity of each.
    """

    outputs: list[Any]
    pull: Callable[[Sequence[Any]], list[Any]]
    untracked: Callable[[], dict[int, str]]


class Backend(Protocol):
    """An array library.

    A *copy* is a private array that moves; ``move``, ``move_entry`` and ``restore`` return
    it, since the arrays of some libraries cannot be written to.
    """

    name: str
    promotions: tuple[bool, ...]  # whether every operation is promoted, or the arguments alone
    lasting: bool  # whether what is around one call may also be around what lies between two

    def differentiable(self, leaf: Any, name: str) -> str:
        """An empty string, or the reason why a leaf is left alone; ``UsageError`` for others."""

    def dtype(self, leaf: Any) -> str:
        """The name of its type, as in NumPy."""

    def eps(self, leaf: Any) -> float:
        """Spacing of 1.0 in its precision."""

    def host(self, leaf: Any) -> NDArray[Any]:
        """Its numbers in NumPy, exactly; the same memory where that is possible."""

    def copy(self, leaf: Any, *, promote: bool) -> Any:
        """A private copy where the leaf lives; in double precision at least with ``promote``."""

    def given(self, copy: Any, like: Any, *, recording: bool = False) -> Any:
        """What the user's function sees of a copy; ``recording``: it may differentiate itself."""

    def direction(self, drawn: Drawn, copy: Any) -> Any:
        """A direction in the form in which ``move`` wants it."""

    def move(self, copy: Any, origin: Any, direction: Any, step: float) -> Any:
        """``origin + step · direction``."""

    def move_entry(self, copy: Any, origin: Any, entry: int, step: float) -> Any:
        """``origin`` with one real coordinate moved by ``step``."""

    def restore(self, copy: Any, origin: Any) -> Any:
        """``origin`` itself."""

    def same(self, copy: Any, origin: Any) -> bool:
        """Whether nobody has written into a copy; NaN is equal to NaN."""

    def rounded(self, copy: Any, number: float) -> float:
        """A real number as the copy's type holds it."""

    def number(self, leaf: Any) -> bool:
        """Whether an output has derivatives."""

    def cotangent(self, drawn: NDArray[np.float64], like: Any) -> Any:
        """A cotangent of an output, in the output's type, shape and place."""

    def constant(self, like: Any, number: float) -> Any:
        """An array like an output, with the same number everywhere."""

    def cast(self, array: Any, like: Any) -> Any:
        """A cotangent in the type of an output."""

    def weights(self, cotangents: Sequence[Any]) -> Any:
        """Cotangents of one output in the form in which ``inner`` wants them."""

    def inner(self, weights: Any, output: Any) -> list[float]:
        """``Re Σ conj(cotangent) · output`` for each of them, summed in double precision."""

    def calling(
        self, role: str, *, promoted: bool, deep: bool = True
    ) -> AbstractContextManager[Any]:
        """Around each call of the user's function (``fun``) or gradient (``grad``)."""

    def reseed(self, seed: int) -> None:
        """Seed its global generators."""

    def generators(self) -> AbstractContextManager[Any]:
        """Its global generators are as before afterwards."""

    def session(self) -> AbstractContextManager[Any]:
        """Around a whole check of its arrays: whatever precision needs."""


class Framework(Backend, Protocol):
    """An array library with derivatives of its own; ``both`` modes are checked by default."""

    both: bool

    def owns(self, leaf: Any) -> bool:
        """Whether a leaf is one of its arrays."""

    def records(self, error: Exception) -> bool:
        """Whether an error says that a function under test wants to differentiate itself."""

    def stopped(self, leaf: Any) -> Any:
        """The same values, cut off from derivatives."""

    def concrete(self, leaf: Any) -> bool:
        """Whether it holds numbers, and is not the stand-in of a compiler."""

    def argument(self, leaf: Any, *, promote: bool) -> Any:
        """A private copy of a further argument, or itself where it cannot be copied."""

    def opened(self, leaf: Any) -> Node | None:
        """What is inside, if it is a container that only this framework knows."""

    def chosen(self, leaves: Iterable[Any]) -> Callable[[Any], str]:
        """Which leaves its own derivatives are for: a reason why one is left alone, or ""."""

    def vjp(self, call: Call, leaves: Sequence[Any]) -> Vjp:
        """Call ``call(leaves)`` so that cotangents of its outputs can be pulled back."""

    def only_forward(self, error: Exception) -> bool:
        """Whether an error says that there is no reverse mode."""

    def jvp(self, call: Call, leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any] | None:
        """The derivatives of the outputs along tangents; None where there is no such mode."""


_NAMES = ("torch", "jax")
_KNOWN: dict[str, Framework] = {}


def frameworks() -> list[Framework]:
    """The frameworks that the user has imported."""
    for name in _NAMES:
        # A module under way (in the middle of its own import) has no version yet.
        if name not in _KNOWN and hasattr(sys.modules.get(name), "__version__"):
            _KNOWN[name] = import_module(f"gradproof.backend.{name}").BACKEND
    return [_KNOWN[name] for name in _NAMES if name in _KNOWN]


def framework_of(leaf: Any) -> Framework | None:
    """The framework whose array a leaf is, or None."""
    if type(leaf).__module__ in ("builtins", "numpy"):
        return None
    return next((f for f in frameworks() if f.owns(leaf)), None)


def home(leaf: Any) -> Backend:
    """The library that a leaf belongs to; NumPy for numbers and all that is unknown."""
    from .numpy import BACKEND

    return framework_of(leaf) or BACKEND
