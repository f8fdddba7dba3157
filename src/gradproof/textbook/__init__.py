"""The classic gradient check: every entry, one fixed step, one figure.

It is here to teach, and as the baseline that `gradproof.check` is measured against. Its flaw
is that a fixed step has no error bar. On the article's own *right* network the figure is
1.19e-07, in the alert band: ``log(1 - A)`` with ``A`` near 1 leaves a round-off of 2e-14 in the
cost, two of them stand in each difference, and divided by ``2ε = 2e-7`` they are some 1e-7 of
error in every entry. The code is right; the measurement cannot say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from numbers import Real
from typing import Any

import numpy as np

from ..calling import public
from ..errors import UsageError
from ..letters import fitted
from ..naming import what
from ..progress import ProgressLine
from .vectors import Vector, gradients_to_vector, ravel

__all__ = ["Band", "TextbookResult", "gradient_check", "gradients_to_vector", "ravel"]

# The article's bands. They belong to this method; `gradproof.check` judges by error bars.
CORRECT_BELOW = 1e-7
WRONG_ABOVE = 1e-5


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
COLOURS = {Band.CORRECT: "green", Band.LOOK: "yellow", Band.WRONG: "red"}


def _figure(difference: float) -> str:
    """Ten digits of a fault; three of a small figure, whose other digits are round-off."""
    return f"{difference:.10f}" if difference > 1e-3 else f"{difference:.2e}"


@public(
    "gp.textbook.gradient_check(fun, point, grad)",
    renamed={"params": "point", "gradients": "grad"},
)
def gradient_check(
    fun: Callable[..., Any],
    point: Any,
    grad: Any,
    *,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    epsilon: float = 1e-7,
    quiet: bool = False,
) -> TextbookResult:
    """Compare a claimed gradient with two-sided differences, entry by entry.

    Prints the verdict as one coloured sentence, and how far it is on a terminal when it takes
    longer than a second. One dimension is no special case: ``point`` may be a number.

    Parameters
    ----------
    fun : callable
        ``fun(point, *args, **kwargs)`` returns the cost, one real number, or
        ``(cost, cache)``.
    point : pytree
        Nested arrays and floats; what `ravel` takes. It is never changed, nor handed to
        ``fun``: each call gets a copy of its own.
    grad : pytree or callable
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
        Where ``fun`` does not return one real number, ``point`` has nothing to check,
        a gradient is missing or of another shape, or ``epsilon`` is not a positive number.

    Notes
    -----
    ``gradapprox = (J(θ + ε) - J(θ - ε)) / 2ε`` for each entry, and the relative difference of
    the two vectors, after Ng, *Neural Networks and Deep Learning* (2017): 1e-7 is fine, 1e-5
    needs a look.
    """
    if not callable(fun):
        raise UsageError(
            f"fun must be a function of the point, but is {what(fun)}: the order is "
            "gp.textbook.gradient_check(fun, point, grad)."
        )
    if not isinstance(args, tuple | list):
        raise UsageError(f"args must be a tuple, but is {what(args)}: write args=(X,) for one.")
    step: Any = epsilon
    if not (isinstance(step, Real) and epsilon > 0 and math.isfinite(epsilon)):
        raise UsageError(f"epsilon is {epsilon!r}: choose a positive number such as 1e-7.")
    kwargs = {} if kwargs is None else kwargs
    theta, unravel = ravel(point)
    if theta.size == 0:
        raise UsageError("The point holds no floating-point entry to check: write 4.0 for 4.")
    if callable(grad):
        grad = grad(unravel(theta), *args, **kwargs)
    claimed = gradients_to_vector(grad, point)

    def cost(vector: Vector) -> float:
        return _cost(fun(unravel(vector), *args, **kwargs))

    gradapprox = _differences(cost, theta, epsilon, quiet)
    difference = _difference(claimed, gradapprox)
    unmoved = int(np.sum(ravel(unravel(theta + theta.dtype.type(epsilon)))[0] == theta))
    result = TextbookResult(
        difference, _band(difference), claimed, gradapprox, 2 * theta.size, unmoved
    )
    if not quiet:
        _say(result)
    return result


def _differences(
    cost: Callable[[Vector], float], theta: Vector, epsilon: float, quiet: bool
) -> Vector:
    J_plus, J_minus = np.zeros((2, theta.size))
    moved, done = theta.copy(), 0
    line = ProgressLine(lambda: "gradient check", lambda: (2 * done, 2 * theta.size))
    with nullcontext() if quiet else line:
        for i in range(theta.size):
            moved[i] = theta[i] + epsilon
            J_plus[i] = cost(moved)
            moved[i] = theta[i] - epsilon
            J_minus[i] = cost(moved)
            moved[i] = theta[i]
            done = i + 1
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


def _say(result: TextbookResult) -> None:
    from rich.console import Console  # here: `import gradproof` stays light
    from rich.text import Text

    # Soft wrap: a pipe is taken for 80 columns, and a log line must stay one line.
    Console().print(Text(fitted(str(result)), style=COLOURS[result.band]), soft_wrap=True)
