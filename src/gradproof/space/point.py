"""The point of a check: its blocks, and private copies of it that can be moved."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.numpy import BACKEND as NUMPY
from ..backend.protocol import Backend, Drawn
from ..backend.registry import home
from ..errors import UsageError
from ..records.block import Block
from ..records.direction import Direction
from . import directions
from .arena import Arena
from .blocks import TINY, block_of, nothing
from .tree import ROOT, Tree, flatten

_FEW = 4096  # coordinates: a direction through so few is held in double precision


class Point:
    """The user's parameters, never written to: a tree, its blocks and what is left alone.

    ``leave(leaf)`` may give a reason to leave a leaf alone that could be differentiated;
    ``root`` is what the whole is called in the names of the blocks, ``tree`` the point if it was
    flattened before.
    """

    @np.errstate(over="ignore", invalid="ignore")  # of a norm on the way
    def __init__(
        self,
        point: Any,
        leave: Callable[[Any], str] | None = None,
        root: str = ROOT,
        tree: Tree | None = None,
    ) -> None:
        self.root = root
        self.tree = flatten(point, root) if tree is None else tree
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
            blocks.append(block_of(len(blocks), name, library, leaf))
        if not blocks:
            raise UsageError(nothing(self.left_alone))
        self.blocks: tuple[Block, ...] = tuple(blocks)
        self.least: Mapping[int, float] = {}  # the step of an entry of a rescaled block

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Where the real coordinates of each block are, if all lie one after the other."""
        found, begin = [], 0
        for block in self.blocks:
            found.append(slice(begin, begin + block.count))
            begin += block.count
        return tuple(found)

    @cached_property
    def count(self) -> int:
        """Real coordinates of all blocks."""
        return sum([block.count for block in self.blocks])

    def at(self, tree: Any) -> Point:
        """The same blocks at another place; ``tree`` is like the point."""
        kept = {id(leaf) for leaf in (flatten(tree).leaves[p] for p in self._positions)}
        return Point(tree, lambda leaf: "" if id(leaf) in kept else "is left alone", self.root)

    def rescaled(self, scales: Mapping[int, float]) -> Point:
        """The same point, some of whose blocks are moved as if they were larger."""
        made = copy.copy(self)
        made.blocks = tuple([b.of_scale(scales.get(b.index, b.scale)) for b in self.blocks])
        made.least = dict(scales)
        return made

    def leaf(self, block: int) -> Any:
        """The user's own leaf."""
        return self.tree.leaves[self._positions[block]]

    def home(self, block: int) -> Backend:
        """The array library of a block."""
        return self._homes[block]

    @property
    def library(self) -> Backend:
        """The framework of the first block that belongs to one, else NumPy."""
        return next((home for home in self._homes if home is not NUMPY), self._homes[0])

    @contextmanager
    def session(self) -> Iterator[None]:
        """Around a whole check: the session of every library that is met.

        NumPy is silent: what is not finite is part of the answer.
        """
        with ExitStack() as stack:
            stack.enter_context(np.errstate(all="ignore"))
            for library in dict.fromkeys(self._homes):
                stack.enter_context(library.session())
            yield

    def host(self, block: int) -> NDArray[Any]:
        """The numbers of a block in NumPy."""
        return self._homes[block].host(self.leaf(block))

    def path(self, block: int) -> tuple[Any, ...]:
        """The keys that lead to a block."""
        return self.tree.paths[self._positions[block]]

    def assemble(self, leaves: Sequence[Any]) -> Any:
        """The user's tree with other leaves in the places of the blocks."""
        if len(self._positions) == len(self.tree.leaves):
            return self.tree.unflatten(leaves)
        everything = list(self.tree.leaves)
        for position, leaf in zip(self._positions, leaves, strict=True):
            everything[position] = leaf
        return self.tree.unflatten(everything)

    def entry_scale(self, block: int, entry: int) -> float:
        """The magnitude of one real coordinate; the block's scale where that is zero."""
        size = max(abs(self.coordinate(block, entry)), self.least.get(block, 0.0))
        return size if size > TINY else self.blocks[block].scale

    def spread(self, block: int) -> float:
        """How many times larger the largest real coordinate is than the smallest, as scales go."""
        array = np.ascontiguousarray(self.host(block))
        parts = array.view(array.real.dtype) if array.dtype.kind == "c" else array
        scale = self.blocks[block].scale
        sizes = [abs(float(x)) for x in parts.reshape(-1).tolist()]  # few: NumPy takes longer
        least = self.least.get(block, 0.0)
        sizes = [max(size, least) if size > TINY else scale for size in sizes]
        return max(sizes) / min(sizes)

    def coordinate(self, block: int, entry: int) -> float:
        """One real coordinate."""
        array = self.host(block)
        if array.dtype.kind != "c":
            return float(array[np.unravel_index(entry, array.shape)])
        number = array[np.unravel_index(entry // 2, array.shape)]
        return float(number.imag if entry % 2 else number.real)

    def eps(self, block: int) -> float:
        """Spacing of 1.0 in the block's own precision."""
        return arrays.eps(self.blocks[block].dtype)


class Working:
    """A private copy of the point that moves along one direction at a time.

    The user's function sees this copy and never the point itself, so whatever it does to its
    arguments cannot spoil the check. ``promote`` makes it double precision at least.
    """

    def __init__(self, point: Point, *, promote: bool) -> None:
        self.point = point
        self.recording = False  # whether the user's function differentiates itself
        self._homes = [point.home(block.index) for block in point.blocks]
        self._origins = [point.leaf(block.index) for block in point.blocks]
        pairs = list(zip(self._homes, self._origins, strict=True))
        self.arena = Arena(self._origins) if Arena.fits(self._origins, promote=promote) else None
        self.copies: list[Any] = (
            list(self.arena.views)
            if self.arena
            else [library.copy(leaf, promote=promote) for library, leaf in pairs]
        )
        # Most are handed out as they are: no work at each evaluation.
        self._dressed = [
            i
            for i, (library, leaf) in enumerate(pairs)
            if library.given(self.copies[i], leaf) is not self.copies[i]
        ]

    def tree(self, *, fresh: bool = False) -> Any:
        """The tree to hand to the user's function: the copies as they are, or copies of them."""
        ready = not (fresh or self._dressed)
        return self.point.assemble(self.copies if ready else self.leaves(fresh=fresh))

    def leaves(self, *, fresh: bool = False) -> list[Any]:
        """The blocks of that tree."""
        given = list(self.copies)
        for i in range(len(given)) if fresh else self._dressed:
            library = self._homes[i]
            handed = library.copy(given[i], promote=False) if fresh else given[i]
            given[i] = library.given(handed, self._origins[i], recording=self.recording)
        return given

    def changed(self) -> list[str]:
        """The names of blocks that somebody wrote into since the last move."""
        if self.arena is not None and self.arena.same():
            return []
        triples = zip(self._homes, self.copies, self._origins, strict=True)
        same = [library.same(copy, origin) for library, copy, origin in triples]
        return [block.name for block in self.point.blocks if not same[block.index]]

    def restore(self) -> None:
        """Bring every block back to the point."""
        if self.arena is not None:
            self.arena.restore()
            return
        for block in range(len(self.copies)):
            self.back(block)

    def back(self, block: int) -> None:
        """Bring one block back to the point."""
        place = self._homes[block].mover(self.copies[block], self._origins[block])
        self.copies[block] = place(0.0)

    def mover(self, block: int, drawn: Drawn) -> Callable[[float], Any]:
        """What places the copy of one block along a direction."""
        return self._homes[block].mover(self.copies[block], self._origins[block], drawn)

    def release(self) -> None:
        """Give the memory back."""
        self.arena = None
        self.copies.clear()

    def line(self, direction: Direction) -> Line:
        """The moves along one direction."""
        return Line(self, direction)


class Line:
    """The moves of a working copy along one direction."""

    def __init__(self, working: Working, direction: Direction) -> None:
        self._working = working
        self.direction = direction
        blocks = working.point.blocks
        self._vectors = [
            directions.vector(part, blocks[part.block].axes, direction.seed, direction.draw)
            for part in direction.parts
        ]
        self._moves: list[tuple[int, float, Callable[[float], Any]]] = []
        self._together: Callable[[float], None] | None = None  # of all blocks in an arena
        self.values: dict[float, tuple[Any, ...]] = {}  # what was evaluated along it, by step

    def move(self, t: float) -> None:
        """Put the working copy at the point plus ``t`` times the direction."""
        copies, moves = self._working.copies, self._moves or self.ready()
        if self._together is not None:
            self._together(t)
            return
        for block, step, place in moves:
            copies[block] = place(t * step)

    def ready(self) -> list[tuple[int, float, Callable[[float], Any]]]:
        """One function for each block; made at the first move, since claims need none.

        None where one moves all of them, or most.
        """
        self._moves.clear()
        arena, parts = self._working.arena, self.direction.parts
        if arena is not None and 2 * len(parts) >= len(arena.views):
            if self._together is None:
                self._together = arena.mover(self.dense)
            return self._moves
        for part, vector in zip(self.direction.parts, self._vectors, strict=True):
            place = self._working.mover(part.block, vector)
            self._moves.append((part.block, part.step, place))
        return self._moves

    def back(self) -> None:
        """Bring the blocks that moved back to the point."""
        if self._together is not None:
            self._working.restore()
            return
        for part in self.direction.parts:
            self._working.back(part.block)

    @cached_property
    def dense(self) -> NDArray[np.float64]:
        """The direction through all blocks, one after the other."""
        point = self._working.point
        numbers = np.zeros(point.count)
        for part, vector in zip(self.direction.parts, self._vectors, strict=True):
            vector.displace(numbers[point.slices[part.block]], part.step)
        return numbers

    def along(
        self, gradient: Sequence[NDArray[Any]], whole: NDArray[np.float64] | None = None
    ) -> float:
        """The claimed derivative: inner product of a gradient's blocks with the direction.

        ``whole`` has them one after the other, where they are small.
        """
        if whole is not None and len(self._vectors) > 1:
            return float(whole @ self.dense)
        total = 0.0
        for part, vector in zip(self.direction.parts, self._vectors, strict=True):
            total += part.step * vector.dot(arrays.flat(gradient[part.block]))
        return total

    def tangents(self) -> list[Any]:
        """The direction itself, block by block, in the types of the blocks; zero elsewhere."""
        point, copies = self._working.point, self._working.copies
        if point.count <= _FEW:
            pairs = zip(point.blocks, point.slices, copies, strict=True)
            return [
                point.home(b.index).given(
                    point.home(b.index).array(self.dense[part].copy(), copy), point.leaf(b.index)
                )
                for b, part, copy in pairs
            ]
        found = [
            point.home(b.index).array(np.zeros(b.count), copy)
            for b, copy in zip(point.blocks, copies, strict=True)
        ]
        for part, vector in zip(self.direction.parts, self._vectors, strict=True):
            library = point.home(part.block)
            room = library.copy(copies[part.block], promote=False)
            found[part.block] = library.mover(room, found[part.block], vector)(part.step)
        return [point.home(i).given(tangent, point.leaf(i)) for i, tangent in enumerate(found)]

    def taken(self, t: float) -> float:
        """The displacement that really happens when ``t`` is asked for, at a lone coordinate."""
        part, vector, point = self.direction.parts[0], self._vectors[0], self._working.point
        entry, library = part.entry or 0, point.home(part.block)
        dtype = library.dtype(self._working.copies[part.block])
        step = part.step * vector.component(entry)
        if dtype == "float64":  # Python's own numbers
            at = point.coordinate(part.block, entry)
            return ((at + t * step) - at) / step
        here = arrays.rounded(dtype, point.coordinate(part.block, entry))
        there = arrays.rounded(dtype, here + arrays.rounded(dtype, t * step))
        apart = np.subtract(there, here, dtype=np.result_type(there, np.float64))
        return float(apart) / step


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, int | float | complex) or leaf is None
