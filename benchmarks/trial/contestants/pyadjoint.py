"""pyadjoint's taylor_test: how the Taylor remainder shrinks along one random direction.

``taylor_test`` takes "something with a similar interface" to a reduced functional: it calls it,
asks for its derivative, and does linear algebra through methods of the arguments. These are given
by the two small classes here.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from ..contestant import Answer, Verdict
from ..specimen import Problem
from .answering import SEED, answering, installed, passes_if
from .blocks import Array, Blocks

LEAST = 1.9


class Pyadjoint:
    """The parameters are the controls, block by block."""

    name = "pyadjoint taylor_test"
    names_blocks = False
    names_entries = False
    names_cause = False
    rule = (
        f"a convergence rate above {LEAST} passes, as in pyadjoint's own tests ('assert "
        f"taylor_test(...) > {LEAST}'); the direction is np.random.rand, as there, after "
        f"np.random.seed({SEED}). Where the rate is too low and pyadjoint warns that 'the taylor "
        "remainder is close to machine precision', undecided"
    )

    def version(self) -> str | None:
        return installed("pyadjoint-ad")

    @answering
    def judge(self, problem: Problem) -> Answer:
        from pyadjoint import taylor_test

        blocks = Blocks(problem, real=True)
        point = [_Control(array) for array in blocks.arrays]
        along = [_Control(np.random.rand(*a.shape)) for a in blocks.arrays]  # noqa: NPY002
        heard = _Heard()
        logging.getLogger().addHandler(heard)
        try:
            rate = taylor_test(_Functional(blocks), point, along)
        finally:
            logging.getLogger().removeHandler(heard)
        if not rate > LEAST and heard.machine_precision:
            return Answer(Verdict.UNDECIDED, note=f"rate {rate:.3f}, at machine precision")
        return passes_if(bool(rate > LEAST), f"rate {rate:.3f}")


class _Control:
    """An array with the linear algebra of pyadjoint's overloaded types."""

    def __init__(self, array: Any) -> None:
        self.array: Array = np.asarray(array)

    def _ad_mul(self, factor: float) -> _Control:
        return _Control(factor * self.array)

    def _ad_add(self, other: _Control) -> _Control:
        return _Control(self.array + other.array)

    def _ad_dot(self, other: _Control) -> float:
        return float(np.vdot(self.array, other.array))


class _Functional:
    """A reduced functional: its value, and the claim at the place of the last value."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._last: list[Array] = []

    def __call__(self, controls: list[_Control]) -> float:
        self._last = [control.array for control in controls]
        return float(self._blocks.value(*self._last))

    def derivative(self) -> list[_Control]:
        return [_Control(claim) for claim in self._blocks.claim(*self._last)]


class _Heard(logging.Handler):
    """Remembers whether pyadjoint called its own figure doubtful."""

    machine_precision = False

    def emit(self, record: logging.LogRecord) -> None:
        self.machine_precision |= "machine precision" in record.getMessage()
