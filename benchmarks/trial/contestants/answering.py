"""How every judge is run: in silence, with seeded generators, "n/a" where it cannot be asked."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import wraps
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import Any

import numpy as np

from ..contestant import Answer, Verdict
from ..specimen import Problem

SEED = 0
LONGEST_NOTE = 300


class CannotError(Exception):
    """The checker cannot be given this problem; the text says why."""


def installed(package: str) -> str | None:
    """The version of a package, without importing it."""
    try:
        return version_of(package)
    except PackageNotFoundError:
        return None


def answering(judge: Callable[[Any, Problem], Answer]) -> Callable[[Any, Problem], Answer]:
    """Run a judge reproducibly and without a word; a ``CannotError`` becomes an answer.

    Most judges call the gradient at other points as well, or themselves: those that
    need not ``take_arrays``; the others cannot be asked about a claim that is given as arrays.
    """

    @wraps(judge)
    def run(self: Any, problem: Problem) -> Answer:
        with _silence(), _seeded_numpy():
            if problem.given and not getattr(self, "take_arrays", False):
                return Answer(Verdict.CANNOT, note="the claim is an array, and no function")
            try:
                return judge(self, problem)
            except CannotError as reason:
                return Answer(Verdict.CANNOT, note=str(reason))

    return run


def passes_if(passed: bool, note: object = "") -> Answer:
    """The answer of a checker that says yes or no and names nothing."""
    return Answer(Verdict.PASSES if passed else Verdict.ACCUSES, note=shortened(note))


def shortened(note: object) -> str:
    """A note of bearable length: messages of checkers hold whole Jacobians."""
    text = str(note).strip()
    return text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 1] + "…"


@contextmanager
def _silence() -> Iterator[None]:
    with (
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _seeded_numpy() -> Iterator[None]:
    """Seed NumPy's global generator: pymanopt, autograd and functions under test draw from it."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(SEED)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
