"""Parameters, and gradients claimed for them, as one vector."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..space import tree as trees

Vector = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A block, and where it lies in theta."""

    leaf: int
    name: str
    path: tuple[Any, ...]
    array: Vector
    where: slice


def ravel(params: Any) -> tuple[Vector, Callable[[Any], Any]]:
    """Write any nested parameters as one vector, and return the way back.

    The general form of the article's ``dictionary_to_vector`` and ``vector_to_dictionary``:
    blocks in the order of ``params``, each row by row.

    Parameters
    ----------
    params : pytree
        Nested dicts, lists, tuples, registered dataclasses; NumPy arrays and Python numbers.

    Returns
    -------
    theta : vector
        A copy, in the smallest dtype that holds all blocks (float64 where there are Python
        floats). A complex block enters as real and imaginary parts, side by side. Integers,
        booleans, strings and ``None`` do not enter: they cannot be differentiated.
    unravel : callable
        ``unravel(vector)`` returns ``params`` with the numbers of the vector: fresh arrays of
        the original shapes and dtypes, Python floats as floats, and what did not enter as it
        was. It raises `UsageError` where the vector has another length or is not real.

    Raises
    ------
    UsageError
        Where a leaf is an array of another library, or holds objects.
    """
    tree = trees.flatten(params)
    stretches = _stretches(tree)
    theta = _join([_as_real(part.array, part) for part in stretches])

    def unravel(vector: Any) -> Any:
        numbers = np.asarray(vector)
        if numbers.shape != theta.shape or numbers.dtype.kind not in "fiu":
            raise UsageError(
                f"unravel takes a vector of {theta.size} real numbers, "
                f"not shape {numbers.shape} and dtype {numbers.dtype}."
            )
        leaves = [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in tree.leaves]
        for part in stretches:
            leaves[part.leaf] = _restored(numbers[part.where], part, tree.leaves[part.leaf])
        return tree.unflatten(leaves)

    return theta, unravel


def gradients_to_vector(gradients: Any, params: Any) -> Vector:
    """Write claimed gradients as one vector, in the order of ``ravel(params)``.

    Parameters
    ----------
    gradients : pytree
        Nested like ``params``. A mapping may say ``dW1`` for ``W1``, and may hold more than
        is asked. For a complex block ``z = x + iy`` the gradient is ``∂J/∂x + i ∂J/∂y``.

    Raises
    ------
    UsageError
        Where an entry is missing, or has another shape, or is complex for a real block, or
        is not a number.
    """
    tree = trees.flatten(params)
    known = trees.beginnings(tree.paths)
    return _join([_claimed(gradients, part, known) for part in _stretches(tree)])


def _claimed(gradients: Any, part: _Stretch, known: frozenset[tuple[Any, ...]]) -> Vector:
    try:
        claimed = np.asarray(trees.lookup(gradients, part.path, known))
    except KeyError:
        key = part.path[-1]
        either = f" under {key!r} or {'d' + key!r}" if isinstance(key, str) else " in its place"
        raise UsageError(f"{part.name} has no gradient: return one{either}.") from None
    if claimed.dtype.kind not in "fciu":
        raise UsageError(
            f"{part.name} has a gradient that is not numeric (dtype {claimed.dtype}): "
            f"return an array of shape {part.array.shape}."
        )
    if claimed.shape != part.array.shape:
        raise UsageError(
            f"{part.name} has shape {part.array.shape} and its gradient has shape {claimed.shape}: "
            "return one number for each entry."
        )
    if np.iscomplexobj(claimed) and not np.iscomplexobj(part.array):
        raise UsageError(f"{part.name} is real and its gradient is complex: return its real part.")
    return _as_real(claimed, part)


def _stretches(tree: trees.Tree) -> list[_Stretch]:
    stretches = []
    start = 0
    for index, (leaf, name, path) in enumerate(
        zip(tree.leaves, tree.names, tree.paths, strict=True)
    ):
        if _enters(leaf, name):
            array = np.asarray(leaf)
            stop = start + array.size * (2 if np.iscomplexobj(array) else 1)
            stretches.append(_Stretch(index, name, path, array, slice(start, stop)))
            start = stop
    return stretches


def _enters(leaf: Any, name: str) -> bool:
    """Whether a leaf is made of real or complex numbers."""
    if isinstance(leaf, np.ndarray | np.generic):
        if leaf.dtype.kind in "OV":
            raise UsageError(f"{name} has dtype {leaf.dtype}: convert it to an array of floats.")
        return leaf.dtype.kind in "fc"
    if hasattr(leaf, "__array__"):
        kind = f"{type(leaf).__module__.partition('.')[0]}.{type(leaf).__name__}"
        raise UsageError(
            f"{name} is a {kind}: the textbook check takes NumPy arrays and Python numbers."
        )
    return isinstance(leaf, float | complex)


def _as_real(array: Any, part: _Stretch) -> Vector:
    flat = np.asarray(array).reshape(-1)
    if flat.dtype.kind in "iu":
        flat = flat.astype(np.float64)  # a claim in unsigned integers would not subtract
    if not np.iscomplexobj(part.array):
        return flat
    return np.stack([flat.real, flat.imag], axis=-1).reshape(-1)


def _join(pieces: Sequence[Vector]) -> Vector:
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _restored(numbers: Vector, part: _Stretch, leaf: Any) -> Any:
    real, whole = part.array.real.dtype, part.array.dtype
    array = numbers.astype(real).view(whole).reshape(part.array.shape)
    if isinstance(leaf, np.ndarray):
        return array
    return array[()] if isinstance(leaf, np.generic) else array.item()
