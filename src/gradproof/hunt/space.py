"""What a space is: named axes of choices, ordinary ones first, and how a value is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import UsageError

Chosen = Mapping[str, "Choice"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice on an axis: how it is called, and what it stands for.

    ``free`` choices draw random numbers: the same choice gives another value at each try.
    """

    name: str
    value: Any = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Hints:
    """What the code under test says of itself: constants, sizes, and whether it knows complex."""

    numbers: tuple[float, ...] = ()
    sizes: tuple[int, ...] = ()
    complex: bool = False


class Space:
    """The base of all spaces: a set of values, with those first at which gradients break."""

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """The fixed menu, axis by axis; the first choice of each is the ordinary one."""
        raise NotImplementedError

    def harvested(self, hints: Hints) -> Mapping[str, Sequence[Choice]]:  # noqa: ARG002
        """Further choices, by axis, that the code under test suggests."""
        return {}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:
        """The value that some choices mean."""
        raise NotImplementedError

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """Random choices, most of which are on no menu."""
        return {
            name: choices[int(rng.integers(len(choices)))] for name, choices in self.axes().items()
        }

    def varied(self, value: Any, numbers: Sequence[float], rng: np.random.Generator) -> Any:  # noqa: ARG002
        """A value like another one, where there is such a thing; ``numbers`` are the code's."""
        return self.make(self.drawn(rng), rng)

    def simpler(self, value: Any) -> Iterator[Any]:
        """Values of this space that are simpler than one, the simplest first."""
        raise NotImplementedError

    def contains(self, value: Any) -> bool:
        """Whether a value lies in the space, as far as can be known."""
        raise NotImplementedError

    def ordinary(self, rng: np.random.Generator) -> Any:
        """A value with nothing special about it."""
        return self.make({name: choices[0] for name, choices in self.axes().items()}, rng)


@dataclass(frozen=True)
class Fixed(Space):
    """One value: whatever is passed in the place of a space."""

    value: Any

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """Nothing to choose."""
        return {}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """The value itself."""
        return self.value

    def simpler(self, value: Any) -> Iterator[Any]:  # noqa: ARG002
        """None is simpler."""
        yield from ()

    def contains(self, value: Any) -> bool:
        """It is the same object, or equal to it."""
        return value is self.value or same(value, self.value)


@dataclass(frozen=True)
class Choices(Space):
    """One of some values, the first of which is the ordinary one."""

    values: tuple[Any, ...]

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """All of them."""
        return {"": [Choice(shown(value), value) for value in self.values]}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:
        """The value that was chosen; where it is a space, one of its own."""
        value = chosen[""].value
        return value.ordinary(rng) if isinstance(value, Space) else value

    def simpler(self, value: Any) -> Iterator[Any]:
        """Those that were named before it."""
        for other in self.values:
            if same(other, value):
                return
            if not isinstance(other, Space):
                yield other

    def contains(self, value: Any) -> bool:
        """It is one of them."""
        return any(
            other.contains(value) if isinstance(other, Space) else same(other, value)
            for other in self.values
        )


