"""From the arguments of a check to a subject: evaluate at the point, and get the claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..backend.protocol import framework_of, frameworks, home
from ..records.direction import Direction
from ..records.finding import Finding, Kind
from ..space.point import Point, Working
from .gradient import Gradient, Projection, alike
from .guards import Caller
from .obtain import RoundOff, obtain
from .outputs import Outputs, Projected, Reading, Scalar, is_scalar
from .promotion import promote
from .providers import Jacobian, linear, raw_gradient

_REPEATS = 4  # further evaluations at the point, to measure the spread of a random function

_TITLES = {"torch": "PyTorch", "jax": "JAX"}

# A claim in a precision coarser than this has a round-off of its own that matters.
_DOUBLE = float(np.finfo(np.float64).eps)


def prepare(
    fun: Callable[..., Any],
    point: Point,
    grad: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    seed: int,
    round_off: RoundOff,
    calls: dict[str, int] | None = None,
) -> Gradient:
    """Evaluate ``fun`` twice at the point, obtain the claim, and promote where that is possible.

    ``round_off(one, other, eps)`` says what two values in different precisions mean: 0 the
    same, a number how much round-off, infinity two different things. ``calls`` goes on
    counting from an earlier subject.
    """
    caller = Caller(args, kwargs, point.library, calls={} if calls is None else calls)
    subject = Gradient(point, caller, fun, grad)
    subject.working = Working(point, promote=False)
    first = _first_result(subject)
    caller.tape.recording = False
    subject.look_for_mutation("fun")
    subject.outputs = _outputs(subject, first, seed)
    readings = _repeat(subject, subject.outputs.measure(first), seed)
    for mode, made in obtain(subject, first, round_off):
        subject.projections += [
            Projection(k, r.value, r.scale, r.floor, r.scatter, c, mode)
            for k, (r, c) in enumerate(zip(readings, made, strict=True))
        ]
    if max(point.eps(b.index) for b in point.blocks) > _DOUBLE:
        promote(subject, round_off)
    subject.caller.where = lambda: ""
    return subject


def beside(
    subject: Gradient, direction: Direction, distance: float, round_off: RoundOff
) -> Gradient:
    """The same subject at a point some way along a direction."""
    working = Working(subject.point, promote=False)
    working.line(direction).move(distance)
    caller = subject.caller
    return prepare(
        subject.fun, subject.point.at(working.tree()), subject.grad, caller.args, caller.kwargs,
        direction.seed, round_off, caller.calls,
    )  # fmt: skip


def _first_result(subject: Gradient) -> Any:
    """What ``fun`` returns at the point; it may want to differentiate something by itself."""
    try:
        return subject.result()
    except Exception as error:
        framework = framework_of(subject.point.leaf(0))
        if framework is None or not framework.records(error):
            raise
        subject.caller.recording = subject.working.recording = True
        try:
            return subject.result()
        except Exception:  # noqa: BLE001 - whatever it is: the first one is the user's
            raise error from None


def _outputs(subject: Gradient, first: Any, seed: int) -> Outputs:
    """A number where ``fun`` returns one or the claim allows nothing else; else cotangents."""
    if linear(subject):
        return Scalar(inside=True) if is_scalar(first) else Projected(first, seed)
    if isinstance(subject.grad, Jacobian) or _is_jacobian(subject, first):
        return Projected(first, seed)
    return Scalar(with_gradient=subject.grad is True)


def _is_jacobian(subject: Gradient, first: Any) -> bool:
    """Whether ``grad`` returns a Jacobian; from then on it is the claim."""
    function, library = subject.grad, home(first)
    array = isinstance(first, np.ndarray) or library.name != "numpy"
    if not (callable(function) and array and library.number(first) and np.shape(first)):
        return False
    if library.dtype(first).startswith("complex") or np.prod(np.shape(first)) < 2:
        return False
    jacobian = Jacobian(function)
    if not jacobian.fits(subject.point, raw_gradient(subject), first):
        return False
    subject.grad = jacobian
    return True


def _repeat(subject: Gradient, first: tuple[Reading, ...], seed: int) -> tuple[Reading, ...]:
    """Evaluate again; if the value differs, seed the generators; else measure the scatter."""
    before = [reading.value for reading in first]
    second = subject.again()
    if alike(before, second):
        return _with_values(first, second)
    subject.caller.seed = seed
    values = [subject.again(), subject.again()]
    if alike(*values):
        subject.findings.append(
            Finding(
                Kind.NONDETERMINISTIC,
                None,
                f"fun is random: two calls at the point gave {before[0]:.8g} and "
                f"{second[0]:.8g}. The global generators of {_generators()} were seeded with "
                f"{seed} before every call, which makes it repeatable.",
            )
        )
        return _with_values(first, values[-1])
    subject.caller.seed = None
    scattered = np.array([*(subject.again() for _ in range(_REPEATS)), before, second], float)
    spreads, centres = scattered.std(axis=0, ddof=1), scattered.mean(axis=0)
    subject.findings.append(
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
    names = ["NumPy", *(_TITLES[framework.name] for framework in frameworks())]
    return ", ".join(names) + " and Python"
