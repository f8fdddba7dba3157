"""A claimed Hessian as the Jacobian of a claimed gradient: of any layout, sparse or an operator.

Everything here counts the coordinates of all blocks in a row, ``N`` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.protocol import Backend
from ..backend.registry import framework_of, home
from ..errors import UsageError
from ..judge.thresholds import T
from ..naming import what
from ..records.block import Block
from ..space.point import Point
from ..space.tree import beginnings, leaves, lookup
from . import claim as claims

Array = NDArray[np.float64]

# What can be looked at entry by entry is held as a dense matrix.
_DENSE = 2000

# A product that is linear gives this multiple of itself exactly: a power of two.
MULTIPLE = -0.5

_GROUPS = 8  # outputs that are looked at one by one (see outputs.py)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A claimed Hessian at one point.

    ``dense`` has its entries, where they are known and not too many; ``stored`` says which of
    them a sparse matrix holds. ``absent`` are pairs of blocks of which nothing is claimed.
    """

    dot: Callable[[Array], Array]
    transposed: Callable[[Array], Array]
    dense: Array | None = None
    stored: NDArray[np.bool_] | None = None
    absent: tuple[tuple[int, int], ...] = ()


def spans(point: Point) -> list[slice]:
    """Where each block stands among all coordinates."""
    ends = np.cumsum([0, *[block.count for block in point.blocks]]).tolist()
    return [slice(*pair) for pair in pairwise(ends)]


def flat(parts: Sequence[Any]) -> Array:
    """All coordinates in a row."""
    return np.concatenate([arrays.flat(np.asarray(p)).astype(np.float64) for p in parts])


def split(point: Point, row: Array) -> list[Array]:
    """The blocks of a row of all coordinates."""
    return [row[s].reshape(b.shape) for b, s in zip(point.blocks, spans(point), strict=True)]


def matrix(point: Point, raw: Any, name: str = "hess") -> Matrix:
    """A Hessian of any layout: one array, a tree of trees, a sparse matrix or an operator.

    Raises ``UsageError`` where its shape does not fit the point.
    """
    size = sum(block.count for block in point.blocks)
    if hasattr(raw, "tocsr"):
        _fits(raw.shape, size, point, name)
        return _sparse(raw, size)
    if hasattr(raw, "matvec") and not isinstance(raw, np.ndarray):
        _fits(raw.shape, size, point, name)
        return Matrix(raw.matvec, _adjoint(raw))
    if isinstance(raw, np.ma.MaskedArray):
        raise UsageError(f"{name} is a masked array: fill what is masked.")
    whole = _array(raw)
    if raw is None or isinstance(raw, str) or (whole is None and point.tree.paths == ((),)):
        said = repr(raw) if isinstance(raw, str) else what(raw)
        raise UsageError(f"{name} is {said}: a matrix of shape {(size, size)} is needed.")
    if whole is not None:
        _fits(whole.shape, size, point, name)
        return _of(_numbers(whole, name).reshape(size, size))
    return _nested(point, raw, size, name)


def _of(dense: Array, absent: tuple[tuple[int, int], ...] = ()) -> Matrix:
    return Matrix(lambda v: dense @ v, lambda u: dense.T @ u, dense, None, absent)


def _adjoint(operator: Any) -> Callable[[Array], Array]:
    """The product with the transposed, which for a Hessian is the product itself."""

    def product(u: Array) -> Array:
        try:
            return np.asarray(operator.rmatvec(u))
        except (NotImplementedError, AttributeError, TypeError):
            return np.asarray(operator.matvec(u))

    return product


def _sparse(raw: Any, size: int) -> Matrix:
    rows = raw.tocsr()
    if size > _DENSE:
        return Matrix(lambda v: rows @ v, lambda u: rows.T @ u)
    dense = np.asarray(rows.toarray(), np.float64)
    stored = np.zeros((size, size), bool)
    stored[raw.tocoo().coords if hasattr(raw.tocoo(), "coords") else raw.nonzero()] = True
    return Matrix(lambda v: dense @ v, lambda u: dense.T @ u, dense, stored)


