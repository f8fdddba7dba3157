"""What gradproof says of any specimen, a problem or a call, and whether that is right."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import gradproof as gp

from .contestant import Verdict
from .contestants.gradproof import Gradproof
from .result import Result, tried
from .specimen import Call, Specimen

Asked = Specimen | Call


def asked(specimens: Iterable[Asked]) -> list[Result]:
    """One after the other."""
    return [_problem(s) if isinstance(s, Specimen) else _call(s) for s in specimens]


def _problem(specimen: Specimen) -> Result:
    return tried(Gradproof(), specimen)


def _call(call: Call) -> Result:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = call.ask()
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no verdict
        note = f"{type(error).__name__}: {error}"[:200]
        return Result(Gradproof.name, call.name, str(Verdict.CANNOT), note=note)
    return Result(Gradproof.name, call.name, str(_verdict(report)), report.evaluations)


def _verdict(report: Any) -> Verdict:
    if report.ok:
        return Verdict.PASSES
    return Verdict.UNDECIDED if report.verdict is gp.Verdict.UNDECIDED else Verdict.ACCUSES


def failed(specimen: Asked, said: str) -> bool:
    """Whether it is not what is to be said of a specimen."""
    if said == Verdict.UNDECIDED and specimen.open:
        return False
    return said != (Verdict.PASSES if specimen.right else Verdict.ACCUSES)
