"""Obtaining the claims: twice, to see whether they are repeatable and linear in the cotangents."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import UsageError
from ..records.finding import Finding, Kind
from ..space.point import Line
from . import claim as claims
from .claim import Claim, Claimed
from .forward import Forward, pushed_claims
from .gradient import Gradient
from .providers import ANOTHER, Autodiff, linear
from .providers import claim as claimed

ONLY_REVERSE = "only reverse mode was checked"

_TREMOR = 1e-6  # a move that changes a gradient by next to nothing, unless it is noise

# One value, another in another precision, and the spacing of the coarser one: 0 where they are the
# same, how much round-off there is, or infinity where they are two different things.
RoundOff = Callable[[float, float, float], float]


def obtain(
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
            yield labels[1], pushed_claims(products, len(subject.outputs.cotangents), norms)
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
        after_fun, fewer, kept = _claim_twice(subject, first, 1.0, subject.again)
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


def trembling(subject: Gradient, line: Line) -> list[tuple[float, ...]]:
    """How far the claims are from those a millionth of each block's scale away.

    Where a gradient is nothing but round-off, that is as far as it is large.
    """
    blocks = subject.point.blocks
    noise = [(0.0,) * len(blocks) for _ in subject.projections]
    known = [(k, p.claim) for k, p in enumerate(subject.projections) if isinstance(p.claim, Claim)]
    if not (subject.movable and known):
        return noise
    line.move(_TREMOR)
    made = claimed(subject, subject.result())
    line.back()
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
