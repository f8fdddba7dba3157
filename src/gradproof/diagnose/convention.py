"""Conventions rather than errors: log parameters, symmetric matrices, complex conjugates."""

from collections.abc import Iterator

import numpy as np

from ..records.finding import Kind
from .evidence import Evidence, Explanation, Flat
from .rules import rule

_REMARK = (
    " This may be meant so, as a convention; but it is not the gradient of the fun that was given."
)


@rule("convention", place=40)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """Ratio equal to the parameter, off-diagonal entries half or double, a conjugate."""
    shape = evidence.block.shape
    conventions = [_exponentials(evidence.claimed, evidence.point)]
    if evidence.block.is_complex:
        conventions.append(_conjugate(evidence.claimed))
    elif evidence.point.all():
        conventions.insert(0, _logarithms(evidence.claimed, evidence.point))
    if not evidence.block.is_complex and _is_symmetric(evidence.point.reshape(shape)):
        conventions.append(_symmetric(evidence.claimed.reshape(shape)))
    for convention in conventions:
        for kind, gradient, words in convention:
            remark = _REMARK if "derivative" in words else ""
            yield from evidence.corrected(kind, gradient, f"{words}.{remark}")


Convention = Iterator[tuple[Kind, Flat, str]]


def _logarithms(claimed: Flat, point: Flat) -> Convention:
    words = "multiplied by its parameter"
    if (point > 0).all():
        words = "the derivative with respect to its logarithm"
    yield Kind.LOG_PARAMETER, claimed / point, f"every entry is {words}"
    yield Kind.LOG_PARAMETER, claimed * point, "every entry is divided by its parameter"


def _exponentials(claimed: Flat, point: Flat) -> Convention:
    for sign, words in ((1, "exponential"), (-1, "inverse exponential")):
        with np.errstate(over="ignore"):
            corrected = claimed * np.exp(sign * point)
        message = (
            f"every entry has to be multiplied by the {words} of its parameter: it is the "
            "derivative with respect to that, and not to the logarithm that the parameter is"
        )
        yield Kind.LOG_PARAMETER, corrected, message


def _conjugate(claimed: Flat) -> Convention:
    words = "the claimed gradient is the complex conjugate of the derivative ∂f/∂x + i ∂f/∂y"
    yield Kind.CONJUGATE, claimed * np.resize([1, -1], claimed.size), words


def _is_symmetric(point: Flat) -> bool:
    return point.ndim == 2 and np.array_equal(point, point.T)


def _symmetric(matrix: Flat) -> Convention:
    diagonal = np.eye(len(matrix), dtype=bool)
    for where, factor, words in (
        (~diagonal, 0.5, "off-diagonal entries are doubled: the derivative for a symmetric matrix"),
        (~diagonal, 2.0, "off-diagonal entries are halved: the derivative for a symmetric matrix"),
        (diagonal, 0.5, "diagonal entries are doubled"),
        (diagonal, 2.0, "diagonal entries are halved"),
    ):
        corrected = np.where(where, factor * matrix, matrix).reshape(-1)
        yield Kind.SYMMETRIC_CONVENTION, corrected, words