@dataclass(frozen=True)
class Integers(Space):
    """Integers from ``low`` to ``high``, both included."""

    low: int
    high: int
    first: tuple[int, ...] = (3, 1, 2, 0, -1, 4, 5, 7, 8, 16, 17, 10)

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """Small ones and the ends."""
        wanted = [*self.first, self.low, self.high, self.low + 1, self.high - 1]
        found = dict.fromkeys(n for n in wanted if self.contains(n))
        return {"": [Choice(str(n), n) for n in found]}

    def harvested(self, hints: Hints) -> Mapping[str, Sequence[Choice]]:
        """The sizes in the code, and their neighbours."""
        near = dict.fromkeys(n + d for n in hints.sizes for d in (0, 1, -1))
        return {"": [Choice(str(n), n) for n in near if self.contains(n)]}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """The integer itself."""
        return int(chosen[""].value)

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """Any of them, small ones more often."""
        span = min(self.high - self.low, 2 ** int(rng.integers(1, 8)))
        start = min(max(self.low, 0), self.high - span)
        number = int(rng.integers(start, start + span + 1))
        return {"": Choice(str(number), number)}

    def simpler(self, value: int) -> Iterator[int]:
        """Those nearer to the smallest that is not negative, in halves and in steps."""
        base = min(max(self.low, 0), self.high)
        candidates = [base, base + 1, base + 2, base + (value - base) // 2, value - 1, abs(value)]
        for other in dict.fromkeys(candidates):
            if self.contains(other) and (abs(other - base), other < 0) < (
                abs(value - base), value < 0,
            ):  # fmt: skip
                yield other

    def contains(self, value: Any) -> bool:
        """It is an integer between the ends."""
        return isinstance(value, int | np.integer) and self.low <= int(value) <= self.high


# Shapes of up to four axes, the ordinary ones first.
_SHAPES: tuple[tuple[int, ...], ...] = (
    (3,), (2, 3), (1,), (2,), (3, 2), (3, 3), (1, 3), (3, 1), (1, 1), (), (4,), (5,), (2, 2),
    (2, 3, 4), (1, 2, 3), (2, 1, 3), (2, 2, 2), (4, 5), (2, 3, 2, 4), (1, 1, 1), (7,), (8,), (16,),
    (17,), (6, 4), (33,), (9, 8), (0,), (0, 3), (3, 0), (2, 3, 4, 4), (1, 3, 5, 5), (64,), (70,),
    (130,),
)  # fmt: skip


@dataclass(frozen=True)
class Shapes(Space):
    """Shapes with so many axes, each of so many entries."""

    min_dims: int = 0
    max_dims: int = 4
    min_side: int = 0
    max_side: int = 1024
    known: tuple[tuple[int, ...], ...] = field(default=_SHAPES, repr=False)

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """Small shapes: square and not, with axes of length 1 and 0."""
        sides = self.min_side, min(self.max_side, self.min_side + 2)
        fitting = [shape for shape in self.known if self.contains(shape)]
        for dims in range(max(self.min_dims, 1), self.max_dims + 1):
            fitting += [(side,) * dims for side in sides]
            fitting.append(tuple(min(self.max_side, self.min_side + 1 + k) for k in range(dims)))
        return {"": [Choice(str(s), s) for s in dict.fromkeys(fitting) if self.contains(s)]}

    def harvested(self, hints: Hints) -> Mapping[str, Sequence[Choice]]:
        """The sizes in the code and their neighbours, along each axis."""
        near = dict.fromkeys(n + d for n in hints.sizes for d in (0, 1, -1))
        shapes = [s for n in near for s in ((n,), (2, n), (n, 2), (2, 3, n), (n, n))]
        return {"": [Choice(str(s), s) for s in shapes if self.contains(s) and np.prod(s) <= 4096]}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """The shape itself."""
        return tuple(chosen[""].value)

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """A few axes of a few entries."""
        dims = int(rng.integers(self.min_dims, min(self.max_dims, self.min_dims + 3) + 1))
        top = min(self.max_side, self.min_side + 8)
        shape = tuple(int(n) for n in rng.integers(max(self.min_side, 1), top + 1, dims))
        return {"": Choice(str(shape), shape)}

    def simpler(self, value: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Fewer axes, then shorter ones."""
        for axis in range(len(value)):
            yield from filter(self.contains, [(*value[:axis], *value[axis + 1 :])])
        for axis, side in enumerate(value):
            for shorter in dict.fromkeys((1, 2, side // 2, side - 1)):
                if 0 < shorter < side:
                    yield from filter(self.contains, [(*value[:axis], shorter, *value[axis + 1 :])])

    def contains(self, value: Any) -> bool:
        """It has so many axes, and each so many entries."""
        return (
            isinstance(value, tuple)
            and self.min_dims <= len(value) <= self.max_dims
            and all(self.min_side <= side <= self.max_side for side in value)
        )


@dataclass(frozen=True)
class Strategy(Space):
    """A strategy of Hypothesis, taken as it is."""

    of: Any

    def axes(self) -> Mapping[str, Sequence[Choice]]:
        """Values that Hypothesis draws: the first ones are its simplest."""
        return {"": [Choice(f"example {k}", k) for k in range(64)]}

    def make(self, chosen: Chosen, rng: np.random.Generator) -> Any:
        """The drawn value of that number."""
        from .drawing import example

        number = chosen[""].value
        return example(self.of, int(rng.integers(2**31)) if number is None else int(number))

    def drawn(self, rng: np.random.Generator) -> Mapping[str, Choice]:
        """Any further one."""
        number = int(rng.integers(64, 4096))
        return {"": Choice(f"example {number}", number)}

    def simpler(self, value: Any) -> Iterator[Any]:  # noqa: ARG002
        """Nobody can tell: the first examples are the simplest anyway."""
        yield from ()

    def contains(self, value: Any) -> bool:  # noqa: ARG002
        """Nobody can tell."""
        return True


Make = Callable[[], Any]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, arrays of the same type and entries included."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return (
            isinstance(one, np.ndarray)
            and isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        )
    if type(one) is not type(other):
        return False
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        return False


def shown(value: Any) -> str:
    """A value in a few characters."""
    return repr(value) if len(repr(value)) <= 40 else f"{repr(value)[:37]}..."


def refuse(message: str) -> UsageError:
    """Wrong use of a space."""
    return UsageError(message)
