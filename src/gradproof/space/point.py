"""The point of a check: its blocks, and private copies of it that can be moved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..records.block import Block
from ..records.direction import Direction, Part
from . import arrays, directions
from .tree import Tree, flatten


class Point:
    """The user's parameters, never written to: a tree, its blocks and what is left alone."""

    def __init__(self, point: Any) -> None:
        self.tree: Tree = flatten(point)
        self.left_alone: dict[str, str] = {}
        self._positions: list[int] = []
        blocks: list[Block] = []
        for position, (leaf, name) in enumerate(
            zip(self.tree.leaves, self.tree.names, strict=True)
        ):
            reason = arrays.differentiable(leaf, name)
            if reason:
                self.left_alone[name] = reason
                continue
            self._positions.append(position)
            blocks.append(_block(len(blocks), name, np.asarray(leaf)))
        if not blocks:
            raise UsageError(_nothing(self.left_alone))
        self.blocks: tuple[Block, ...] = tuple(blocks)

    def leaf(self, block: int) -> Any:
        """The user's own leaf."""
        return self.tree.leaves[self._positions[block]]

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
        array = np.asarray(self.leaf(block))
        shape = array.shape if array.dtype.kind != "c" else (*array.shape, 2)
        at = np.unravel_index(entry, shape)
        number = array[at] if array.dtype.kind != "c" else array[at[:-1]]
        if array.dtype.kind == "c":
            number = number.imag if at[-1] else number.real
        size = float(abs(number))
        return size if size > np.finfo(np.float64).tiny else self.blocks[block].scale

    def eps(self, block: int) -> float:
        """Spacing of 1.0 in the block's own precision."""
        return float(np.finfo(np.asarray(self.leaf(block)).dtype).eps)


class Working:
    """A private copy of the point that moves along one direction at a time.

    The user's function sees this copy and never the point itself, so whatever it does to its
    arguments cannot spoil the check. ``promote`` makes it double precision at least.
    """

    def __init__(self, point: Point, *, promote: bool) -> None:
        self.point = point
        self.copies: list[NDArray[Any]] = []
        for block in point.blocks:
            array = np.asarray(point.leaf(block.index))
            dtype = arrays.promoted(array.dtype) if promote else array.dtype
            self.copies.append(np.array(array, dtype=dtype, order="C"))

    def tree(self, *, fresh: bool = False) -> Any:
        """The tree to hand to the user's function: the copies as they are, or copies of them."""
        return self.point.assemble(
            arrays.as_given(copy.copy() if fresh else copy, self.point.leaf(i))
            for i, copy in enumerate(self.copies)
        )

    def changed(self) -> list[str]:
        """The names of blocks that somebody wrote into since the last move."""
        return [
            block.name
            for block in self.point.blocks
            if not _same(self.copies[block.index], np.asarray(self.point.leaf(block.index)))
        ]

    def restore(self) -> None:
        """Bring every block back to the point."""
        for block in self.point.blocks:
            self.copies[block.index][...] = self.point.leaf(block.index)

    def release(self) -> None:
        """Give the memory back."""
        self.copies.clear()

    def course(self, direction: Direction) -> Course:
        """The moves along one direction."""
        return Course(self, direction)

    def write(self, part: Part, vector: directions.Vector | None, t: float) -> None:
        """Set one block to the point plus ``t`` times its part of the direction."""
        copy, origin = self.copies[part.block], self.point.leaf(part.block)
        coordinates = copy.reshape(-1).view(arrays.real_dtype(copy.dtype))
        if vector is None:
            copy[...] = origin
            assert part.entry is not None
            coordinates[part.entry] += t * part.step
            return
        vector.displace(coordinates, t * part.step)
        np.add(copy, origin, out=copy)


class Course:
    """The moves of a working copy along one direction."""

    def __init__(self, working: Working, direction: Direction) -> None:
        self._working = working
        self.direction = direction
        self._vectors = [
            None
            if part.entry is not None
            else directions.vector(
                part, working.point.blocks[part.block].axes, direction.seed, direction.draw
            )
            for part in direction.parts
        ]

    def move(self, t: float) -> None:
        """Put the working copy at the point plus ``t`` times the direction."""
        for part, vector in zip(self.direction.parts, self._vectors, strict=True):
            self._working.write(part, vector, t)

    def back(self) -> None:
        """Bring the blocks that moved back to the point."""
        for part in self.direction.parts:
            origin = self._working.point.leaf(part.block)
            self._working.copies[part.block][...] = origin

    def along(self, gradient: Iterable[NDArray[Any]]) -> float:
        """The claimed derivative: inner product of a gradient's blocks with the direction."""
        gradients = list(gradient)
        total = 0.0
        for part, vector in zip(self.direction.parts, self._vectors, strict=True):
            coordinates = arrays.flat(gradients[part.block])
            if part.entry is not None:
                total += part.step * float(coordinates[part.entry])
            elif vector is not None:
                total += part.step * vector.dot(coordinates)
        return total

    def taken(self, t: float) -> float:
        """The displacement that really happens when ``t`` is asked for, at a lone coordinate."""
        part = self.direction.parts[0]
        copy = self._working.copies[part.block]
        entry = part.entry or 0
        vector = self._vectors[0]
        step = part.step if vector is None else part.step * vector.component(entry)
        origin = arrays.flat(np.asarray(self._working.point.leaf(part.block)))[entry]
        here = copy.dtype.type(origin).real
        return float((here + copy.real.dtype.type(t * step)) - here) / step


def _block(index: int, name: str, array: NDArray[Any]) -> Block:
    if not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise UsageError(
            f"{name} has {bad} of {array.size} entries that are not finite "
            f"({places(~np.isfinite(array))}): a gradient exists only at a finite point."
        )
    count = array.size * (2 if array.dtype.kind == "c" else 1)
    rms = arrays.norm(array) / count**0.5
    # A denormal number cannot be moved by a fraction of itself.
    scale = rms if rms > np.finfo(np.float64).tiny else 1.0
    return Block(index, name, array.shape, array.dtype.name, count, scale)


def places(chosen: NDArray[np.bool_]) -> str:
    """The first few chosen entries as a person writes them; ``value`` of a scalar."""
    if chosen.ndim == 0:
        return "its only value"
    found = np.argwhere(chosen)
    listed = ", ".join(str([int(i) for i in index]) for index in found[:3])
    return f"at {listed}" + (", …" if len(found) > 3 else "")


def _same(copy: NDArray[Any], origin: NDArray[Any]) -> bool:
    return bool((copy == origin).all())


def _nothing(left_alone: dict[str, str]) -> str:
    if not left_alone:
        return "The point holds no parameters at all: pass an array or a container of arrays."
    listed = "; ".join(f"{name} {reason}" for name, reason in list(left_alone.items())[:5])
    return f"Nothing in the point can be differentiated: {listed}. Pass floating-point arrays."