def _array(raw: Any) -> Any:
    """One array of numbers, or None where it is a container of several."""
    if framework_of(raw) is not None:
        return home(raw).host(raw)
    if isinstance(raw, np.ndarray | np.generic | int | float):
        return np.asarray(raw)
    if isinstance(raw, list | tuple) and _nests(raw):
        try:
            return np.asarray(raw, np.float64)
        except (TypeError, ValueError):
            return None
    return None


def _nests(raw: Any) -> bool:
    """Nested lists of numbers."""
    if isinstance(raw, list | tuple):
        return bool(raw) and all(map(_nests, raw))
    return isinstance(raw, int | float | np.generic)


def _numbers(array: Any, name: str) -> Array:
    if array.dtype.kind not in "fiub":
        raise UsageError(f"{name} must hold real numbers, but is of type {array.dtype}.")
    return np.array(array, np.float64)


def _fits(shape: tuple[int, ...], size: int, point: Point, name: str) -> None:
    wanted: set[tuple[int, ...]] = {(size, size)}
    if len(point.blocks) == 1:
        shape_of = point.blocks[0].shape
        wanted.add((*shape_of, *shape_of))
    if tuple(shape) not in wanted:
        listed = " or ".join(map(str, sorted(wanted, key=len)))
        raise UsageError(
            f"{name} has shape {tuple(shape)}, but the Hessian of {size} parameters has shape "
            f"{listed}: one row and one column for each of them."
        )


def _nested(point: Point, raw: Any, size: int, name: str) -> Matrix:
    """A tree of trees, ``hess['beta']['alpha']`` of the shape of beta followed by that of alpha."""
    dense = np.zeros((size, size))
    known = beginnings(point.tree.paths)
    absent = []
    for a, rows in zip(point.blocks, spans(point), strict=True):
        for b, columns in zip(point.blocks, spans(point), strict=True):
            try:
                leaf = lookup(lookup(raw, point.path(a.index), known), point.path(b.index), known)
            except KeyError:
                leaf = None
            if leaf is None:
                absent.append((a.index, b.index))
                continue
            dense[rows, columns] = _pair(leaf, a, b, name)
    if len(absent) == len(point.blocks) ** 2:
        raise UsageError(
            f"{name} has no entry for any pair of parameters; it is {what(raw)}. "
            f"Return an array of shape {(size, size)}, or a container of containers like the "
            "point."
        )
    return _of(dense, tuple(absent))


def _pair(leaf: Any, a: Block, b: Block, name: str) -> Array:
    leaf = leaf.toarray() if hasattr(leaf, "tocsr") else leaf
    array = np.asarray(home(leaf).host(leaf) if framework_of(leaf) is not None else leaf)
    wanted = (*a.shape, *b.shape)
    if array.shape not in (wanted, (a.count, b.count)):
        raise UsageError(
            f"{pair_name(a, b, name)} has shape {array.shape}, but the shape of {a.name} followed "
            f"by that of {b.name} is {wanted}."
        )
    return _numbers(array, name).reshape(a.count, b.count)


def pair_name(a: Block, b: Block, name: str = "hess") -> str:
    """What a pair of blocks is called; a lone one gives the whole."""
    return f"{name}[{a.name}, {b.name}]"


@dataclass(slots=True)
class Hessian:
    """``hess(point, *args)`` as products with cotangents; the last matrix is remembered."""

    point: Point
    given: Any
    last: tuple[Any, Matrix] | None = None
    mutates: bool = False

    def at(self, params: Any, *args: Any, **kwargs: Any) -> Matrix:
        """The matrix at one place."""
        if not self.moves:
            self.last = self.last or (None, matrix(self.point, self.given))
            return self.last[1]
        key = tuple(leaf.tobytes() for leaf in _hosts(self.point, params))
        if self.last is None or self.last[0] != key:
            given = tree_of_copies(self.point, params)
            self.last = key, matrix(self.point, self.given(given, *args, **kwargs))
            after = tuple(leaf.tobytes() for leaf in _hosts(self.point, given))
            self.mutates = self.mutates or after != key
        return self.last[1]

    @property
    def moves(self) -> bool:
        """Whether it is a function, and known at other points too."""
        return callable(self.given) and not hasattr(self.given, "matvec")


