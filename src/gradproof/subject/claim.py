"""The claimed gradient: matched to the blocks, checked for shape, its own noise measured."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.registry import framework_of, home
from ..errors import UsageError
from ..naming import instead, what
from ..records.block import Block
from ..records.direction import Direction, Part
from ..space import directions
from ..space.point import Line, Point
from ..space.tree import beginnings, lookup
from .meant import all_missing, meant, pair
from .misfit import Misfit

RMS = directions.RMS  # of the numbers with which a sketch is made
_SKETCH = 4  # numbers per block in a sketch
_AT_ONCE = 1 << 16  # coordinates
_SMALL = 4096  # coordinates: of a block whose sketch is one product with a matrix, of a whole claim
_DOUBLES = (np.float64, np.complex128)
_SKETCH_SEED = 2**40  # apart from any seed of a check


@dataclass(frozen=True, slots=True)
class Claimed(ABC):
    """A claim: known entry by entry, or along directions only.

    ``norms`` are the Euclidean norms; ``noise`` bounds the norm of the part that changes
    from call to call or with a last-digit change of the point; ``missing`` says why a block
    has no claim (zeros then stand in for it).
    """

    norms: tuple[float, ...]
    noise: tuple[float, ...]
    missing: dict[int, str]

    @abstractmethod
    def along(self, line: Line) -> float:
        """The claimed derivative along a direction."""

    @abstractmethod
    def gradient(self, block: int) -> NDArray[Any] | None:
        """The claimed gradient of one block, entry by entry, or None where that is too much."""

    def bar(self, direction: Direction) -> float:
        """How well the claim itself is known along a direction."""
        return math.hypot(*[p.step * self.noise[p.block] for p in direction.parts])

    def finite(self, block: int) -> bool:
        """Whether every entry of a block is finite."""
        return math.isfinite(self.norms[block])

    def fits(self, block: int) -> bool:  # noqa: ARG002 - a derivative along a direction does
        """Whether the claim of a block has its shape."""
        return True


@dataclass(frozen=True, slots=True)
class Claim(Claimed):
    """The claimed gradient itself, block by block; NaN stands in for ``misfits``.

    Where it is small and finite, ``whole`` holds the real coordinates of all blocks one after the
    other, in memory of its own: the ``gradients`` are views of it.
    """

    gradients: tuple[NDArray[Any], ...]
    misfits: dict[int, Misfit] = field(default_factory=dict)
    whole: NDArray[np.float64] | None = None

    def along(self, line: Line) -> float:
        """The claimed derivative along a direction."""
        return line.along(self.gradients, self.whole)

    def gradient(self, block: int) -> NDArray[Any] | None:
        """The claimed gradient of one block, entry by entry."""
        return self.gradients[block]

    def fits(self, block: int) -> bool:
        """Whether the claim of a block has its shape."""
        return block not in self.misfits


def match(point: Point, gradient: Any) -> Claim:
    """Find each block's gradient in what the user returned, and check its shape and type."""
    known = beginnings(point.tree.paths)
    if isinstance(gradient, tuple | list) and (advice := pair(point, gradient)):
        raise UsageError(advice)
    found: list[Any] = []
    missing: dict[int, str] = {}
    for block in point.blocks:
        try:
            leaf = lookup(gradient, point.path(block.index), known)
        except KeyError:
            leaf = None
            found_instead = meant(point, gradient, block)
            missing[block.index] = f"the gradient has no entry for it{found_instead}"
        else:
            if leaf is None:
                missing[block.index] = "its gradient is None"
        found.append(leaf)
    if len(missing) == len(point.blocks):
        raise UsageError(all_missing(point, gradient))
    return _made(point, found, missing)


