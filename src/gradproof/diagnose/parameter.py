"""A multiple of the parameter itself is missing, or too much: weight decay, a started buffer."""

from __future__ import annotations

from collections.abc import Iterator

from ..judge.explain import is_zero
from ..records.finding import Kind
from .evidence import Evidence, Explanation
from .numbers import measured, times
from .rules import rule


@rule("parameter", place=70)
def suspect(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = true + c · parameter``."""
    name = evidence.block.name
    fit = evidence.fit([evidence.point], known=evidence.claimed)
    if fit is not None and not is_zero(fit.coefficients, fit.bars):
        missing, bar = float(fit.coefficients[0]), float(fit.bars[0])
        words = "lacks" if missing > 0 else "has too much:"
        yield Explanation(
            Kind.PARAMETER_TERM,
            f"{name}: the claimed gradient {words} {measured(abs(missing), bar)} times the "
            "parameter itself (weight decay on one side only, or with another coefficient?).",
            fit.explained,
            -missing,
            bar,
            wrong=fit.wrong(evidence.claimed + missing * evidence.point),
        )


@rule("parameter-with-factor", place=125, measures=True)
def suspect_with_factor(evidence: Evidence) -> Iterator[Explanation]:
    """``claimed = k · true + c · parameter``."""
    both = evidence.fit([evidence.claimed, evidence.point])
    if both is None or any(
        is_zero(both.coefficients[k : k + 1], both.bars[k : k + 1]) for k in (0, 1)
    ):
        return
    factor = 1 / float(both.coefficients[0])
    term, bar = -float(both.coefficients[1]) * factor, float(both.bars[1])
    yield Explanation(
        Kind.PARAMETER_TERM,
        f"{evidence.block.name}: the claimed gradient is {times(factor)}, and then "
        f"{measured(term, bar)} times the parameter is added to it.",
        both.explained,
        term,
        bar,
    )