def _leaves(point: Point, params: Any) -> Iterator[Any]:
    """The blocks of a tree like the point."""
    known = beginnings(point.tree.paths)
    for block in point.blocks:
        yield lookup(params, point.path(block.index), known)


def _hosts(point: Point, params: Any) -> Iterator[NDArray[Any]]:
    """The same in NumPy."""
    for leaf in _leaves(point, params):
        yield np.asarray(home(leaf).host(leaf))


def tree_of_copies(point: Point, params: Any) -> Any:
    """The same tree, with arrays of NumPy that may be written into."""
    found = list(_leaves(point, params))
    copies = [np.array(leaf) if type(leaf) is np.ndarray else leaf for leaf in found]
    return point.assemble(copies)


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a Hessian are read: in groups of blocks, each row times its weight.

    So no row hides behind a larger one, nor a block behind another.
    """

    point: Point
    weights: Array
    groups: tuple[tuple[int, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Blocks beyond the eighth share a group with their neighbours."""
        found = np.array_split(np.arange(len(self.point.blocks)), min(self._count, _GROUPS))
        object.__setattr__(self, "groups", tuple(tuple(g.tolist()) for g in found))

    @property
    def _count(self) -> int:
        return len(self.point.blocks)

    def read(self, row: Array) -> tuple[Array, ...]:
        """The groups of a weighted gradient, one output each."""
        weighted, places = row * self.weights, spans(self.point)
        return tuple(weighted[places[g[0]].start : places[g[-1]].stop] for g in self.groups)

    def back(self, outputs: Sequence[Any]) -> Array:
        """What cotangents of the groups are for the gradient."""
        return flat(outputs) * self.weights


def weights(point: Point, claimed: Array | None) -> Array:
    """One over the size of each row, a power of two, within limits; a zero row counts as median."""
    size = sum(block.count for block in point.blocks)
    scales = np.concatenate([np.full(b.count, b.scale) for b in point.blocks])
    if claimed is None or not np.isfinite(claimed).all() or not claimed.any():
        return np.ones(size)
    norms = np.linalg.norm(claimed * scales, axis=1)
    norms[norms == 0] = np.median(norms[norms > 0])
    sizes = np.log2(np.maximum(norms, T.small_row * norms.max()))
    return np.asarray(np.exp2(-np.round(sizes)), np.float64)


def row_of(point: Point, raw: Any, name: str = "hessp") -> Array:
    """A product with a vector, which is like the point; all coordinates in a row."""
    if raw is None:
        raise UsageError(f"{name} returned None: return the product, of the shape of the vector.")
    found = claims.match(point, raw)
    for index, misfit in found.misfits.items():
        block = point.blocks[index]
        raise UsageError(
            f"{name} returned an array of shape {misfit.array.shape} for {block.name}, but the "
            f"vector has shape {block.shape}: their shapes are the same."
        )
    return flat(found.gradients)


@dataclass(frozen=True, slots=True)
class OwnGradient:
    """A framework's own gradient of ``fun``, where the user has none."""

    framework: Backend
    point: Point
    fun: Callable[..., Any]

    def __call__(self, params: Any, *args: Any, **kwargs: Any) -> Any:
        """The gradient as a tree like the point."""

        def call(moved: Sequence[Any]) -> Sequence[Any]:
            return leaves(self.fun(self.point.assemble(moved), *args, **kwargs))

        blocks = list(_leaves(self.point, params))
        back = self.framework.vjp(call, blocks, twice=True)
        ones = [home(o).array(np.ones(int(np.prod(np.shape(o)))), o) for o in back.outputs]
        found = back.last(ones)
        triples = zip(found, blocks, self.point.blocks, strict=True)
        return self.point.assemble([
            home(x).array(np.zeros(b.count), x) if g is None else g for g, x, b in triples
        ])  # fmt: skip


def gradient_of(point: Point, grad: Any, fun: Any) -> Callable[..., Array]:
    """The claimed gradient as a function that returns one row of all coordinates."""

    def gradient(params: Any, *args: Any, **kwargs: Any) -> Array:
        raw = fun(params, *args, **kwargs)[1] if grad is True else grad(params, *args, **kwargs)
        return flat(claims.match(point, raw).gradients)

    return gradient
