"""From the arguments of a check to a subject: evaluate at the point, and get the claim."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..records.direction import Direction
from ..records.finding import Finding, Kind
from ..space.point import Point, Working
from . import claim as claims
from .claim import Claim
from .gradient import Gradient, mutation, scalar
from .guards import Caller

_REPEATS = 4  # further evaluations at the point, to measure the spread of a random function

# A claim in a precision coarser than this has a round-off of its own that matters.
_DOUBLE = float(np.finfo(np.float64).eps)

SameValue = Callable[[float, float, float], bool]


def prepare(
    fun: Callable[..., Any],
    point: Point,
    grad: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    seed: int,
    same_value: SameValue,
    calls: dict[str, int] | None = None,
) -> Gradient:
    """Evaluate ``fun`` twice at the point, obtain the claim, and promote where that is possible.

    ``same_value(one, other, eps)`` says whether two values agree in a precision; ``calls``
    goes on counting from an earlier subject.
    """
    caller = Caller(args, kwargs, calls={} if calls is None else calls)
    subject = Gradient(point, caller, fun, grad)
    subject.working = Working(point, promote=False)
    first = _first_value(subject)
    _repeat(subject, scalar(first, grad is True), seed)
    subject.claim = _claim(subject, first)
    if max(point.eps(b.index) for b in point.blocks) > _DOUBLE:
        _promote(subject, same_value)
    subject.caller.where = ""
    return subject


def beside(
    subject: Gradient, direction: Direction, distance: float, same_value: SameValue
) -> Gradient:
    """The same subject at a point some way along a direction."""
    working = Working(subject.point, promote=False)
    working.course(direction).move(distance)
    caller = subject.caller
    return prepare(
        subject.fun, Point(working.tree()), subject.grad, caller.args, caller.kwargs,
        direction.seed, same_value, caller.calls,
    )  # fmt: skip


def _first_value(subject: Gradient) -> Any:
    result, changed = subject.caller.watch(subject.fun, "fun", subject.working.tree())
    _tell_mutation(subject, "fun", changed)
    return result


def _tell_mutation(subject: Gradient, role: str, changed: list[str]) -> None:
    changed = subject.working.changed() + changed
    if not changed:
        return
    subject.working.restore()
    subject.copying = subject.caller.protect = True
    subject.findings.append(mutation(role, changed))


def _repeat(subject: Gradient, first: Any, seed: int) -> None:
    """Evaluate again; if the value differs, seed the generators; else measure the scatter."""
    second = _again(subject)
    if not _differ(first, second):
        subject.centre = second
        return
    subject.caller.seed = seed
    values = [_again(subject), _again(subject)]
    if not _differ(*values):
        subject.centre = values[-1]
        subject.findings.append(
            Finding(
                Kind.NONDETERMINISTIC,
                None,
                f"fun is random: two calls at the point gave {first:.8g} and {second:.8g}. "
                f"The global generators of NumPy and Python were seeded with {seed} before "
                "every call, which makes it repeatable.",
            )
        )
        return
    subject.caller.seed = None
    values = [float(_again(subject)) for _ in range(_REPEATS)]
    values += [float(first), float(second)]
    subject.spread = float(np.std(values, ddof=1))
    subject.centre = float(np.mean(values))
    subject.findings.append(
        Finding(
            Kind.NONDETERMINISTIC,
            None,
            f"fun is not repeatable: {len(values)} calls at the point scatter by "
            f"{subject.spread:.2g} about {subject.centre:.8g}, seeded or not. The scatter counts "
            "as noise; make fun repeatable (pass its generator a fixed seed, reset its state) "
            "for a sharper check.",
        )
    )


def _again(subject: Gradient) -> Any:
    if subject.copying:
        subject.working.restore()
    return subject.here()


def _differ(one: Any, other: Any) -> bool:
    return not (one == other or (np.isnan(one) and np.isnan(other)))


def _claim(subject: Gradient, first: Any) -> Claim:
    if subject.grad is True:
        # The user may fill the same buffers again at every call.
        claim = claims.match(subject.point, copy.deepcopy(first[1]))
    elif callable(subject.grad):
        claim = _called_claim(subject)
    else:
        claim = claims.match(subject.point, subject.grad)
    for index, reason in claim.missing.items():
        name = subject.point.blocks[index].name
        subject.findings.append(
            Finding(
                Kind.MISSING_BLOCK,
                name,
                f"{name}: {reason}; it was checked as if it were zero. "
                "Return an entry of the same shape.",
            )
        )
    return claim


def _called_claim(subject: Gradient) -> Claim:
    """Call ``grad`` again, and for a low precision also one digit beside the point."""
    if subject.copying:
        subject.working.restore()
    result, changed = subject.caller.watch(subject.grad, "grad", subject.working.tree())
    _tell_mutation(subject, "grad", changed)
    first = claims.match(subject.point, result)
    prints = claims.fingerprint(first, subject.point.blocks)
    low_precision = claims.eps(first) > _DOUBLE
    if not low_precision:
        del result, first  # two gradients at once would double the memory
    second = _call_grad(subject)
    noise = (0.0,) * len(second.norms)
    if claims.fingerprint(second, subject.point.blocks) != prints:
        noise = claims.distance(second, _call_grad(subject))
        _tell_random_claim(subject, second, noise)
    if low_precision:
        subject.working.nudge()
        noise = tuple(map(max, noise, claims.distance(second, _call_grad(subject, restore=False))))
        subject.working.restore()
    return Claim(second.gradients, second.norms, noise, second.missing)


def _call_grad(subject: Gradient, *, restore: bool = True) -> Claim:
    if subject.copying and restore:
        subject.working.restore()
    return claims.match(subject.point, subject.caller(subject.grad, "grad", subject.working.tree()))


def _tell_random_claim(subject: Gradient, claim: Claim, noise: tuple[float, ...]) -> None:
    worst = max(range(len(noise)), key=lambda i: noise[i] / (claim.norms[i] or 1.0))
    name = subject.point.blocks[worst].name
    share = noise[worst] / (claim.norms[worst] or 1.0)
    subject.findings.append(
        Finding(
            Kind.NONDETERMINISTIC,
            name,
            f"grad is not repeatable: two calls at the same point differ by {share:.2g} of the "
            f"gradient of {name}. The difference counts as noise of the claim.",
        )
    )


def _promote(subject: Gradient, same_value: SameValue) -> None:
    """Evaluate in double precision where ``fun`` allows it and the value stays the same."""
    native, value = subject.working, subject.centre
    dtype = max((b.dtype for b in subject.point.blocks), key=lambda d: np.finfo(d).eps)
    eps = float(np.finfo(dtype).eps)
    subject.working = Working(subject.point, promote=True)
    try:
        promoted = _again(subject)
    except Exception as error:  # noqa: BLE001 - whatever it is: then float64 is not allowed
        reason = f"it raises {type(error).__name__} there"
    else:
        if same_value(float(value), float(promoted), eps):
            subject.promoted, subject.centre = True, promoted
            subject.notes.append(f"{dtype} parameters; fun was evaluated with them in float64.")
            return
        reason = f"its value changes from {float(value):.8g} to {float(promoted):.8g}"
    subject.working = native
    subject.notes.append(
        f"fun was evaluated in {dtype}, since {reason} in float64: the resolution is what is left."
    )
