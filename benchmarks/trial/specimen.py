"""A specimen: a function with a gradient that is right or wrong, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Params = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Problem:
    """What a checker is given: ``fun(params, *args)`` is real, ``grad`` claims its gradient.

    ``params`` are NumPy arrays by name; ``grad`` returns the same names. Where it is ``given`` a
    checker gets what it returns at the point, and no function.
    """

    fun: Callable[..., float]
    params: Params
    grad: Callable[..., Params]
    args: tuple[Any, ...] = ()
    given: bool = False

    @property
    def size(self) -> int:
        """How many real coordinates there are."""
        return sum(p.size * (2 if np.iscomplexobj(p) else 1) for p in self.params.values())


@dataclass(frozen=True)
class Specimen:
    """One case of the trial.

    ``make`` builds the problem anew, so that no contestant sees what another one left behind.
    ``error`` is the relative error of the worst block, 0 where the gradient is right. ``blocks``
    are the names of the wrong blocks, ``entries`` their wrong entries where not all are (tuples),
    ``kind`` the cause in gradproof's words. ``why`` says in one line what makes it hard.
    Where it is ``open`` nothing is wrong with a checker that cannot tell.
    """

    name: str
    family: str
    make: Callable[[], Problem]
    error: float = 0.0
    blocks: tuple[str, ...] = ()
    entries: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    kind: str = ""
    why: str = ""
    open: bool = False

    @property
    def right(self) -> bool:
        """Whether the gradient is right."""
        return not self.blocks


@dataclass(frozen=True)
class Call:
    """A specimen that only gradproof can be asked about: of torch, say, or a product of a Jacobian.

    ``ask`` is the call, which returns its report; the rest is as in ``Specimen``.
    """

    name: str
    family: str
    ask: Callable[[], Any]
    right: bool
    why: str = ""
    open: bool = False
