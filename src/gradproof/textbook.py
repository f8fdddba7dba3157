"""The classic gradient check: every entry, one fixed step, one figure.

It is here to teach, and as the baseline that `gradproof.check` is measured against. Its flaw
is that a fixed step has no error bar. On the article's own *right* network the figure is
1.19e-07, in the alert band: ``log(1 - A)`` with ``A`` near 1 leaves a round-off of 2e-14 in the
cost, two of them stand in each difference, and divided by ``2ε = 2e-7`` they are some 1e-7 of
error in every entry. The code is right; the measurement cannot say so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradproof.errors import UsageError
from gradproof.space import tree as trees

if TYPE_CHECKING:
    from rich.console import Console

Vector = NDArray[Any]

# The article's bands. They belong to this method; `gradproof.check` judges by error bars.
CORRECT_BELOW = 1e-7
WRONG_ABOVE = 1e-5

SECONDS_BEFORE_PROGRESS = 1.0


class Band(StrEnum):
    """Where the classic figure falls."""

    CORRECT = "correct"
    LOOK = "to be looked at"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, eq=False)
class TextbookResult:
    """What the classic check found.

    Attributes
    ----------
    difference : float
        ``‖grad - gradapprox‖ / (‖grad‖ + ‖gradapprox‖)``; 0 where both are zero.
    band : Band
        ``correct``, ``to be looked at`` or ``wrong``; a difference that is not a number is
        ``wrong``.
    grad, gradapprox : array
        The claimed gradient and the differences as vectors, in the order of ``ravel(params)``.
    evaluations : int
        Calls of the function: two for each entry.
    unmoved : int
        Entries that the step left where they were, since their spacing is wider than it.
        Their differences mean nothing.
    """

    difference: float
    band: Band
    grad: Vector
    gradapprox: Vector
    evaluations: int
    unmoved: int

    def __str__(self) -> str:
        """Return the sentence that `gradient_check` prints."""
        said = _SENTENCES[self.band].format(_figure(self.difference))
        if not math.isfinite(self.difference):
            said = f"The cost or its gradient is not finite: difference = {self.difference}."
        if self.unmoved:
            said += (
                f" The step was too small to move {self.unmoved} of {self.grad.size} entries:"
                " choose a larger epsilon, or float64 parameters."
            )
        return said


_SENTENCES = {
    Band.CORRECT: f"Your gradient is correct: difference = {{}}, not above {CORRECT_BELOW:g}.",
    Band.LOOK: "Your gradient is to be looked at: difference = {}, "
    f"between {CORRECT_BELOW:g} and {WRONG_ABOVE:g}.",
    Band.WRONG: f"There is a mistake in your gradient: difference = {{}}, above {WRONG_ABOVE:g}.",
}
_COLOURS = {Band.CORRECT: "green", Band.LOOK: "yellow", Band.WRONG: "red"}


def _figure(difference: float) -> str:
    """Ten digits of a fault; three of a small figure, whose other digits are round-off."""
    return f"{difference:.10f}" if difference > 1e-3 else f"{difference:.2e}"


def gradient_check(
    fun: Callable[..., Any],
    params: Any,
    gradients: Any,
    *,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    epsilon: float = 1e-7,
    quiet: bool = False,
) -> TextbookResult:
    """Compare a claimed gradient with two-sided differences, entry by entry.

    Prints the verdict as one coloured sentence, and a progress bar on a terminal when it takes
    longer than a second. One dimension is no special case: ``params`` may be a number.

    Parameters
    ----------
    fun : callable
        ``fun(params, *args, **kwargs)`` returns the cost, one real number, or
        ``(cost, cache)``.
    params : pytree
        Nested arrays and floats; what `ravel` takes. It is never changed, nor handed to
        ``fun``: each call gets a copy of its own.
    gradients : pytree or callable
        The claimed gradient, as `gradients_to_vector` reads it, or a function of the same
        arguments as ``fun`` that returns it.
    epsilon : float
        The step, the same for all entries. In float32, 1e-7 is below the spacing of numbers
        near 1: choose about 1e-3, or promote the parameters.
    quiet : bool
        Print nothing.

    Raises
    ------
    UsageError
        Where ``fun`` does not return one real number, ``params`` has nothing to check,
        a gradient is missing or of another shape, or ``epsilon`` is not a positive number.

    Notes
    -----
    ``gradapprox = (J(θ + ε) - J(θ - ε)) / 2ε`` for each entry, and the relative difference of
    the two vectors, after Ng, *Neural Networks and Deep Learning* (2017): 1e-7 is fine, 1e-5
    needs a look.
    """
    if not (epsilon > 0 and math.isfinite(epsilon)):
        raise UsageError(f"epsilon is {epsilon!r}: choose a positive number such as 1e-7.")
    kwargs = {} if kwargs is None else kwargs
    theta, unravel = ravel(params)
    if theta.size == 0:
        raise UsageError("params holds no floating-point entry to check: write 4.0 for 4.")
    if callable(gradients):
        gradients = gradients(unravel(theta), *args, **kwargs)
    grad = gradients_to_vector(gradients, params)

    def cost(vector: Vector) -> float:
        return _cost(fun(unravel(vector), *args, **kwargs))

    gradapprox = _differences(cost, theta, epsilon, quiet)
    difference = _difference(grad, gradapprox)
    unmoved = int(np.sum(ravel(unravel(theta + theta.dtype.type(epsilon)))[0] == theta))
    result = TextbookResult(
        difference, _band(difference), grad, gradapprox, 2 * theta.size, unmoved
    )
    if not quiet:
        _say(result)
    return result


def _differences(
    cost: Callable[[Vector], float], theta: Vector, epsilon: float, quiet: bool
) -> Vector:
    J_plus, J_minus = np.zeros((2, theta.size))
    moved = theta.copy()
    # Closed at once when `cost` raises, or the bar would go on in the user's traceback.
    with closing(_with_progress(theta.size, quiet)) as entries:
        for i in entries:
            moved[i] = theta[i] + epsilon
            J_plus[i] = cost(moved)
            moved[i] = theta[i] - epsilon
            J_minus[i] = cost(moved)
            moved[i] = theta[i]
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray((J_plus - J_minus) / (2 * epsilon))


def _cost(value: Any) -> float:
    """The cost in what the user's function returned: itself, or the first of a tuple."""
    cost = np.asarray(value[0] if isinstance(value, tuple) and value else value)
    if cost.size != 1 or cost.dtype.kind not in "fiu":
        raise UsageError(
            f"fun returned {_described(value)}: return the cost, one real number, "
            "or the pair (cost, cache)."
        )
    return float(cost.item())


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return "None" if value is None else f"a {type(value).__name__}"


