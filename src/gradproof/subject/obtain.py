"""Obtaining the claims: twice, to see whether they are repeatable and linear in the cotangents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..backend.protocol import ONLY_FORWARD
from ..errors import UsageError
from ..judge.bands import round_off
from ..judge.thresholds import T
from ..records.finding import Finding, Kind
from ..records.verdict import Ruling, Verdict
from . import claim as claims
from .cancelled import as_zeros, cancelled
from .claim import Claim, Claimed
from .forward import Forward, pushed_claims
from .providers import MULTIPLE, PLAIN, SCATTERED, Autodiff, Jacobian, Upstream, linear, watchable
from .providers import claim as claimed
from .session import Session
from .surroundings import Seen, surroundings, written


def obtain(session: Session, first: Any) -> Iterator[tuple[str, Sequence[Claimed]]]:
    """The claims, mode by mode; a mode is named where there may be another one."""
    grad = session.grad
    reverse, forward = (grad.reverse, grad.forward) if linear(session) else (True, False)
    labels = grad.labels if linear(session) else ("", "")
    if reverse:
        try:
            made = _claims(session, first)
        except Exception as error:
            if not (forward and isinstance(grad, Autodiff)):
                raise
            if grad.framework.meaning(error) != ONLY_FORWARD:
                raise
            session.notes.append(f"Only forward mode was checked: {error}".splitlines()[0])
        else:
            _tell_missing(session, made)
            session.modes.append("reverse")
            yield labels[0], made
    if forward:
        function = grad.framework if isinstance(grad, Autodiff) else grad.jvp
        products = Forward(session, function, first)
        if products.exists():
            session.modes.append("forward")
            norms = [projection.claim.norms for projection in session.projections]
            yield labels[1], pushed_claims(products, len(session.outputs.cotangents), norms)
        elif not session.projections:
            raise UsageError("fun has no forward mode (a jvp rule): there is nothing to check.")
        elif not (isinstance(grad, Autodiff) and "forward" in grad.framework.about.modes):
            session.notes.append("fun has no forward mode: only reverse mode was checked.")


def _tell_missing(session: Session, made: Sequence[Claim]) -> None:
    """Blocks of which nothing at all is claimed."""
    for index, reason in made[0].missing.items():
        if all(index in claim.missing for claim in made):
            session.findings.append(_missing(session, index, reason))


def _missing(session: Session, index: int, reason: str) -> Finding:
    name = session.point.blocks[index].name
    by_framework = isinstance(session.grad, Autodiff)
    advice = "is it used, and not detached?" if by_framework else "return an entry of its shape."
    return Finding(
        Kind.MISSING_BLOCK,
        name,
        f"{name}: {reason}; it was checked as if it were zero: {advice}",
    )


def _claims(session: Session, first: Any) -> list[Claim]:
    """Call ``grad`` twice, and keep of the first answer only a sketch.

    Two gradients at once would double the memory. Where the user keeps the arrays, to fill
    them again at the next call perhaps, a copy is the claim. A product with cotangents is
    asked for another multiple of them first: it has to give the same multiple.
    """
    if not (session.movable or linear(session)):
        return _finished(session, first)
    upstream = _first_upstream(session)
    between = session.elsewhere if session.traces else None
    made, changes, kept = _claim_twice(session, first, upstream, between=between)
    if session.traces and any(map(any, changes)):
        made, changes, kept = _claim_twice(session, first, upstream, session.again)
        if not any(map(any, changes)):
            session.findings.append(_DEPENDS)
            return [claims.owned(claim) for claim in made]
    if upstream.scattered and any(map(any, changes)):
        if _same(session, made, changes):
            made = [replace(c, noise=apart) for c, apart in zip(made, changes, strict=True)]
            return [claims.owned(claim) for claim in made] if kept else made
        scattered, (made, changes, kept) = changes, _claim_twice(session, first, MULTIPLE)
        if _same(session, made, changes):
            _refuse(session, made, scattered, Kind.LAYOUT, _LAYOUT)
            return [claims.owned(claim) for claim in made]
    if any(map(any, changes)):
        after_fun, fewer, kept = _claim_twice(session, first, PLAIN, session.again)
        if not any(map(any, fewer)):
            if linear(session):
                off = _off(session, made, changes)
                after_fun = as_zeros(session, after_fun, gone := cancelled(made, changes, off))
                changes = [_left(apart, gone) for apart in changes]
                _refuse(session, made, changes, Kind.NOT_LINEAR, _NOT_LINEAR)
            else:
                session.notes.append(
                    "grad gives another answer at a second call unless fun is called before it: "
                    "fun was called before each call of grad."
                )
            return [claims.owned(claim) for claim in after_fun]
        noise = [tuple(map(max, *pair)) for pair in zip(changes, fewer, strict=True)]
        _tell_random_claim(session, made, changes)
        made = [
            replace(claim, noise=scatter) for claim, scatter in zip(after_fun, noise, strict=True)
        ]
    return [claims.owned(claim) for claim in made] if kept else made


def _finished(session: Session, first: Any) -> list[Claim]:
    """The claim where it is no function: a gradient, or a Jacobian, of one point."""
    if isinstance(session.grad, Jacobian):
        return claimed(session, first)
    return [claims.owned(claims.match(session.point, session.grad))]


def _first_upstream(session: Session) -> Upstream:
    """How cotangents are given at the first of two calls, so that the second says something new."""
    if not linear(session):
        return PLAIN
    return MULTIPLE if session.library.about.scattered is None else SCATTERED


def _claim_twice(
    session: Session,
    first: Any,
    upstream: Upstream,
    before: Callable[[], object] = lambda: None,
    between: Callable[[], object] | None = None,
) -> tuple[list[Claim], list[tuple[float, ...]], bool]:
    """The second of two claims, how far the first was from it, and who holds its arrays.

    ``upstream`` is how the cotangents are given at the first call. ``before`` is called before
    each, ``between`` before the second in its place.
    """
    point = session.point
    session.passed = []
    before()
    called = _called if upstream.scattered else call_grad
    earlier = called(session, first, upstream)
    seen = [claims.remembered(claim, point.blocks) / upstream.factor for claim in earlier]
    held = [claims.watched(claim) for claim in earlier]
    del earlier
    kept = any(ask() for ask in held)
    (between or before)()
    made = call_grad(session, first)
    session.passed = None
    apart = [claims.changed(old, new, point) for old, new in zip(seen, made, strict=True)]
    return made, apart, kept


def _same(session: Session, made: Sequence[Claim], apart: Sequence[tuple[float, ...]]) -> bool:
    """Whether no more than round-off is between two answers, a distance for each block."""
    return not _off(session, made, apart)


def _off(session: Session, made: Sequence[Claim], apart: Sequence[tuple[float, ...]]) -> set[int]:
    """The blocks in which two answers differ by more than round-off."""
    return {
        block.index
        for claim, distances in zip(made, apart, strict=True)
        for block in session.point.blocks
        if _differs(session, claim, distances, block.index)
    }


def _left(apart: Sequence[float], gone: Collection[int]) -> tuple[float, ...]:
    return tuple(0.0 if k in gone else distance for k, distance in enumerate(apart))


def _differs(session: Session, claim: Claim, apart: Sequence[float], index: int) -> bool:
    """Whether a block moved by more than round-off, which is that of the others where it is zero.

    In float16 a multiple is not exact where numbers have next to no digits left.
    """
    norm, eps = claim.norms[index], session.point.eps(index)
    if apart[index] <= T.roundings_free * eps * max(claim.norms):
        return False
    return round_off(norm, norm + apart[index], eps) != 0


def _refuse(
    session: Session,
    made: Sequence[Claim],
    changes: Sequence[tuple[float, ...]],
    kind: Kind,
    sentence: str,
) -> None:
    """The blocks whose claim does not follow the cotangent as it has to."""
    for block in session.point.blocks:
        i = block.index
        pairs = zip(made, changes, strict=True)
        off = [(a[i], c.norms[i]) for c, a in pairs if _differs(session, c, a, i)]
        if not off:
            continue
        apart, norm = max(off)
        reported = sentence.format(
            name=block.name, factor=MULTIPLE.factor, share=apart / (norm or 1.0)
        )
        session.refused[i] = Ruling(Verdict.WRONG, _REFUSED[kind])
        session.findings.append(Finding(kind, block.name, reported))


# What a verdict rests on where the backward itself is refused.
_REFUSED = {
    Kind.NOT_LINEAR: "the backward is not linear in the gradient from above",
    Kind.LAYOUT: "the backward takes the gradient from above for contiguous",
}

_NOT_LINEAR = (
    "{name}: the backward is not linear in the gradient that comes from above: for {factor:g} "
    "times that gradient it does not return {factor:g} times as much, but is off by {share:.2g} of "
    "it. Is the upstream gradient ignored, or used on one term only?"
)

_LAYOUT = (
    "{name}: the backward reads the gradient from above as if it were contiguous in memory: for "
    "the same numbers in another memory layout (transposed, every second entry) its answer is off "
    "by {share:.2g} of it. Call .contiguous() on that gradient first, or pass its strides on."
)


def _called(session: Session, first: Any, upstream: Upstream) -> list[Claim]:
    """The claims; a backward that refuses another memory layout gets the plain one."""
    try:
        return call_grad(session, first, upstream)
    except Exception as error:  # noqa: BLE001 - whatever it is: it surfaces again, or is reported
        made = call_grad(session, first, MULTIPLE)
        session.notes.append(
            "Where the gradient from above is not contiguous in memory, the backward raises "
            f"{type(error).__name__}: {error}".splitlines()[0]
            + " (call .contiguous() on it first)."
        )
        return made


def call_grad(session: Session, first: Any, upstream: Upstream = PLAIN) -> list[Claim]:
    """The claims at the working copy; ``first`` is what ``fun`` returned at the point."""
    if session.copying:
        session.working.restore()
    before = {} if watchable(session) is None else surroundings(session.fun)
    made = claimed(session, first, upstream)
    session.look_for_mutation("grad", made)
    spoiled = written(before)
    return _unspoiled(session, made, spoiled) if spoiled else made


def _unspoiled(session: Session, made: list[Claim], spoiled: Mapping[str, Seen]) -> list[Claim]:
    """The claims where ``grad`` changed what ``fun`` may read: put back and reported."""
    made = [claims.owned(claim) for claim in made]
    after = session.here()
    for seen in spoiled.values():
        seen.exchange()
    before = session.here()
    if after == before or before != session.here():
        for seen in spoiled.values():
            seen.exchange()
        return made
    found = Finding(Kind.MUTATION, None, _CHANGES.format(" and ".join(list(spoiled)[:3])))
    session.findings += [found] if found not in session.findings else []
    return made


_DEPENDS = Finding(
    Kind.STATEFUL,
    None,
    "grad depends on the last call of fun: where that was elsewhere, it gives another gradient at "
    "the same point. Here fun was called before each call of grad; let it compute what it needs.",
)

_CHANGES = (
    "grad changes {0}, which fun reads, so that later values of fun are those of another function. "
    "Here it was put back after each call; write into a copy."
)


def _tell_random_claim(
    session: Session, made: Sequence[Claim], noise: Sequence[tuple[float, ...]]
) -> None:
    share, worst = max(
        (apart / (claim.norms[i] or 1.0), i)
        for claim, scatter in zip(made, noise, strict=True)
        for i, apart in enumerate(scatter)
    )
    name = session.point.blocks[worst].name
    session.findings.append(
        Finding(
            Kind.NONDETERMINISTIC,
            name,
            f"grad is not repeatable: two calls at the same point differ by {share:.2g} of the "
            f"gradient of {name}. The difference counts as noise of the claim.",
        )
    )
