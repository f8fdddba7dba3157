"""What is known about a run of the wrong code: shapes, numbers; and what its diagnosis suggests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction

from ..judge.thresholds import T
from ..records.finding import Finding, Kind

Shape = tuple[int, ...]
# What a name held: an array of a shape, a real number, or anything else.
Held = Shape | float | None
# By a function's qualified name, and then by the name.
Names = Mapping[str, Mapping[str, Held]]

_LARGEST = 12  # a measured factor is taken for a fraction of numbers up to this one
_WHOLE = 10_000  # a whole number, or one over it, may be the size of something
_FEW = 4  # names that hold the parameter, or its coefficient, are tried

MODULE = "<module>"
"""The key of ``Hints.held`` under which the module's own names stand."""

RETURN = "return"
"""The name under which the shape of what a function returns stands among its names."""


def shape_of(held: Held) -> Shape | None:
    """The shape of what a name held, which is ``()`` for a number."""
    return () if isinstance(held, float) else held


@dataclass(frozen=True, slots=True)
class Meant:
    """An expression, as Python writes it, and what should stand there, or be a factor of it."""

    wrong: str
    right: str
    factor: bool


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about the run of the wrong code, and from its diagnosis.

    ``held`` has, by the function's qualified name and then by the name, the shape of the array
    that a name held, or the number; None for anything else. What an array stands in may be named
    too, as Python would write it: ``params['W2']``, ``self.W1``, ``layer.kernel``. Names of the
    module stand under ``"<module>"``; the shape of what a function returns, where it is an array
    or a number, may stand among its names as ``"return"``.

    ``factors`` and ``terms`` are expressions that the diagnosis would multiply by, or add.
    ``lines`` are the lines (from 1) of statements that it names, ``meant`` is what it says
    that expressions in them should be.
    """

    held: Names = field(default_factory=dict)
    factors: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    meant: tuple[Meant, ...] = ()


def hints(
    findings: Sequence[Finding], file: str, held: Names, blocks: Mapping[str, Shape]
) -> Hints:
    """The hints for one file; ``blocks`` are the shapes of the parameters by their names."""
    lines = [f.line for f in findings if f.line is not None and f.line.file == file]
    numbers = {n for line in lines for n in range(line.number, line.end_number + 1)}
    factors = dict.fromkeys(text for finding in findings for text in _factors(finding))
    terms = dict.fromkeys(text for finding in findings for text in _terms(finding, held, blocks))
    meant = dict.fromkeys(m for f in findings if f.line in lines for m in _meant(f.message))
    return Hints(held, tuple(factors), tuple(terms), tuple(sorted(numbers)), tuple(meant))


# Sentences of the diagnosis that say what an expression should be, and whether that is a factor.
_SENTENCES = (
    (r"`([^`]+)` lacks[^`]* factor `([^`]+)`", True),
    (r"`([^`]+)` stands where[^`]* `([^`]+)`", False),
    (r"`([^`]+)` is not the product with the whole [^`]+ should be `([^`]+)`", False),
)


def _meant(message: str) -> Iterator[Meant]:
    for sentence, factor in _SENTENCES:
        for wrong, more in re.findall(sentence, message):
            with suppress(SyntaxError):
                ast.parse(more, mode="eval")  # not all is Python: `sigmoid'(Z)`
                yield Meant(wrong, re.sub(r"(\w) \*\* (\w)", r"\1**\2", more), factor)


def _factors(finding: Finding) -> Iterator[str]:
    """What to multiply a gradient by that is so many times too large."""
    if finding.factor is None or not finding.factor or finding.kind is Kind.PARAMETER_TERM:
        return
    wanted = 1 / finding.factor
    fractions = [Fraction(wanted).limit_denominator(_LARGEST)]
    if 1 / _WHOLE <= abs(wanted) < 1:
        fractions.append(1 / Fraction(round(finding.factor)))
    near = min(fractions, key=lambda one: abs(one - wanted))
    most = _LARGEST if near.denominator > 1 else _WHOLE
    if abs(near - wanted) <= T.same_number * abs(wanted) and abs(near.numerator) <= most:
        yield str(near).replace("/", " / ")


def _terms(finding: Finding, held: Names, blocks: Mapping[str, Shape]) -> Iterator[str]:
    """A multiple of the parameter that is missing; one too much is there to be dropped."""
    missing = -(finding.factor or 0.0)
    if finding.kind is Kind.PARAMETER_TERM and missing > 0 and finding.block is not None:
        holders = _holders(finding.block, held, blocks.get(finding.block))
        for coefficient in _coefficients(missing, finding.factor_bar or 0.0, held):
            yield from (f"{coefficient} * {holder}" for holder in holders)


def _coefficients(missing: float, bar: float, known: Names) -> list[str]:
    """Names that held the missing coefficient, or its negative; the number itself at last."""
    found = dict[str, None]()
    for names in known.values():
        for name, held in names.items():
            if not isinstance(held, float):
                continue
            for factor, text in ((1, name), (2, f"2 * {name}"), (0.5, f"0.5 * {name}")):
                gap = abs(factor * abs(held) - missing)
                if held and gap <= max(T.same_coefficient * missing, bar):
                    found[text if held > 0 else f"-{text}"] = None
    by_name = sorted(found, key=lambda text: (" " in text, len(text)))[:_FEW]
    return [*by_name, f"{missing:.4g}"]


def _holders(block: str, known: Names, shape: Shape | None) -> list[str]:
    """Names that may hold the parameter: those called like its block come first."""
    every = (item for names in known.values() for item in names.items())
    alike = dict.fromkeys(
        name for name, held in every if shape_of(held) == shape and name != RETURN
    )
    return sorted(alike, key=lambda name: _last_word(name) != _last_word(block))[:_FEW]


def _last_word(text: str) -> str:
    return "".join(re.findall(r"\w+", text)[-1:])
