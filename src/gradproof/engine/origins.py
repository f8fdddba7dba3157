"""The statements that computed wrong gradients, where that is sure."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..diagnose.lines import Watch, parts
from ..records.block import Block
from ..records.finding import Finding, Kind, SourceLine
from ..space.tree import beginnings, lookup
from ..subject.claim import Claim
from ..subject.providers import again, watchable
from .loop import Run
from .state import State


def find_lines(run: Run, findings: Mapping[int, Finding]) -> dict[int, SourceLine]:
    """The statements that computed the wrong blocks' gradients, where that is sure."""
    session, state = run.session, run.state
    wrong = [
        b
        for b, judged in zip(state.setting.blocks, state.judged, strict=True)
        if (judged.judgement.verdict.rejects or not all(c.finite(b.index) for c in state.claims))
        and isinstance(state.claims[judged.leading], Claim)
    ]
    if not wrong or not callable(given := watchable(session)):
        return {}
    code = getattr(inspect.unwrap(_function(given)), "__code__", None)
    if code is None:
        return {}
    given = [parts(session.point.host(b.index)) for b in state.setting.blocks]
    given += [parts(a) for a in session.caller.arrays().values() if a.dtype.kind in "fc"]
    signs = {b.index: _signs(state, b, findings.get(b.index), given) for b in wrong}
    sizes = frozenset(math.prod(b.shape) for b in wrong)
    watch = Watch(code.co_filename, sizes, np.unique(np.concatenate(list(signs.values()))))
    reading = session.projections[state.judged[wrong[0].index].leading].reading
    gradient = watch.run(lambda: again(session, reading))
    known = beginnings(session.point.tree.paths)
    found = {}
    for block in wrong:
        array = None
        with contextlib.suppress(KeyError):
            array = lookup(gradient, session.point.path(block.index), known)
        reported = findings.get(block.index)
        open_ = reported is None or reported.kind is Kind.UNEXPLAINED
        line = None if open_ and watch.is_store(array) else watch.origin(signs[block.index])
        line = line or watch.line(array)
        if line is not None:
            found[block.index] = line
    return found


_SIGNS = 40  # wrong numbers of a block that are followed to where they come from
_ORDERS = (Kind.TRANSPOSE, Kind.FLIP, Kind.PERMUTATION, Kind.EXCHANGED)


def _signs(
    state: State, block: Block, finding: Finding | None, given: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Numbers that are claimed where the claim is wrong, and neither ``given`` nor common.

    None where the numbers are right, and only their order is not.
    """
    claim = state.claims[state.judged[block.index].leading].gradient(block.index)
    if claim is None or (finding is not None and finding.kind in _ORDERS):
        return np.empty(0)
    chosen = np.asarray(claim)
    if finding is not None and finding.entries and len(finding.entries[0]) == chosen.ndim:
        chosen = chosen[tuple(np.array(finding.entries).T)]
    numbers = np.unique(parts(chosen.reshape(-1)))
    numbers = numbers[np.isfinite(numbers) & (numbers != np.rint(numbers))]
    for array in given:
        numbers = numbers[~np.isin(numbers, array)]
    step = max(1, numbers.size // _SIGNS)
    return np.asarray(numbers[::step], np.float64)


def _function(given: Any) -> Any:
    """The Python function inside whatever was given to compute the gradient."""
    while isinstance(given, partial):
        given = given.func
    if inspect.isfunction(given) or inspect.ismethod(given):
        return given
    return getattr(given, "__wrapped__", type(given).__call__)
