"""A small function at several points in one go, and what its framework claims of it there.

Each call gets copies of its own, one pass serves all claims and their repetition, and what all the
calls return is read at once. Nothing is reported here: whatever is unusual ends it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.protocol import Backend, Rows
from ..space import tree
from .asked import Asked
from .outputs import looked_at
from .providers import MULTIPLE
from .stopped import Tape, held

Numbers = NDArray[np.float64]

_LISTS = 16  # of cotangents: more outputs are a matter of their own
_ONE: list[tuple[Numbers | None, list[int]]] = [(np.ones((1, 1)), [0])]


class StrangeError(Exception):
    """What the check at length has to look at."""


def demand(holds: bool) -> None:
    """What has to be so, if this is to go on."""
    if not holds:
        raise StrangeError


class Together:
    """The calls of one function; ``first`` holds what the first of ``calls`` returned."""

    def __init__(self, asked: Asked, rows: Rows) -> None:
        self.asked, self.rows, self.point = asked, rows, asked.where
        self.library: Backend = asked.grad.framework
        self.calls = 0
        self.first: tuple[Any, ...] = ()
        self.centres: list[float] = []
        self.scales: list[float] = []  # magnitudes of what is added up to each of them
        self.sizes: list[float] = []  # the larger of both
        self._weights = _ONE
        self._apart: Sequence[Any] = ()  # what the claims are made of
        self._lists: Callable[[float], Sequence[Sequence[Any]]] = lambda _: []

    def here(self) -> None:
        """The values at the point, twice: ``centres`` and ``scales``."""
        *rows, self._apart = self.rows.at(np.tile(self.rows.origin, (3, 1)))
        tape = Tape()
        with self.library.calling("fun", promoted=False):
            with held(tape):
                first = self._call(rows[0])
            demand(not tape.values)
            self.first = (first,)
            results = [tree.leaves(first), tree.leaves(self._call(rows[1]))]
        self._look_at(results[0])
        numbers, read = self._read(results)
        demand(all([np.array_equal(y[0], y[1]) for _, _, y in read]))
        squares = np.zeros(numbers.shape[1])
        for weights, lists, y in read:
            squares[lists] += np.square(weights * y[0]).sum(1)
        self.centres, self.scales = numbers[0].tolist(), np.sqrt(squares).tolist()
        self.sizes = list(map(max, self.scales, map(abs, self.centres)))

    def claims(self) -> tuple[Numbers, Numbers]:
        """The claims, a row each, and by how much they change for other multiples of cotangents.

        These come in another memory layout. All are pulled back through one pass.
        """
        with self.library.calling("grad", promoted=False):
            back = self.library.vjp(lambda moved: tree.leaves(self._fun(moved)), self._apart)
            try:
                demand(not back.untracked())
                pulled = [back.pull(list(c)) for c in self._lists(1.0)]
                back.scatter()
                pulled += [back.pull(list(c)) for c in self._lists(MULTIPLE.factor)]
                demand(not back.drew())
            finally:
                back.close()
        every = [gradient for each in self._reached(pulled) for gradient in each]
        shapes = [block.shape for block in self.point.blocks] * len(pulled)
        found = self.library.about.joined(every, shapes)
        demand(found is not None and found.size == len(pulled) * self.point.count)
        assert found is not None
        made, other = found.reshape(2, len(pulled) // 2, -1)
        return made, made - other / MULTIPLE.factor

    def _reached(self, pulled: list[list[Any]]) -> list[list[Any]]:
        """Zeros stand in for gradients of outputs that do not depend on a block, as others do."""
        for index in range(len(self.point.blocks)):
            absent = [each for each in pulled if each[index] is None]
            demand(len(absent) < len(pulled))
            for each in absent:
                leaf, block = self.point.leaf(index), self.point.blocks[index]
                each[index] = self.library.array(np.zeros(block.count), leaf.detach())
        return pulled

    def along(self, moves: Numbers) -> list[list[float]]:
        """The numbers of each projection where the point moved, those after each move."""
        rows = self.rows.at(self.rows.origin + moves)
        with self.library.calling("fun", promoted=False):
            results = [self._leaves(row) for row in rows]
        return self._read(results)[0].T.tolist()  # type: ignore[no-any-return]

    def _call(self, leaves: Sequence[Any]) -> Any:
        self.calls += 1
        return self._fun(leaves)

    def _fun(self, leaves: Sequence[Any]) -> Any:
        return self.asked.fun(self.point.assemble(leaves))

    def _leaves(self, leaves: Sequence[Any]) -> list[Any]:
        return list(tree.leaves(self._call(leaves)))

    def _look_at(self, outputs: Sequence[Any]) -> None:
        lone = outputs[0] if len(outputs) == 1 else None
        if lone is not None and math.prod(lone.shape) == 1 and not lone.is_complex():
            array = self.library.array
            self._lists = lambda factor: [[array(np.array([factor]), lone)]]
            return
        look = looked_at(outputs, self.asked.options.seed)
        demand(look is not None and len(look.cotangents) <= _LISTS)
        assert look is not None
        self._weights, self._lists = look.flat(), look.times

    def _read(
        self, results: Sequence[Sequence[Any]]
    ) -> tuple[Numbers, list[tuple[Numbers, list[int], Numbers]]]:
        """The numbers of all calls, a row each; and the outputs that they were made of."""
        count = len(self._weights)
        demand(all([len(result) == count for result in results]))
        read, most = list[tuple[Numbers, list[int], Numbers]](), 0
        for i, (weights, lists) in enumerate(self._weights):
            if weights is None:
                continue
            y = self.rows.read([result[i] for result in results])
            demand(y is not None and y.shape[1] == weights.shape[1])
            assert y is not None
            read.append((weights, lists, y))
            most = max(most, *lists)
        numbers = np.zeros((len(results), most + 1))
        for weights, lists, y in read:
            numbers[:, lists] += y @ weights.T
        return numbers, read


def apart(point: Any, changes: Numbers) -> list[tuple[float, ...]]:
    """The norms of what claims changed by, by block."""
    if not changes.any():
        return [(0.0,) * len(point.blocks)] * len(changes)
    return [arrays.norms(row, point.slices) for row in changes]
