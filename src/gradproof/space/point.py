"""The point of a check: its blocks, and private copies of it that can be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.protocol import Backend, home
from ..errors import UsageError
from ..records.block import Block
from ..records.direction import Direction, Part
from . import directions
from .tree import ROOT, Tree, flatten


class Point:
    """The user's parameters, never written to: a tree, its blocks and what is left alone.

    ``leave(leaf)`` may give a reason to leave a leaf alone that could be differentiated;
    ``root`` is what the whole is called in the names of the blocks.
    """

    def __init__(
        self, point: Any, leave: Callable[[Any], str] | None = None, root: str = ROOT
    ) -> None:
        self.root = root
        self.tree: Tree = flatten(point, root)
        self.left_alone: dict[str, str] = {}
        self._positions: list[int] = []
        self._homes: list[Backend] = []
        blocks: list[Block] = []
        for position, (leaf, name) in enumerate(
            zip(self.tree.leaves, self.tree.names, strict=True)
        ):
            library = home(leaf)
            reason = leave(leaf) if leave else ""
            if position in self.tree.inside and not (hasattr(leaf, "dtype") or _is_number(leaf)):
                reason = "is no array"  # modules hold functions and settings too
            reason = reason or library.differentiable(leaf, name)
            if reason:
                self.left_alone[name] = reason
                continue
            self._positions.append(position)
            self._homes.append(library)
            blocks.append(_block(len(blocks), name, library, leaf))
        if not blocks:
            raise UsageError(_nothing(self.left_alone))
        self.blocks: tuple[Block, ...] = tuple(blocks)

    def at(self, tree: Any) -> Point:
        """The same blocks at another place; ``tree`` is like the point."""
        kept = {id(leaf) for leaf in (flatten(tree).leaves[p] for p in self._positions)}
        return Point(tree, lambda leaf: "" if id(leaf) in kept else "is left alone", self.root)

    def leaf(self, block: int) -> Any:
        """The user's own leaf."""
        return self.tree.leaves[self._positions[block]]

    def home(self, block: int) -> Backend:
        """The array library of a block."""
        return self._homes[block]

    @property
    def library(self) -> Backend:
        """The framework of the first block that belongs to one, else NumPy."""
        return next((home for home in self._homes if home.name != "numpy"), self._homes[0])

    @contextmanager
    def session(self) -> Iterator[None]:
        """Around a whole check: the session of every library that is met."""
        with ExitStack() as stack:
            for library in dict.fromkeys(self._homes):
                stack.enter_context(library.session())
            yield

    def host(self, block: int) -> NDArray[Any]:
        """The numbers of a block in NumPy."""
        return self._homes[block].host(self.leaf(block))

    def path(self, block: int) -> tuple[Any, ...]:
        """The keys that lead to a block."""
        return self.tree.paths[self._positions[block]]

    def assemble(self, leaves: Iterable[Any]) -> Any:
        """The user's tree with other leaves in the places of the blocks."""
        everything = list(self.tree.leaves)
        for position, leaf in zip(self._positions, leaves, strict=True):
            everything[position] = leaf
        return self.tree.unflatten(everything)

    def entry_scale(self, block: int, entry: int) -> float:
        """The magnitude of one real coordinate; the block's scale where that is zero."""
        size = abs(self.coordinate(block, entry))
        return size if size > np.finfo(np.float64).tiny else self.blocks[block].scale

    def coordinate(self, block: int, entry: int) -> float:
        """One real coordinate."""
        array = self.host(block)
        if array.dtype.kind != "c":
            return float(array[np.unravel_index(entry, array.shape)])
        number = array[np.unravel_index(entry // 2, array.shape)]
        return float(number.imag if entry % 2 else number.real)

    def eps(self, block: int) -> float:
        """Spacing of 1.0 in the block's own precision."""
        return self._homes[block].eps(self.leaf(block))


class Working:
    """A private copy of the point that moves along one direction at a time.

    The user's function sees this copy and never the point itself, so whatever it does to its
    arguments cannot spoil the check. ``promote`` makes it double precision at least.
    """

    def __init__(self, point: Point, *, promote: bool) -> None:
        self.point = point
        self.recording = False  # whether the user's function differentiates itself
        self.copies: list[Any] = [
            point.home(block.index).copy(point.leaf(block.index), promote=promote)
            for block in point.blocks
        ]

    def tree(self, *, fresh: bool = False) -> Any:
        """The tree to hand to the user's function: the copies as they are, or copies of them."""
        return self.point.assemble(self.leaves(fresh=fresh))

    def leaves(self, *, fresh: bool = False) -> list[Any]:
        """The blocks of that tree."""
        given = []
        for i, copy in enumerate(self.copies):
            library = self.point.home(i)
            handed = library.copy(copy, promote=False) if fresh else copy
            given.append(library.given(handed, self.point.leaf(i), recording=self.recording))
        return given

    def changed(self) -> list[str]:
        """The names of blocks that somebody wrote into since the last move."""
        return [
            block.name
            for block in self.point.blocks
            if not self.point.home(block.index).same(
                self.copies[block.index], self.point.leaf(block.index)
            )
        ]

    def restore(self) -> None:
        """Bring every block back to the point."""
        for block in self.point.blocks:
            self.back(block.index)

    def back(self, block: int) -> None:
        """Bring one block back to the point."""
        library, origin = self.point.home(block), self.point.leaf(block)
        self.copies[block] = library.restore(self.copies[block], origin)

    def release(self) -> None:
        """Give the memory back."""
        self.copies.clear()

    def line(self, direction: Direction) -> Line:
        """The moves along one direction."""
        return Line(self, direction)

    def write(self, part: Part, placed: Any, t: float) -> None:
        """Set one block to the point plus ``t`` times its part of the direction."""
        library, origin = self.point.home(part.block), self.point.leaf(part.block)
        copy = self.copies[part.block]
        if part.entry is not None:
            moved = library.move_entry(copy, origin, part.entry, t * part.step)
        else:
            moved = library.move(copy, origin, placed, t * part.step)
        self.copies[part.block] = moved


class Line:
    """The moves of a working copy along one direction."""

    def __init__(self, working: Working, direction: Direction) -> None:
        self._working = working
        self.direction = direction
        point = working.point
        self._vectors = [
            None
            if part.entry is not None
            else directions.vector(
                part, point.blocks[part.block].axes, direction.seed, direction.draw
            )
            for part in direction.parts
        ]
        self._placed = [
            None
            if vector is None
            else point.home(part.block).direction(vector, working.copies[part.block])
            for part, vector in zip(direction.parts, self._vectors, strict=True)
        ]

    def move(self, t: float) -> None:
        """Put the working copy at the point plus ``t`` times the direction."""
        for part, placed in zip(self.direction.parts, self._placed, strict=True):
            self._working.write(part, placed, t)

    def back(self) -> None:
        """Bring the blocks that moved back to the point."""
        for part in self.direction.parts:
            self._working.back(part.block)

    def along(self, gradient: Sequence[NDArray[Any]]) -> float:
        """The claimed derivative: inner product of a gradient's blocks with the direction."""
        total = 0.0
        for part, vector in zip(self.direction.parts, self._vectors, strict=True):
            coordinates = arrays.flat(gradient[part.block])
            if part.entry is not None:
                total += part.step * float(coordinates[part.entry])
            elif vector is not None:
                total += part.step * vector.dot(coordinates)
        return total

    def tangents(self) -> list[Any]:
        """The direction itself, block by block, in the types of the blocks; zero elsewhere."""
        point, found = self._working.point, []
        parts = {part.block: k for k, part in enumerate(self.direction.parts)}
        for i, copy in enumerate(self._working.copies):
            library = point.home(i)
            nothing = library.constant(copy, 0)
            if i in parts:
                part, placed = self.direction.parts[parts[i]], self._placed[parts[i]]
                if part.entry is not None:
                    nothing = library.move_entry(nothing, nothing * 1, part.entry, part.step)
                else:
                    nothing = library.move(nothing, nothing * 1, placed, part.step)
            found.append(library.given(nothing, point.leaf(i)))
        return found

    def taken(self, t: float) -> float:
        """The displacement that really happens when ``t`` is asked for, at a lone coordinate."""
        part = self.direction.parts[0]
        point, copy = self._working.point, self._working.copies[part.block]
        entry, vector = part.entry or 0, self._vectors[0]
        step = part.step if vector is None else part.step * vector.component(entry)
        rounded = point.home(part.block).rounded
        here = rounded(copy, point.coordinate(part.block, entry))
        there = rounded(copy, here + rounded(copy, t * step))
        return float(there - here) / step


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, int | float | complex) or leaf is None


def _block(index: int, name: str, library: Backend, leaf: Any) -> Block:
    array = library.host(leaf)
    count = array.size * (2 if array.dtype.kind == "c" else 1)
    norm = arrays.norm(array)
    if not np.isfinite(norm) and not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise UsageError(
            f"{name} has {bad} of {array.size} entries that are not finite "
            f"({places(~np.isfinite(array))}): a gradient exists only at a finite point."
        )
    rms = norm / count**0.5
    # A denormal number cannot be moved by a fraction of itself.
    scale = rms if rms > np.finfo(np.float64).tiny else 1.0
    return Block(index, name, array.shape, library.dtype(leaf), count, scale)


def places(chosen: NDArray[np.bool_]) -> str:
    """The first few chosen entries as a person writes them; ``value`` of a scalar."""
    if chosen.ndim == 0:
        return "its only value"
    found = np.argwhere(chosen)
    listed = ", ".join(str([int(i) for i in index]) for index in found[:3])
    return f"at {listed}" + (", …" if len(found) > 3 else "")


def _nothing(left_alone: dict[str, str]) -> str:
    if not left_alone:
        return "The point holds no parameters at all: pass an array or a container of arrays."
    listed = "; ".join(f"{name} {reason}" for name, reason in list(left_alone.items())[:5])
    return f"Nothing in the point can be differentiated: {listed}. Pass floating-point arrays."
