"""From the arguments of a check to a session: evaluate at the point, and get the claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import arrays
from ..backend.protocol import WANTS_GRAD
from ..backend.registry import framework_of, frameworks, home
from ..records.finding import Finding, Kind
from ..space.point import Working
from .asked import Asked
from .guards import Caller, draws
from .moved import Moves, displace
from .obtain import obtain
from .outputs import Outputs, Projected, Reading, Scalar, is_scalar
from .promotion import promote
from .providers import Jacobian, as_array, linear, raw_gradient, watchable
from .session import Projection, Session, alike
from .surroundings import moved_on, surroundings

_REPEATS = 4  # further evaluations at the point, to measure the spread of a random function

# A claim in a precision coarser than this has a round-off of its own that matters.
_DOUBLE = float(np.finfo(np.float64).eps)


def prepare(
    asked: Asked,
    calls: dict[str, int] | None = None,
    *,
    traces: bool = False,
    first: tuple[Any, ...] = (),
) -> Session:
    """Evaluate ``fun`` twice at the point, obtain the claim, and promote where that is possible.

    ``calls`` goes on counting from an earlier session; ``traces``: in that ``fun`` was seen to
    leave something behind. ``first`` holds what ``fun`` returned there before, if it was called.
    """
    point, options = asked.where, asked.options
    caller = Caller(
        tuple(options.args), options.kwargs or {}, point.library,
        calls={} if calls is None else calls,
    )  # fmt: skip
    session = Session(asked, caller, notes=list(options.notes))
    function = None if session.grad is True else watchable(session)
    before = surroundings(function)
    result = first[0] if first else _first_result(session)
    session.traces = traces or (callable(function) and moved_on(function, before))
    session.seen = before
    caller.tape.recording = False
    session.look_for_mutation("fun")
    if _has_jacobian(session, result) and isinstance(result, list | tuple):
        session.fun, result = as_array(session.fun), np.asarray(result, np.float64)
    session.outputs = _outputs(session, result, options.seed)
    readings = _repeat(session, session.outputs.measure(result), options.seed)
    for mode, made in obtain(session, result):
        session.projections += [
            Projection(k, r.value, r.scale, r.floor, r.scatter, c, mode)
            for k, (r, c) in enumerate(zip(readings, made, strict=True))
        ]
    if max([point.eps(b.index) for b in point.blocks]) > _DOUBLE:
        promote(session)
    caller.where = lambda: ""
    return session


def beside(session: Session, moves: Moves, distance: float, effort: str = "") -> Session:
    """The same check where every block moved, ``distance`` times its own scale.

    With another effort perhaps.
    """
    point = session.asked.where
    working = Working(point, promote=False)
    displace(working, moves, distance)
    options = session.asked.options
    asked = dataclasses.replace(
        session.asked,
        where=point.at(working.tree()),
        grad=session.grad,
        options=dataclasses.replace(options, effort=effort or options.effort),
    )
    return prepare(asked, session.caller.calls)


def _first_result(session: Session) -> Any:
    """What ``fun`` returns at the point; it may want to differentiate something by itself."""
    try:
        return session.result()
    except Exception as error:
        framework = framework_of(session.point.leaf(0))
        if framework is None or framework.meaning(error) != WANTS_GRAD:
            raise
        session.caller.recording = session.working.recording = True
        try:
            return session.result()
        except Exception:  # noqa: BLE001 - whatever it is: the first one is the user's
            raise error from None


def _outputs(session: Session, first: Any, seed: int) -> Outputs:
    """A number where ``fun`` returns one or the claim allows nothing else; else cotangents."""
    if linear(session):
        return Scalar(inside=True) if is_scalar(first) else Projected(first, seed)
    claimed = session.grad
    if isinstance(claimed, Jacobian):
        sizes = claimed.sizes
        if sizes is None and claimed.fixed:
            sizes = claimed.rows(session.point, claimed.function, first)
        return Projected(first, seed, sizes)
    return Scalar(with_gradient=session.grad is True)


def _has_jacobian(session: Session, first: Any) -> bool:
    """Whether ``grad`` is or returns a Jacobian; from then on it is the claim."""
    function = session.grad
    if function is True or linear(session) or isinstance(function, Jacobian):
        return isinstance(function, Jacobian)
    if isinstance(first, list | tuple) and _is_row(first):
        first = np.asarray(first, np.float64)
    array = isinstance(first, np.ndarray) or framework_of(first) is not None
    if not (array and np.ndim(first) and np.prod(np.shape(first))):
        return False
    dtype = home(first).dtype(first)
    if not arrays.continuous(dtype) or arrays.is_complex(dtype):
        return False
    jacobian, raw = Jacobian(function), raw_gradient(session)
    if not jacobian.fits(session.point, raw, first):
        return False
    sizes = jacobian.rows(session.point, raw, first)
    session.grad = dataclasses.replace(jacobian, sizes=sizes)
    return True


def _is_row(found: Sequence[Any]) -> bool:
    """Whether it is a list of numbers, as functions for solvers often return."""
    return all([isinstance(x, int | float | np.number) for x in found])


def _repeat(session: Session, first: tuple[Reading, ...], seed: int) -> tuple[Reading, ...]:
    """Evaluate again; if the value differs, seed the generators; else measure the scatter.

    Two draws may be the same by chance, so that who draws at all is seeded.
    """
    before = [reading.value for reading in first]
    second, drawn = draws(session.again)
    within = [reading.rounding for reading in first]
    if alike(before, second, within):
        session.caller.seed = seed if drawn else None
        return _with_values(first, session.again() if drawn else second)
    session.caller.seed = seed
    values = [session.again(), session.again()]
    if alike(values[0], values[1], within):
        session.findings.append(
            Finding(
                Kind.NONDETERMINISTIC,
                None,
                f"fun is random: two calls at the point gave {before[0]:.8g} and "
                f"{second[0]:.8g}. The global generators of {_generators()} were seeded with "
                f"{seed} before every call, which makes it repeatable.",
            )
        )
        return _with_values(first, values[-1])
    session.caller.seed = None
    scattered = np.array([*(session.again() for _ in range(_REPEATS)), before, second], float)
    spreads, centres = scattered.std(axis=0, ddof=1), scattered.mean(axis=0)
    session.findings.append(
        Finding(
            Kind.NONDETERMINISTIC,
            None,
            f"fun is not repeatable: {len(scattered)} calls at the point scatter by "
            f"{spreads[0]:.2g} about {centres[0]:.8g}, seeded or not. The scatter counts "
            "as noise; make fun repeatable (pass its generator a fixed seed, reset its state) "
            "for a sharper check.",
        )
    )
    return tuple(
        dataclasses.replace(reading, value=float(centre), scatter=float(spread))
        for reading, centre, spread in zip(first, centres, spreads, strict=True)
    )


def _with_values(readings: tuple[Reading, ...], values: Sequence[Any]) -> tuple[Reading, ...]:
    return tuple(
        dataclasses.replace(reading, value=value)
        for reading, value in zip(readings, values, strict=True)
    )


def _generators() -> str:
    names = ["NumPy", *(framework.about.name for framework in frameworks())]
    return ", ".join(names) + " and Python"
