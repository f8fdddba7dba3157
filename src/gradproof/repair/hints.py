"""What is known about a run of the wrong code: shapes, numbers; and what its diagnosis suggests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ..records.finding import Finding, Kind

Shape = tuple[int, ...]
Shapes = Mapping[str, Mapping[str, Shape | None]]
Values = Mapping[str, Mapping[str, float]]

# A measured factor is taken for a fraction of such small numbers, when it is this close.
_LARGEST = 12
_CLOSE = 1e-6

# A measured coefficient is known less well than a factor.
_NEAR = 1e-3
_FEW = 4  # names that hold the parameter, or its coefficient, are tried

MODULE = "<module>"
"""The key of ``Hints.shapes`` under which the module's own names stand."""

RETURN = "return"
"""The name under which the shape of what a function returns stands among its names."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about the run of the wrong code, and from its diagnosis.

    ``shapes`` has, by the function's qualified name and then by the name, the shape of the
    array that a name held: ``()`` for a number, None for anything else. What an array stands
    in may be named too, as Python would write it: ``params['W2']``, ``self.W1``,
    ``layer.kernel``. Names of the module stand under ``"<module>"``; what a function returns,
    where it is an array or a number, may stand among its names as ``"return"``.

    ``values`` has in the same way what each name held that held a real number.

    ``factors`` and ``terms`` are expressions that the diagnosis would multiply by, or add.
    ``lines`` are the lines (from 1) of statements that it names.
    """

    shapes: Shapes = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    factors: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()


def hints(
    findings: Sequence[Finding],
    file: str,
    shapes: Shapes,
    values: Values,
    blocks: Mapping[str, Shape],
) -> Hints:
    """The hints for one file; ``blocks`` are the shapes of the parameters by their names."""
    lines = [f.line for f in findings if f.line is not None and f.line.file == file]
    numbers = {n for line in lines for n in range(line.number, line.end_number + 1)}
    factors = dict.fromkeys(text for finding in findings for text in _factors(finding))
    terms = dict.fromkeys(
        text for finding in findings for text in _terms(finding, shapes, values, blocks)
    )
    return Hints(shapes, values, tuple(factors), tuple(terms), tuple(sorted(numbers)))


def _factors(finding: Finding) -> Iterator[str]:
    """What to multiply a gradient by that is so many times too large."""
    if finding.factor is None or not finding.factor or finding.kind is Kind.PARAMETER_TERM:
        return
    wanted = 1 / finding.factor
    near = Fraction(wanted).limit_denominator(_LARGEST)
    if abs(float(near) - wanted) > _CLOSE * abs(wanted) or abs(near.numerator) > _LARGEST:
        return
    if near.denominator == 1:
        yield str(near.numerator)
    else:
        yield f"{near.numerator} / {near.denominator}"


def _terms(
    finding: Finding, shapes: Shapes, values: Values, blocks: Mapping[str, Shape]
) -> Iterator[str]:
    """A multiple of the parameter that is missing; one too much is there to be dropped."""
    if finding.kind is not Kind.PARAMETER_TERM or not finding.factor or finding.block is None:
        return
    missing = -finding.factor
    if missing < 0:
        return
    holders = _holders(finding.block, shapes, blocks.get(finding.block))
    for coefficient in _coefficients(missing, finding.factor_bar or 0.0, values):
        yield from (f"{coefficient} * {holder}" for holder in holders)


def _coefficients(missing: float, bar: float, values: Values) -> list[str]:
    """Names that held the missing coefficient, or its negative; the number itself at last."""
    found = dict[str, None]()
    for names in values.values():
        for name, held in names.items():
            for factor, text in ((1, name), (2, f"2 * {name}"), (0.5, f"0.5 * {name}")):
                gap = abs(factor * abs(held) - missing)
                if held and gap <= max(_NEAR * missing, bar):
                    found[text if held > 0 else f"-{text}"] = None
    by_name = sorted(found, key=lambda text: (" " in text, len(text)))[:_FEW]
    return [*by_name, f"{missing:.4g}"]


def _holders(block: str, shapes: Shapes, shape: Shape | None) -> list[str]:
    """Names that may hold the parameter: those called like its block come first."""
    keys = re.findall(r"\w+", block)
    key = keys[-1] if keys else ""
    held = dict[str, None]()
    for names in shapes.values():
        held |= {name: None for name, one in names.items() if one == shape and name != "return"}
    return sorted(held, key=lambda name: re.findall(r"\w+", name)[-1] != key)[:_FEW]