def collect(point: Point, gradients: Sequence[Any]) -> Claim:
    """A framework's own gradients, block by block; None where none reaches the block."""
    if point.count <= _SMALL:
        whole = point.library.about.joined(gradients, [block.shape for block in point.blocks])
        if whole is not None and whole.size == point.count:
            return views(point, whole, {}, {})
    why = "no gradient reaches it (None)"
    missing = {k: why for k, gradient in enumerate(gradients) if gradient is None}
    return _made(point, gradients, missing)


def _made(point: Point, leaves: Sequence[Any], missing: dict[int, str]) -> Claim:
    """Zeros stand in for what is missing, NaN for what has another shape."""
    found: list[NDArray[Any]] = []
    misfits: dict[int, Misfit] = {}
    for block, leaf in zip(point.blocks, leaves, strict=True):
        array = _filled(0, block, point) if leaf is None else _array(leaf, block, point)
        if isinstance(array, Misfit):
            misfits[block.index] = array
            array = _filled(np.nan, block, point)
        found.append(array)
    if point.count <= _SMALL and all([array.dtype in _DOUBLES for array in found]):
        return views(point, np.concatenate(list(map(arrays.flat, found))), missing, misfits)
    norms = tuple(map(arrays.norm, found))
    return Claim(norms, (0.0,) * len(norms), missing, tuple(found), misfits)


def views(
    point: Point, whole: NDArray[np.float64], missing: dict[int, str], misfits: dict[int, Misfit]
) -> Claim:
    """A claim whose blocks lie one after the other."""
    found = tuple([
        (whole[s].view(np.complex128) if block.is_complex else whole[s]).reshape(block.shape)
        for block, s in zip(point.blocks, point.slices, strict=True)
    ])  # fmt: skip
    norms = arrays.norms(whole, point.slices)
    # NaN times nothing is NaN: along a direction through other blocks each has to be by itself.
    together = whole if all(map(math.isfinite, norms)) else None
    return Claim(norms, (0.0,) * len(norms), missing, found, misfits, together)


def remembered(claim: Claim, blocks: Sequence[Block]) -> NDArray[np.float64]:
    """What has to be kept of a claim to compare it with the next one: all of it if it is small."""
    return sketch(claim, blocks) if claim.whole is None else claim.whole


def changed(before: NDArray[np.float64], claim: Claim, point: Point) -> tuple[float, ...]:
    """How far a claim is from the one that is remembered: norms, block by block."""
    if before.ndim > 1:
        return distance(before, sketch(claim, point.blocks))
    flat = list(map(arrays.flat, claim.gradients))
    now = np.concatenate(flat) if claim.whole is None else claim.whole
    if np.array_equal(before, now):
        return (0.0,) * len(point.blocks)
    same = (before == now) | (np.isnan(before) & np.isnan(now))
    return arrays.norms(np.where(same, 0.0, before - now), point.slices)


def sketch(claim: Claim, blocks: Sequence[Block]) -> NDArray[np.float64]:
    """A few numbers per block that change with the claim, and by how much it changes.

    They are inner products with fixed random directions: two claims can so be compared
    without holding both (Johnson and Lindenstrauss, 1984).
    """
    return np.array([_projections(claim, block) for block in blocks])


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, ...]:
    """Norms of the difference of two claims, block by block, from their sketches."""
    if one.tobytes() == other.tobytes():
        return (0.0,) * len(one)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    apart = np.where(same, 0.0, one - other)
    return tuple((np.sqrt(np.mean(apart**2, axis=1)) / directions.RMS).tolist())


def apart(one: Claim, other: Claim) -> tuple[float, ...]:
    """Norms of the difference of two claims that are both at hand, block by block."""
    pairs = zip(one.gradients, other.gradients, strict=True)
    return tuple([_apart(arrays.flat(a), arrays.flat(b)) for a, b in pairs])


