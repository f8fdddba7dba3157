"""A claim that is right at a special point and wrong beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..backend.registry import outside
from ..judge.thresholds import T
from ..records.finding import Finding, Kind
from ..records.verdict import Ruling, Verdict
from ..subject.session import Session
from .state import State

_SAYS = (
    "{name}: right at this point and wrong beside it, by {error:.2g} of itself where every block "
    "is moved by about 1 % of its size. Every block is constant or symmetric here, and such a "
    "point hides faults. If the gradient is meant for this point only, pass the array that it "
    "returns here as grad=."
)


def hiding(session: Session, here: State, beside: State) -> State:
    """The state at the point, with suspicion where the claim is rejected ``beside`` it."""
    ruled = dict(here.ruled)
    if beside.rejects and _symmetrises(session):
        return here  # its points are symmetric ones: beside them there is nothing to be right about
    for block, judgement in zip(here.setting.blocks, beside.judgements, strict=True):
        if judgement.verdict.rejects:
            ruled[block.index] = Ruling(Verdict.SUSPECT, "right here, wrong beside it")
            reported = _SAYS.format(name=block.name, error=judgement.error)
            session.findings.append(Finding(Kind.SPECIAL_POINT, block.name, reported))
    return replace(here, ruled=ruled, known={}) if len(ruled) > len(here.ruled) else here


def _symmetrises(session: Session) -> bool:
    """Whether ``fun`` looks at the symmetric part of its matrices only, or refuses any other."""
    point, leaves = session.point, []
    for block in point.blocks:
        array = point.host(block.index)
        square = array.ndim > 1 and array.shape[-1] == array.shape[-2]
        if array.dtype.kind == "c" or not square or (array == array.flat[0]).all():
            return False
        random = np.random.default_rng(block.index).normal(size=array.shape)
        moved = array + T.beside * block.scale * (random - random.swapaxes(-1, -2))
        leaf = point.leaf(block.index)
        leaves.append(point.home(block.index).array(np.ravel(moved).astype(np.float64), leaf))
    try:
        values = session.read(session.caller(session.fun, "fun", point.assemble(leaves)))
    except Exception as error:
        if not outside(error):
            raise
        return True
    every = zip(values, session.projections, strict=True)
    return all([abs(v - p.centre) <= T.same_value * p.rounding for v, p in every])
