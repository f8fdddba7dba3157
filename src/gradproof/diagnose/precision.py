"""A gradient that went through a lower precision than its type says."""

from collections.abc import Iterator

import numpy as np

from ..judge.explain import is_discrepant, is_zero
from ..judge.thresholds import T
from ..records.finding import Kind
from .evidence import Evidence, Explanation, Flat
from .rules import rule

# Claims in these types are expected to be rounded. (NumPy has no bfloat16.)
_LOW = ("float32", "float16", "bfloat16", "complex64")


@rule("precision", place=80)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """Every claimed number is one of a coarser format, and the error is of its rounding."""
    if evidence.block.dtype in _LOW:
        return
    claimed, block = evidence.claimed, evidence.block
    formats = {"bfloat16": 8, "float16": 11, "float32": 24}
    name = next((name for name, bits in formats.items() if _rounded_to(claimed, bits)), None)
    quantum = None if name else _quantum(claimed)
    if name is not None:
        half = np.abs(claimed) * 2.0 ** -formats[name]
        words = f"a {name} number although its type is {block.dtype}"
    elif quantum is not None:
        half, words = np.full(block.count, quantum / 2), f"a multiple of {quantum:.6g}"
    else:
        return
    if _is_rounding(evidence, half):
        error = "the error is of the size of that rounding"
        message = f"{block.name}: every claimed number is {words}; {error}."
        yield Explanation(Kind.LOW_PRECISION, message, 1.0, quantum)


_PROBES = 5  # entries looked at
_MANTISSA = 53


def _is_rounding(evidence: Evidence, half: Flat) -> bool:
    """Whether the error is that of a rounding by at most ``half``: in size, and nearly everywhere.

    A rounding errs in most entries, and by no more than it may; a few of them are looked at.
    """
    evidence.need(3)
    spread = np.sqrt(evidence.project_squares(half) / 3)
    if not is_zero(evidence.gaps, evidence.bars + 2 * spread):
        return False
    chosen = np.unique(np.linspace(0, evidence.block.count - 1, _PROBES).astype(int))
    wrong = 0
    for entry in chosen.tolist():
        probe = evidence.probe(entry=entry)
        if abs(probe.gap) > evidence.block.scale * half[entry] * T.rounded_twice + probe.slope_bar:
            return False
        wrong += is_discrepant(probe)
    return 2 * wrong > chosen.size


def _quantum(numbers: Flat) -> float | None:
    """A step of which all numbers are small multiples, if that is no accident."""
    different = np.unique(np.abs(numbers))
    if different.size < T.rounded_values:
        return None
    candidates = [10.0**-k for k in range(9)] + [float(np.diff(different).min())]
    for step in candidates:
        multiples = numbers / step
        close = np.abs(multiples - np.rint(multiples)) <= T.exact_multiple * (1 + np.abs(multiples))
        if close.all() and np.abs(multiples).max() < T.multiples:
            return step
    return None


def _rounded_to(numbers: Flat, bits: int) -> bool:
    """Whether all numbers have at most so many significant bits, beyond accident.

    Powers of two are numbers of every format, and prove nothing.
    """
    mantissa, _ = np.frexp(np.abs(numbers[numbers != 0]))
    scaled = mantissa * 2.0**bits
    different = np.count_nonzero(np.unique(mantissa) != 0.5)
    proof = different * (_MANTISSA - bits)
    rounded = bool(proof >= T.zero_bits and (scaled == np.rint(scaled)).all())
    return rounded and not _fixed_point(numbers, bits)


def _fixed_point(numbers: Flat, bits: int) -> bool:
    """Whether they are small multiples of one number, as integers are, and were not rounded."""
    _, exponent = np.frexp(numbers[numbers != 0])
    smallest = np.ldexp(1.0, int((exponent - bits).min()) + 3)
    multiples = numbers / smallest
    return bool((multiples == np.rint(multiples)).all())