def _apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The norm of a difference, of which only a little is held at once."""
    wide = np.result_type(one, other, float)
    slices = [slice(i, i + _AT_ONCE) for i in range(0, one.size, _AT_ONCE)]
    return math.hypot(*[arrays.norm(np.subtract(one[s], other[s], dtype=wide)) for s in slices])


def owned(claim: Claim) -> Claim:
    """The same claim in arrays of its own: the user's may be filled again."""
    if claim.whole is not None:
        return claim
    absent = {*claim.missing, *claim.misfits}
    gradients = [g if i in absent else np.array(g) for i, g in enumerate(claim.gradients)]
    return dataclasses.replace(claim, gradients=tuple(gradients))


def watched(claim: Claim) -> Callable[[], bool]:
    """To be asked once the claim is dropped: does somebody still hold its arrays."""
    if claim.whole is not None:
        return bool
    owners = [_owner(g) for i, g in enumerate(claim.gradients) if i not in claim.missing]
    held = [home(owner).about.held(owner) for owner in owners]
    return lambda: any([ask() for ask in held])


def _owner(array: NDArray[Any]) -> Any:
    """The array, NumPy's or a framework's, whose memory another one looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    base: Any = array.base
    base = base.obj if isinstance(base, memoryview) else base
    return array if framework_of(base) is None else base


def _projections(claim: Claim, block: Block) -> list[float]:
    """Along stretches of one long direction, which is drawn once."""
    gradient = arrays.flat(claim.gradients[block.index])
    part, count = Part(0, 1.0), block.count
    if count <= _SMALL:
        return (_stretches(count) @ gradient.astype(np.float64)).tolist()  # type: ignore[no-any-return]
    codes = directions.codes(part, count + _SKETCH, _SKETCH_SEED, 0)
    stretches = (codes[shift : shift + count] for shift in range(_SKETCH))
    return [directions.Vector(stretch).dot(gradient) for stretch in stretches]


@lru_cache(maxsize=64)
def _stretches(count: int) -> NDArray[np.float64]:
    """The same stretches as the rows of a matrix, for all blocks of a size."""
    codes = directions.codes(Part(0, 1.0), count + _SKETCH, _SKETCH_SEED, 0)
    rows = [directions.Vector(codes[shift : shift + count]) for shift in range(_SKETCH)]
    matrix = np.empty((_SKETCH, count))
    for row, vector in zip(matrix, rows, strict=True):
        vector.displace(row, 1.0)
    return matrix


def _filled(number: float, block: Block, point: Point) -> NDArray[Any]:
    return np.broadcast_to(np.array(number, dtype=point.host(block.index).dtype), block.shape)


def _array(leaf: Any, block: Block, point: Point) -> NDArray[Any] | Misfit:
    if isinstance(leaf, Misfit):
        return leaf
    if isinstance(leaf, np.ma.MaskedArray):
        raise UsageError(f"The gradient of {block.name} is a masked array: fill what is masked.")
    framework = framework_of(leaf)
    try:
        array = np.asarray(leaf) if framework is None else framework.host(leaf)
    except (ValueError, TypeError):  # ragged, or a tracer
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "fciub":
        raise UsageError(
            f"The gradient of {block.name} is {what(leaf)}, and no array of numbers: "
            f"{instead(leaf) or 'return one number per parameter'}."
        )
    if array.shape != block.shape:
        if not (array.size == 1 and np.ndim(point.leaf(block.index)) == 0):
            return Misfit(np.array(array, dtype=np.result_type(array, np.float32)), block.shape)
        array = array.reshape(block.shape)
    return _in_field(array, block)


def _in_field(array: NDArray[Any], block: Block) -> NDArray[Any]:
    """Real gradients for real blocks, complex for complex ones; integers become floats."""
    is_complex = block.is_complex
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if is_complex and array.dtype.kind != "c":
        return array.astype(np.result_type(array.dtype, np.complex64))
    if array.dtype.kind == "c" and not is_complex:
        if np.any(array.imag):
            raise UsageError(
                f"{block.name} is real but its gradient is complex (largest imaginary part "
                f"{np.abs(array.imag).max():.3g}): return the real derivative."
            )
        return array.real
    return array
