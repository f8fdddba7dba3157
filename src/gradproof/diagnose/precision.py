"""A gradient that went through a lower precision than its type says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..records.finding import Kind
from .evidence import Evidence, Explanation, Flat


def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """Every claimed number is one of a coarser format, and the error is of its rounding."""
    if np.dtype(evidence.block.dtype).itemsize < np.dtype(np.float64).itemsize:
        return
    for name, bits in (("bfloat16", 8), ("float16", 11), ("float32", 24)):
        if not _rounded_to(evidence.claimed, bits):
            continue
        evidence.need(3)
        typical = float(np.sqrt(np.mean(evidence.claimed**2))) * 2.0**-bits
        seen = float(np.sqrt(np.mean(evidence.gaps**2))) / evidence.block.scale
        if seen <= typical * np.sqrt(evidence.block.count) * _GENEROUS:
            yield Explanation(
                Kind.LOW_PRECISION,
                f"{evidence.block.name}: every claimed number is a {name} number although its "
                f"type is {evidence.block.dtype}; the error is of the size of that rounding.",
                1.0,
            )
        return


# Bits that are zero by accident: so many, over all different numbers, are no accident.
_PROOF = 58
_MANTISSA = 53

# The rounding of intermediate results adds up to some times that of the result.
_GENEROUS = 30.0


def _rounded_to(numbers: Flat, bits: int) -> bool:
    """Whether all numbers have at most so many significant bits, beyond accident.

    Powers of two are numbers of every format, and prove nothing.
    """
    mantissa, _ = np.frexp(np.abs(numbers[numbers != 0]))
    scaled = mantissa * 2.0**bits
    different = np.count_nonzero(np.unique(mantissa) != 0.5)
    proof = different * (_MANTISSA - bits)
    return bool(proof >= _PROOF and (scaled == np.rint(scaled)).all())