def _difference(grad: Vector, gradapprox: Vector) -> float:
    """The relative difference; the peak is taken out first, or squares over- and underflow."""
    peak = np.max(np.abs([grad, gradapprox]))  # not the built-in max, which loses nan
    if peak == 0:
        return 0.0
    with np.errstate(invalid="ignore"):
        grad, gradapprox = grad / peak, gradapprox / peak
    norm = np.linalg.norm
    return float(norm(grad - gradapprox) / (norm(grad) + norm(gradapprox)))


def _band(difference: float) -> Band:
    if difference <= CORRECT_BELOW:
        return Band.CORRECT
    # Not `> WRONG_ABOVE`: that is false for nan, and nan would pass.
    return Band.LOOK if difference <= WRONG_ABOVE else Band.WRONG


def _console() -> Console:
    from rich.console import Console  # here: `import gradproof` stays light

    return Console()


def _say(result: TextbookResult) -> None:
    from rich.text import Text  # here: `import gradproof` stays light

    # Soft wrap: a pipe is taken for 80 columns, and a log line must stay one line.
    _console().print(Text(str(result), style=_COLOURS[result.band]), soft_wrap=True)


def _with_progress(count: int, quiet: bool) -> Generator[int, None, None]:
    """Count to ``count``; a bar appears where that turns out to be slow."""
    start = time.monotonic()
    for i in range(count):
        yield i
        if not quiet and time.monotonic() - start > SECONDS_BEFORE_PROGRESS:
            yield from _on_a_bar(i + 1, count)
            return


def _on_a_bar(done: int, count: int) -> Generator[int, None, None]:
    from rich.progress import Progress  # here: `import gradproof` stays light

    console = _console()
    if not console.is_terminal:
        yield from range(done, count)
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("gradient check", total=count, completed=done)
        for i in range(done, count):
            yield i
            progress.advance(task)


# Parameters as one vector


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where one block lies in theta; ``dtype`` is the block's own, ``real`` that of its parts."""

    leaf: int
    name: str
    path: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    real: np.dtype[Any]
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
    theta = _join([_as_real(tree.leaves[part.leaf], part) for part in stretches])

    def unravel(vector: Any) -> Any:
        numbers = np.asarray(vector)
        if numbers.shape != theta.shape or numbers.dtype.kind not in "fiu":
            raise UsageError(
                f"unravel takes a vector of {theta.size} real numbers, "
                f"not shape {numbers.shape} and dtype {numbers.dtype}."
            )
        leaves = [_kept(leaf) for leaf in tree.leaves]
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
            f"return an array of shape {part.shape}."
        )
    if claimed.shape != part.shape:
        raise UsageError(
            f"{part.name} has shape {part.shape} and its gradient has shape {claimed.shape}: "
            "return one number for each entry."
        )
    if claimed.dtype.kind == "c" and part.dtype.kind != "c":
        raise UsageError(f"{part.name} is real and its gradient is complex: return its real part.")
    return _as_real(claimed, part)


def _stretches(tree: trees.Tree) -> list[_Stretch]:
    stretches = []
    start = 0
    for index, (leaf, name, path) in enumerate(
        zip(tree.leaves, tree.names, tree.paths, strict=True)
    ):
        if not _enters(leaf, name):
            continue
        array = np.asarray(leaf)
        stop = start + array.size * (2 if array.dtype.kind == "c" else 1)
        real = np.empty(0, array.dtype).real.dtype
        where = slice(start, stop)
        stretches.append(_Stretch(index, name, path, array.shape, array.dtype, real, where))
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
    if part.dtype.kind != "c":
        return flat
    return np.stack([flat.real, flat.imag], axis=-1).reshape(-1)


def _join(pieces: Sequence[Vector]) -> Vector:
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _restored(numbers: Vector, part: _Stretch, leaf: Any) -> Any:
    array = numbers.astype(part.real).view(part.dtype).reshape(part.shape)
    if isinstance(leaf, np.ndarray):
        return array
    return array[()] if isinstance(leaf, np.generic) else array.item()


def _kept(leaf: Any) -> Any:
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf
