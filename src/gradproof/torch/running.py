"""What the drop-ins do: the further checks, the report, and what torch would make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..backend.torch import BACKEND, Torch
from ..errors import UsageError
from ..judge.thresholds import T
from ..records.verdict import Verdict
from ..report.report import Report
from ..space import tree
from .error import ArgumentError, GradcheckError
from .further import Further
from .inputs import First, Masked, Onednn, is_tensor
from .pairs import Pair, Pairs, Tolerance, floating
from .patterns import is_sparse

_STEPS = (1e-6, -1e-6)  # of a function that returns nothing that could have a gradient


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked, of first or of second order.

    ``call`` takes copies of the inputs, as ``first`` has them; ``moved`` is the same as a function
    of a point, whose ``leaves`` at ``places`` are checked under these names;
    ``report()`` is what gradproof says of its gradient.
    """

    call: Callable[..., Any]
    copies: Callable[[], tuple[Any, ...]]
    first: First
    moved: Callable[[tuple[Any, ...]], Any]
    leaves: tuple[Any, ...]
    places: dict[int, str]
    framework: Torch
    report: Callable[[], Report]


def run(subject: Subject, further: Further, tolerance: Tolerance, seed: int) -> str:
    """Raise ``GradcheckError`` where something is wrong; the text of a warning, or nothing."""
    __tracebackhide__ = True
    outputs, doubt = subject.first.outputs, ""
    if further.forward and any(isinstance(x, Onednn) for x in subject.first.inputs.moved.values()):
        raise UsageError("MKLDNN inputs are not supported for forward AD: leave the mode out.")
    _refuse(outputs)
    with subject.first.inputs.kept(), BACKEND.generators():
        BACKEND.reseed(seed)
        further.before(outputs, subject.first.arguments)
        if not floating(outputs):
            _constant(subject)
        elif subject.places:
            doubt = _judged(subject, further, tolerance)
        further.after(subject.call, subject.copies)
    return doubt


def _refuse(outputs: Sequence[Any]) -> None:
    for output in outputs:
        if isinstance(output, torch.Tensor) and output.layout is not torch.strided:
            kind = "Sparse" if is_sparse(output) else "MKLDNN"
            raise UsageError(
                f"{kind} output is not supported at gradcheck yet: it is {output.layout}. Return "
                "output.to_dense(), whose masked_grad says what becomes of unspecified entries."
            )


def _judged(subject: Subject, further: Further, tolerance: Tolerance) -> str:
    __tracebackhide__ = True
    report = _reported(subject)
    wrong = report.verdict.rejects
    if wrong or not report.supported:
        pairs = Pairs(subject.moved, subject.leaves, list(subject.places), subject.framework,
                      further.reverse, further.forward).compared(tolerance.step)  # fmt: skip
        passes = (tolerance.given or not wrong) and _within(subject, report, pairs, tolerance)
        if not passes:
            raise GradcheckError(f"{report.message}{_named(subject, pairs)}", report)
        if wrong:
            return (
                "gradproof: the gradient is off, but within the eps, atol and rtol that were "
                f"given, so it passes. Without them:\n{report.message}"
            )
    _stray(subject)
    unchecked = further.forward and "forward" not in report.modes
    return report.message if report.verdict is Verdict.UNDECIDED or unchecked else ""


def _reported(subject: Subject) -> Report:
    try:
        return subject.report()
    except UsageError as error:
        if "must keep its shape" not in str(error):
            raise
        raise ArgumentError(
            "Expected `func` to return outputs with the same shape when inputs are perturbed: "
            f"{error}"
        ) from None


def _within(subject: Subject, report: Report, pairs: Sequence[Pair], tolerance: Tolerance) -> bool:
    """Whether the tolerances allow it, and would not allow a gradient of zeros as well.

    Where nothing was found wrong, a claim that is zero but for round-off may be zeros.
    """
    doubtful = {block.name for block in report.blocks if block.verdict is not Verdict.CORRECT}
    nothing = T.roundoff * max(1.0, *[abs(pair.claimed) for pair in pairs], 0.0)

    def grounded(place: int) -> bool:
        own = [pair for pair in pairs if pair.input == place]
        zero = not report.verdict.rejects and all(abs(p.claimed) <= nothing for p in own)
        return zero or any(map(tolerance.tells, own))

    placed = [place for place, name in subject.places.items() if name in doubtful]
    return all(map(grounded, placed)) and all(map(tolerance.allows, pairs))


def _named(subject: Subject, pairs: Sequence[Pair]) -> str:
    """Which output by which input is at fault, if that is plain."""
    if not any(map(is_tensor, subject.first.outputs)):
        return f"\n{_EXPECTED_ZERO}."
    most = max([pair.apart for pair in pairs], default=0.0)
    first = next((p for p in pairs if p.apart > max(_PLAIN, _ALIKE * most)), None)
    return f"\n{first}" if first is not None else ""


_EXPECTED_ZERO = "Numerical gradient for function expected to be zero: no output requires grad"
_PLAIN = 1e-6  # central differences with torch's step are hardly better
_ALIKE = 1e-3  # of several pairs with a fault the first is named


def _stray(subject: Subject) -> None:
    for place, way in subject.first.inputs.moved.items():
        if isinstance(way, Masked) and way.stray:
            raise GradcheckError(
                f"The gradient of inputs[{place}] is not zero at entries that are not specified, "
                "where masked=True expects zeros: masked=False checks those entries too."
            )


def _constant(subject: Subject) -> None:
    """Nothing that is returned could have a gradient: then nothing may change either."""
    results = []
    for step in _STEPS:
        point = list(subject.leaves)
        for k in subject.places:
            point[k] = point[k].detach() + step
        with torch.no_grad():
            results.append(subject.moved(tuple(point)))
    if not all(_equal(one, other) for one, other in zip(*map(_tensors, results), strict=True)):
        raise GradcheckError(f"{_EXPECTED_ZERO}, and still they change with the inputs.")


def _tensors(outputs: Any) -> list[Any]:
    return [o for o in tree.leaves(outputs) if isinstance(o, torch.Tensor)]


def _equal(one: Any, other: Any) -> bool:
    return bool(torch.equal(*(x.to_dense() if x.layout is not torch.strided else x
                              for x in (one, other))))  # fmt: skip
