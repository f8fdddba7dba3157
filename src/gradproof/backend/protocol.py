"""What an array library has to offer: arrays that can be copied and made, and its own derivatives.

One class to derive from. What it is (``about``) and four methods have no default; whatever else
a library can do better than the default, it says by a method of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from . import arrays


class Drawn(Protocol):
    """A direction through one leaf: one number per real coordinate, in C order.

    ``entry`` is the only coordinate that moves, by 1, where there is only one. ``ramp`` is not
    None where ``array`` has to make numbers that ``displace`` can do without.
    """

    @property
    def entry(self) -> int | None:
        """The lone coordinate that moves."""

    @property
    def ramp(self) -> tuple[int, int] | None:
        """What multiplies the numbers."""

    def displace(self, out: NDArray[np.floating], step: float) -> None:
        """Write ``step`` times the direction into a flat array."""

    def array(self) -> tuple[NDArray[Any], float]:
        """The direction itself, flat: numbers, and the one that stands for 1."""


@dataclass(frozen=True, slots=True)
class Node:
    """A container of a library's own kind: leaves, how they are reached, and the way back."""

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
    the library's own convention. ``untracked()`` describes what else the outputs could be
    differentiated with respect to, by the identity of each. After ``scatter()`` cotangents are
    handed on in another memory layout, if there is such a thing; ``close()`` ends the pass.
    """

    outputs: list[Any]
    pull: Callable[[Sequence[Any]], list[Any]]
    untracked: Callable[[], dict[int, str]] = dict
    operations: Callable[[], int] = int
    drew: Callable[[], bool] = bool
    scatter: Callable[[], object] = lambda: None
    close: Callable[[], object] = lambda: None

    def last(self, cotangents: Sequence[Any]) -> list[Any]:
        """Pull back for the last time: the pass is over then."""
        try:
            return self.pull(cotangents)
        finally:
            self.close()


Shape = tuple[int, ...]


class Rows(Protocol):
    """Copies of small arrays in double precision, one point a row; ``origin`` is the point, flat.

    Numbers are real coordinates, those of all arrays one after the other.
    """

    origin: NDArray[np.float64]

    def at(self, points: NDArray[np.float64]) -> Sequence[Sequence[Any]]:
        """The arrays at each row of numbers, to be handed to a function."""

    def changed(self) -> bool:
        """Whether somebody has written into any of them."""

    def read(self, outputs: Sequence[Any]) -> NDArray[np.float64] | None:
        """The real coordinates of one output of several calls; None unless all are alike."""


@dataclass(frozen=True, slots=True)
class About:
    """What is always so of an array library.

    ``name`` is what a person calls it, ``arrays`` the classes of its arrays. ``modes``, of
    "reverse" and "forward", are those of its own derivatives that are checked by default; none
    where it has none. ``deep``: every operation can be made in double precision, and not only
    with arguments in it. ``lasting``: what is around one call may also be around what lies
    between two. ``replays``: one pass forward serves for the claims of several calls, as functions
    have no state. ``one_rule``: both modes come from one and the same rule. ``held(array)`` is to
    be asked once the array is dropped: may somebody still hold its memory, and fill it?
    ``scattered(array)`` has the same numbers in another memory layout, if there is such a thing.
    ``kind(array)`` is all that ``Backend.array(…, array)`` depends on, None where that is not to be
    said. ``joined(arrays, shapes)`` are the real coordinates of arrays of some shapes, one after
    the other in new memory; None unless they have these shapes and are in double precision.
    ``rows(leaves)`` are copies to be handed out by the row, if there is such a thing.
    """

    name: str
    arrays: type[Any] | tuple[type[Any], ...]
    modes: tuple[str, ...] = ()
    deep: bool = False
    lasting: bool = True
    replays: bool = False
    one_rule: bool = False
    held: Callable[[Any], Callable[[], bool]] = lambda _: lambda: True
    scattered: Callable[[Any], Any] | None = None
    kind: Callable[[Any], Hashable] = lambda _: None
    joined: Callable[[Sequence[Any], Sequence[Shape]], NDArray[np.float64] | None] = lambda *_: None
    rows: Callable[[Sequence[Any]], Rows | None] = lambda _: None


# What an error raised in a function under test says.
WANTS_GRAD = "it differentiates something by itself"
ONLY_FORWARD = "there is no reverse mode"
OUTSIDE = "there is no value there"


class Backend(ABC):
    """An array library; see ``gradproof.backend.registry`` for how it is found.

    A *copy* is a private array that moves. Numbers that come from NumPy are flat, in float64 and
    in C order; a complex entry is its real and its imaginary part, next to each other.
    """

    about: ClassVar[About]

    @abstractmethod
    def dtype(self, leaf: Any) -> str:
        """The name of its type, as in NumPy; of what has no derivatives any other word."""

    @abstractmethod
    def host(self, leaf: Any) -> NDArray[Any]:
        """Its numbers in NumPy, exactly; the same memory where that is possible."""

    @abstractmethod
    def copy(self, leaf: Any, *, promote: bool) -> Any:
        """A private copy where the leaf lives, or itself where nobody can write into it.

        In double precision at least with ``promote``, if it is made of floating-point numbers.
        """

    @abstractmethod
    def array(self, numbers: NDArray[np.float64], like: Any) -> Any:
        """An array of these numbers, in the type, shape and place of another."""

    def differentiable(self, leaf: Any, name: str) -> str:
        """An empty string, or the reason why a leaf is left alone; ``UsageError`` for others."""
        dtype = self.dtype(leaf)
        if not arrays.continuous(dtype):
            return f"has the type {dtype}, which does not move continuously"
        host = self.host(leaf)
        return "" if host.size else f"is empty (shape {host.shape})"

    def given(self, copy: Any, like: Any, *, recording: bool = False) -> Any:
        """What the user's function sees of a copy; ``recording``: it may differentiate itself."""
        return copy

    def mover(self, copy: Any, origin: Any, drawn: Drawn | None = None) -> Callable[[float], Any]:
        """A function of ``t`` that returns the copy at ``origin + t · drawn``.

        Written in place where the library can; without ``drawn`` at ``origin`` itself.
        """
        here = arrays.flat(self.host(origin)).astype(np.float64)

        def move(step: float) -> Any:
            there = np.zeros_like(here)
            if drawn is not None:
                drawn.displace(there, step)
            return self.array(there + here, copy)

        return move

    def same(self, copy: Any, origin: Any) -> bool:
        """Whether nobody has written into a copy; NaN is equal to NaN."""
        return arrays.same(self.host(copy), self.host(origin))

    def products(self, cotangents: Sequence[Any]) -> Callable[[Any], list[float]]:
        """A function of an output: ``Re Σ conj(cotangent) · output`` for each of them.

        The sums are in double precision.
        """
        flat = np.stack([self.host(cotangent).reshape(-1) for cotangent in cotangents])
        weights = flat.conj().astype(np.result_type(flat, float))
        host = self.host

        def read(output: Any) -> list[float]:
            wide = np.asarray(host(output), weights.dtype).reshape(-1)
            return (weights @ wide).real.tolist()  # type: ignore[no-any-return]

        return read

    def calling(
        self, role: str, *, promoted: bool, deep: bool = True
    ) -> AbstractContextManager[Any]:
        """Around each call of the user's function (``fun``) or gradient (``grad``)."""
        return nullcontext()

    def reseed(self, seed: int) -> None:  # noqa: B027 - a library without generators is whole
        """Seed its global generators; by default it has none."""

    def generators(self) -> AbstractContextManager[Any]:
        """Its global generators are as before afterwards."""
        return nullcontext()

    def session(self) -> AbstractContextManager[Any]:
        """Around a whole check of its arrays: whatever precision needs."""
        return nullcontext()

    def meaning(self, error: Exception) -> str:
        """``WANTS_GRAD``, ``ONLY_FORWARD`` or ``OUTSIDE`` where an error says so; else nothing."""
        return ""

    def stopped(self, leaf: Any, *, kept: bool = False) -> Any:
        """The same values, cut off from derivatives; ``kept``: to be used at other calls too.

        None, and no exception, where a compiler's stand-ins cannot be: one that traces through a
        check (``torch.compile``) would run what raises once more by itself, and then it can.
        """
        return leaf

    def opened(self, leaf: Any) -> Node | None:
        """What is inside, if it is a container that only this library knows."""
        return None

    def chosen(self, leaves: Iterable[Any]) -> Callable[[Any], str]:
        """Which leaves its own derivatives are for: a reason why one is left alone, or ""."""
        about = self.about
        return lambda leaf: "" if isinstance(leaf, about.arrays) else f"is not a {about.name} array"

    def vjp(self, call: Call, leaves: Sequence[Any], *, twice: bool = False) -> Vjp:
        """Call ``call(leaves)`` so that cotangents of its outputs can be pulled back.

        ``twice``: what is pulled back has derivatives itself, by leaves and by cotangents.
        """
        raise UsageError(f"{self.about.name} has no derivatives of its own: pass grad=.")

    def jvp(self, call: Call, leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any] | None:
        """The derivatives of the outputs along tangents; None where there is no such mode."""
        return None
