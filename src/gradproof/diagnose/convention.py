"""Conventions rather than errors: log parameters, symmetric matrices, complex conjugates."""

from __future__ import annotations

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
    for kind, corrected, words in _conventions(evidence):
        if not np.isfinite(corrected).all() or np.array_equal(corrected, evidence.claimed):
            continue
        fit = evidence.fit([], known=corrected)
        if fit is not None:
            yield Explanation(
                kind,
                f"{evidence.block.name}: {words}.{_REMARK if 'derivative' in words else ''}",
                fit.explained,
                wrong=fit.wrong(corrected),
            )


def _conventions(evidence: Evidence) -> Iterator[tuple[Kind, Flat, str]]:
    claimed, point, shape = evidence.claimed, evidence.point, evidence.block.shape
    if point.all() and len(evidence.block.axes) == len(shape):
        yield Kind.LOG_PARAMETER, claimed / point, (
            "every entry is the derivative with respect to its logarithm"
            if (point > 0).all()
            else "every entry is multiplied by its parameter"
        )  # fmt: skip
        yield Kind.LOG_PARAMETER, claimed * point, "every entry is divided by its parameter"
    for sign, words in ((1, "exponential"), (-1, "inverse exponential")):
        with np.errstate(over="ignore"):
            corrected = claimed * np.exp(sign * point)
        yield (
            Kind.LOG_PARAMETER,
            corrected,
            (
                f"every entry has to be multiplied by the {words} of its parameter: it is the "
                "derivative with respect to that, and not to the logarithm that the parameter is"
            ),
        )
    if len(evidence.block.axes) > len(shape):
        conjugate = claimed.copy()
        conjugate[1::2] *= -1
        yield Kind.CONJUGATE, conjugate, (
            "the claimed gradient is the complex conjugate of the derivative ∂f/∂x + i ∂f/∂y"
        )  # fmt: skip
    elif len(shape) == 2 and np.array_equal(point.reshape(shape), point.reshape(shape).T):
        yield from _symmetric(claimed.reshape(shape))


def _symmetric(matrix: Flat) -> Iterator[tuple[Kind, Flat, str]]:
    diagonal = np.eye(len(matrix), dtype=bool)
    kind = Kind.SYMMETRIC_CONVENTION
    halved = np.where(diagonal, matrix, matrix / 2).reshape(-1)
    yield kind, halved, "off-diagonal entries are doubled: the derivative for a symmetric matrix"
    doubled = np.where(diagonal, matrix, matrix * 2).reshape(-1)
    yield kind, doubled, "off-diagonal entries are halved: the derivative for a symmetric matrix"
    yield kind, np.where(diagonal, matrix / 2, matrix).reshape(-1), "diagonal entries are doubled"
    yield kind, np.where(diagonal, matrix * 2, matrix).reshape(-1), "diagonal entries are halved"
