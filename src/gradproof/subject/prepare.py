"""From the arguments of a check to a subject: evaluate at the point, and get the claim."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..backend.protocol import framework_of, frameworks, home
from ..errors import UsageError
from ..records.direction import Direction
from ..records.finding import Finding, Kind
from ..space.point import Course, Point, Working
from . import claim as claims
from .claim import Claim, Claimed
from .claimants import ANOTHER, Autodiff, Jacobian, linear, raw_gradient
from .claimants import claim as claimed
from .forward import Forward, Pushed
from .forward import pushed_claims as pushed
from .forward import round_off as pushed_round_off
from .gradient import Gradient, Projection, alike
from .guards import Caller
from .outputs import Outputs, Projected, Reading, Scalar, is_scalar
from .stopped import Tape

_TREMOR = 1e-6  # a move that changes a gradient by next to nothing, unless it is noise

_REPEATS = 4  # further evaluations at the point, to measure the spread of a random function

ONLY_REVERSE = "only reverse mode was checked"

_TITLES = {"torch": "PyTorch", "jax": "JAX"}

# A claim in a precision coarser than this has a round-off of its own that matters.
_DOUBLE = float(np.finfo(np.float64).eps)

RoundOff = Callable[[float, float, float], float]


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
    for mode, made in _claims(subject, first, round_off):
        subject.projections += [
            Projection(k, r.value, r.scale, r.floor, r.scatter, c, mode)
            for k, (r, c) in enumerate(zip(readings, made, strict=True))
        ]
    if max(point.eps(b.index) for b in point.blocks) > _DOUBLE:
        _promote(subject, round_off)
    subject.caller.where = lambda: ""
    return subject


def beside(
    subject: Gradient, direction: Direction, distance: float, round_off: RoundOff
) -> Gradient:
    """The same subject at a point some way along a direction."""
    working = Working(subject.point, promote=False)
    working.course(direction).move(distance)
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
    second = _again(subject)
    if alike(before, second):
        return _with_values(first, second)
    subject.caller.seed = seed
    values = [_again(subject), _again(subject)]
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
    scattered = np.array([*(_again(subject) for _ in range(_REPEATS)), before, second], float)
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


def _again(subject: Gradient) -> tuple[Any, ...]:
    if subject.copying:
        subject.working.restore()
    value = subject.here()
    subject.look_for_mutation("fun")
    return value


def _claims(
    subject: Gradient, first: Any, round_off: RoundOff
) -> Iterator[tuple[str, Sequence[Claimed]]]:
    """The claims, mode by mode; a mode is named where there may be another one."""
    grad = subject.grad
    reverse, forward = (grad.reverse, grad.forward) if linear(subject) else (True, False)
    labels = grad.labels if linear(subject) else ("", "")
    if reverse:
        try:
            made = _reverse(subject, first, round_off)
        except Exception as error:
            if not (forward and isinstance(grad, Autodiff) and grad.framework.only_forward(error)):
                raise
            subject.notes.append(f"Only forward mode was checked: {error}".splitlines()[0])
        else:
            yield labels[0], made
    if forward:
        function = grad.framework if isinstance(grad, Autodiff) else grad.jvp
        products = Forward(subject, function, first)
        if products.exists():
            norms = [projection.claim.norms for projection in subject.projections]
            yield labels[1], pushed(products, len(subject.outputs.cotangents), norms)
        elif not subject.projections:
            raise UsageError("fun has no forward mode (a jvp rule): there is nothing to check.")
        elif not (isinstance(grad, Autodiff) and grad.framework.both):
            subject.notes.append(f"fun has no forward mode: {ONLY_REVERSE}.")


def _reverse(subject: Gradient, first: Any, round_off: RoundOff) -> list[Claim]:
    if subject.movable:
        made = _called_claims(subject, first, round_off)
    else:
        made = [claims.owned(claims.match(subject.point, subject.grad))]
    for index, reason in made[0].missing.items():
        if all(index in claim.missing for claim in made):
            subject.findings.append(_missing(subject, index, reason))
    return made


def _missing(subject: Gradient, index: int, reason: str) -> Finding:
    name = subject.point.blocks[index].name
    advice = "is it used, and not detached?" if linear(subject) else "return an entry of its shape."
    return Finding(
        Kind.MISSING_BLOCK,
        name,
        f"{name}: {reason}; it was checked as if it were zero: {advice}",
    )


def _called_claims(subject: Gradient, first: Any, round_off: RoundOff) -> list[Claim]:
    """Call ``grad`` twice, and keep of the first answer only a sketch.

    Two gradients at once would double the memory. Where the user keeps the arrays, to fill
    them again at the next call perhaps, a copy is the claim. A product with cotangents is
    asked for another multiple of them first: it has to give the same multiple.
    """
    factor = ANOTHER if linear(subject) else 1.0
    made, changes, kept = _claim_twice(subject, first, factor, lambda: None)
    if any(map(any, changes)):
        after_fun, fewer, kept = _claim_twice(subject, first, 1.0, lambda: _again(subject))
        if not any(map(any, fewer)):
            if linear(subject):
                _tell_not_linear(subject, made, changes, round_off)
            else:
                subject.notes.append(
                    "grad gives another answer at a second call unless fun is called before it: "
                    "fun was called before each call of grad."
                )
            return [claims.owned(claim) for claim in after_fun]
        noise = [tuple(map(max, *pair)) for pair in zip(changes, fewer, strict=True)]
        _tell_random_claim(subject, made, changes)
        made = [
            dataclasses.replace(claim, noise=scatter)
            for claim, scatter in zip(after_fun, noise, strict=True)
        ]
    return [claims.owned(claim) for claim in made] if kept else made


def _claim_twice(
    subject: Gradient, first: Any, factor: float, before: Callable[[], object]
) -> tuple[list[Claim], list[tuple[float, ...]], bool]:
    """The second of two claims, how far the first was from it, and who holds its arrays.

    ``factor`` multiplies the cotangents at the first call.
    """
    blocks = subject.point.blocks
    before()
    earlier = call_grad(subject, first, factor)
    seen = [claims.sketch(claim, blocks) / factor for claim in earlier]
    held = [claims.watched(claim) for claim in earlier]
    del earlier
    kept = any(ask() for ask in held)
    before()
    made = call_grad(subject, first)
    apart = [
        claims.distance(sketch, claims.sketch(claim, blocks))
        for sketch, claim in zip(seen, made, strict=True)
    ]
    return made, apart, kept


def _tell_not_linear(
    subject: Gradient,
    made: Sequence[Claim],
    changes: Sequence[tuple[float, ...]],
    round_off: RoundOff,
) -> None:
    """The blocks whose claim is not the same multiple when the cotangent is."""
    for block in subject.point.blocks:
        apart, norm = max(
            (changes[k][block.index], claim.norms[block.index]) for k, claim in enumerate(made)
        )
        if round_off(norm, norm + apart, subject.point.eps(block.index)) == 0:
            continue
        subject.not_linear.add(block.index)
        subject.findings.append(
            Finding(
                Kind.NOT_LINEAR,
                block.name,
                f"{block.name}: the backward is not linear in the gradient that comes from above: "
                f"for {ANOTHER:g} times that gradient it does not return {ANOTHER:g} times as "
                f"much, but is off by {apart / (norm or 1.0):.2g} of it. Is the upstream gradient "
                "ignored, or used on one term only?",
            )
        )


def call_grad(subject: Gradient, first: Any, factor: float = 1.0) -> list[Claim]:
    """The claims at the working copy; ``first`` is what ``fun`` returned at the point."""
    if subject.copying:
        subject.working.restore()
    made = claimed(subject, first, factor)
    subject.look_for_mutation("grad")
    return made


def doubt(subject: Gradient) -> list[tuple[float, ...]]:
    """The round-off of a low-precision claim: how far it is from the same code in float64.

    A fault is in both and stays; zero where the code cannot be run in float64.
    """
    blocks = subject.point.blocks
    noise = [(0.0,) * len(blocks) for _ in subject.projections]
    if not (subject.movable and subject.promoted):
        return noise
    every = list(enumerate(projection.claim for projection in subject.projections))
    reverse = [(k, claim) for k, claim in every if isinstance(claim, Claim)]
    forward = [(k, claim) for k, claim in every if isinstance(claim, Pushed)]
    try:
        finer = call_grad(subject, subject.result()) if reverse else []
        apart = pushed_round_off(forward[0][1].forward) if forward else []
    except Exception:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        return noise
    for (k, claim), twin in zip(reverse, finer, strict=True):
        seen = claims.sketch(claim, blocks)
        noise[k] = claims.distance(seen, claims.sketch(twin, blocks))
    for (k, _), distance in zip(forward, apart, strict=True):
        noise[k] = (distance,) * len(blocks)
    return noise


def trembling(subject: Gradient, course: Course) -> list[tuple[float, ...]]:
    """How far the claims are from those a millionth of each block's scale away.

    Where a gradient is nothing but round-off, that is as far as it is large.
    """
    blocks = subject.point.blocks
    noise = [(0.0,) * len(blocks) for _ in subject.projections]
    known = [(k, p.claim) for k, p in enumerate(subject.projections) if isinstance(p.claim, Claim)]
    if not (subject.movable and known):
        return noise
    course.move(_TREMOR)
    made = claimed(subject, subject.result())
    course.back()
    for (k, claim), moved in zip(known, made, strict=True):
        noise[k] = claims.distance(claims.sketch(claim, blocks), claims.sketch(moved, blocks))
    return noise


def _tell_random_claim(
    subject: Gradient, made: Sequence[Claim], noise: Sequence[tuple[float, ...]]
) -> None:
    share, worst = max(
        (apart / (claim.norms[i] or 1.0), i)
        for claim, scatter in zip(made, noise, strict=True)
        for i, apart in enumerate(scatter)
    )
    name = subject.point.blocks[worst].name
    subject.findings.append(
        Finding(
            Kind.NONDETERMINISTIC,
            name,
            f"grad is not repeatable: two calls at the same point differ by {share:.2g} of the "
            f"gradient of {name}. The difference counts as noise of the claim.",
        )
    )


def _promote(subject: Gradient, round_off: RoundOff) -> None:
    """Evaluate in double precision where ``fun`` allows it and the value stays the same."""
    point, before = subject.point, [float(p.centre) for p in subject.projections]
    coarsest = max(point.blocks, key=lambda b: point.eps(b.index))
    eps, dtype = point.eps(coarsest.index), coarsest.dtype
    native, refusals = subject.caller.tape, []
    # One copy at a time: the native one is made again if it turns out to be needed.
    subject.working.release()
    subject.working = _working(subject, promote=True)
    for deep in subject.library.promotions:
        subject.caller.promote(promoted=True, deep=deep)
        refused = _refused(subject, before, lambda one, other: round_off(one, other, eps))
        if refused is None:
            subject.promoted = True
            subject.notes.append(f"{dtype} parameters; fun was evaluated with them in float64.")
            return
        refusals.append(refused)
    reason, apart = refusals[0]
    for projection, distance in zip(subject.projections, apart, strict=True):
        if np.isfinite(distance):
            projection.scatter = max(projection.scatter, distance)
    subject.working.release()
    subject.working = _working(subject, promote=False)
    subject.caller.promote(promoted=False)
    subject.caller.tape = native
    if all(map(np.isfinite, before)):
        subject.notes.append(
            f"fun was evaluated in {dtype}, since {reason} in float64: the resolution is what is "
            "left."
        )


def _refused(
    subject: Gradient, before: Sequence[float], apart_by: Callable[[float, float], float]
) -> tuple[str, Sequence[float]] | None:
    """Why double precision will not do, and how far the values are apart; None where it will."""
    subject.caller.tape = Tape()
    try:
        result = subject.result()
        subject.caller.tape.recording = False
        measured = subject.outputs.measure(result)
        readings = [measured[projection.reading] for projection in subject.projections]
        subject.look_for_mutation("fun")
    except Exception as error:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        nothing = [0.0] * len(before)
        return f"it raises {type(error).__name__} there", nothing
    apart = [
        apart_by(_offset(p) + value, _offset(p) + float(r.value))
        for p, value, r in zip(subject.projections, before, readings, strict=True)
    ]
    if any(apart):
        k = max(range(len(apart)), key=lambda i: apart[i])
        changed = f"from {before[k]:.8g} to {float(readings[k].value):.8g}"
        return f"its value changes {changed}", apart
    for projection, reading in zip(subject.projections, readings, strict=True):
        projection.centre, projection.floor = reading.value, reading.floor
    return None


def _working(subject: Gradient, *, promote: bool) -> Working:
    working = Working(subject.point, promote=promote)
    working.recording = subject.caller.recording
    return working


def _offset(projection: Projection) -> float:
    """What makes values comparable where terms of either sign cancel; 0 for a lone number."""
    return projection.scale if projection.scale > abs(float(projection.centre)) else 0.0
