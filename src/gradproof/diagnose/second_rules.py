"""Rules about a wrong Hessian: each makes another matrix of the claimed one.

It explains a region where that matrix has the measured columns there, each within its bar.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..judge.thresholds import T
from ..records.finding import Kind
from .columns import Array, Case, Cause, Indices, Rule


def _pattern(case: Case) -> Cause | None:
    """A sparse matrix without an entry for what is not zero."""
    rows, columns = case.columns.wrong()
    stored, inside = case.columns.stored, case.mask[rows, columns]
    if stored is None or stored[rows[inside], columns[inside]].any():
        return None
    return Cause(Kind.SPARSITY, "has no entry in its sparsity pattern where the gradient changes")


def _zero(case: Case) -> Cause | None:
    rows, columns = case.columns.wrong()
    inside = case.mask[rows, columns]
    if case.claimed[rows[inside], columns[inside]].any():
        return None
    if not case.claimed[case.mask].any():
        return Cause(Kind.ZERO, "is zero, but the gradient does change there", 0.0)
    off = case.mask & ~np.eye(len(case.mask), dtype=bool)
    beside = "beside its diagonal" if not case.claimed[off].any() else "in places"
    return Cause(Kind.ZERO, f"is zero {beside}, but the gradient does change there", 0.0)


def _surplus(case: Case) -> Cause | None:
    """Entries that should be zero."""
    rows, columns = case.columns.wrong()
    inside = case.mask[rows, columns]
    cleared = case.claimed.copy()
    cleared[rows[inside], columns[inside]] = 0
    if not case.fits(cleared):
        return None
    return Cause(Kind.ENTRIES, "is not zero, but the gradient does not change there")


def triangle(case: Case) -> Cause | None:
    """One triangle: the other one is zero, or both were added up with the diagonal twice."""
    if not case.square:
        return None
    for name, triangle in (("lower", np.tril), ("upper", np.triu)):
        half = triangle(case.claimed)
        if np.array_equal(np.where(case.mask, half, 0), np.where(case.mask, case.claimed, 0)):
            filled = half + half.T - np.diag(np.diag(half))
            if len(half) > 1 and case.fits(filled):
                return Cause(Kind.TRIANGLE, f"has only its {name} triangle filled")
    halved = case.claimed - np.diag(np.diag(case.claimed)) / 2
    beside = case.claimed[case.region.rows] != 0
    if beside.sum() > len(beside) and case.fits(halved):
        text = "has its diagonal twice, as from a triangle added to its transpose"
        if case.region.diagonal:
            text = "is counted twice, as from a triangle added to its transpose"
        return Cause(Kind.TRIANGLE, text, 2.0)
    return None


def _mirror(case: Case) -> Cause | None:
    """A block whose mirror image is right, and which is zero."""
    if case.square or case.region.both or case.part.any():
        return None
    if case.fits(case.claimed.T):
        return Cause(Kind.TRIANGLE, "is zero, but its mirror image beyond the diagonal is right")
    return None


def _plain_factor(case: Case) -> Cause | None:
    """The sign, half, twice."""
    for factor, text in _PLAIN.items():
        if case.fits(case.claimed / factor):
            kind = Kind.SIGN if factor < 0 else Kind.SCALE
            return Cause(kind, text, factor)
    return None


_PLAIN = {
    -1.0: "has the other sign",
    0.5: "is half of what it should be",
    2.0: "is twice what it should be",
}


def _factor(case: Case) -> Cause | None:
    """Another constant factor, of several entries."""
    true = _fitted(case, case.claimed) if len(case.at_fault[0]) > 1 else 0.0
    if not true or not case.fits(case.claimed * true):
        return None
    return Cause(Kind.SCALE, f"is {1 / true:.6g} times what it should be", 1 / true)


def _fitted(case: Case, term: Array, rest: Array | float = 0.0) -> float:
    """The multiple of a term that, beside the rest, is nearest to what was measured."""
    columns = case.columns
    made = np.where(case.mask, term, 0) @ columns.moved
    left = columns.measured - np.where(case.mask, rest, case.claimed) @ columns.moved
    made, left = made / columns.sizes[:, None], left / columns.sizes[:, None]
    sizes = np.linalg.norm(made, axis=0)
    weight = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    total = float(np.sum((made * weight) ** 2))
    return float(np.sum(made * left * weight**2)) / total if total else 0.0


def _shift(case: Case) -> Cause | None:
    """The same number all along the diagonal, as of a penalty."""
    if not case.square or len(case.region.rows) < 2:
        return None
    identity = np.diag(case.mask.diagonal() * 1.0)
    number = _fitted(case, identity, case.claimed)
    if not number or not case.fits(case.claimed + number * identity):
        return None
    text = f"is {abs(number):.6g} too much everywhere, as of a penalty that fun does not have"
    if number > 0:
        text = f"is {number:.6g} too little everywhere, as of a penalty left out"
    return Cause(Kind.PARAMETER_TERM, text, number)


def _outer(case: Case) -> Cause | None:
    """A multiple of the outer product of the gradient with itself, as of a logarithm or a norm."""
    if not case.square or case.region.diagonal:
        return None
    term = np.outer(case.columns.g, case.columns.g)
    number = _fitted(case, term, case.claimed)
    if not number or not case.fits(case.claimed + number * term):
        return None
    text = f"lacks {number:.6g} times the outer product of the gradient with itself"
    return Cause(Kind.OUTER_PRODUCT, text, number)


def _transpose(case: Case) -> Cause | None:
    rows, columns = case.region.rows, case.region.columns
    if len(rows) != len(columns):
        return None
    turned = case.claimed.copy()
    turned[np.ix_(rows, columns)] = case.part.T
    if case.region.both:
        other = case.claimed[np.ix_(columns, rows)]
        turned[np.ix_(columns, rows)] = other.T
    return Cause(Kind.TRANSPOSE, "is transposed") if case.fits(turned) else None


# Other parametrisations: what the claim is with respect to, as a function of the parameter; the
# derivative of that function, and the second over the first.
_MAPS: tuple[tuple[str, Callable[[Array], Array], Callable[[Array], Array]], ...] = (
    ("exp({})", np.exp, np.ones_like),
    ("log({})", lambda x: 1 / x, lambda x: -1 / x),
    ("logit({})", lambda x: 1 / (x * (1 - x)), lambda x: (2 * x - 1) / (x * (1 - x))),
    ("sigmoid({})", lambda x: _p(x) * (1 - _p(x)), lambda x: 1 - 2 * _p(x)),
    ("{}**2", lambda x: 2 * x, lambda x: 1 / x),
    ("sqrt({})", lambda x: 0.5 / np.sqrt(x), lambda x: -0.5 / x),
    ("1/{}", lambda x: -1 / x**2, lambda x: -2 / x),
    ("tanh({})", lambda x: 1 - np.tanh(x) ** 2, lambda x: -2 * np.tanh(x)),
    ("arctanh({})", lambda x: 1 / (1 - x**2), lambda x: 2 * x / (1 - x**2)),
)


def _p(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _parametrisation(case: Case) -> Cause | None:
    """The chain rule of another parametrisation, or its term with the gradient, left out.

    With ``φ = T(x)``: ``H_x = T' H_φ T' + T'' g_φ``, where ``g_φ = g_x / T'``.
    """
    x, g, claimed = case.columns.x, case.columns.g, case.claimed
    for name, first, ratio in _MAPS:
        for chosen in _transformed(case):
            slope = np.ones_like(x)
            slope[chosen], term = first(x[chosen]), np.zeros_like(x)
            term[chosen] = ratio(x[chosen]) * g[chosen]
            whole = claimed * np.outer(slope, slope) + np.diag(term)
            if case.fits(whole):
                text = f"is with respect to {name}, but the gradient with respect to {{}}"
                return Cause(Kind.PARAMETRISATION, text, of=chosen)
            if case.fits(claimed + np.diag(term)):
                text = f"lacks the term with the gradient in the chain rule of {name}"
                return Cause(Kind.PARAMETRISATION, text, of=chosen)
    return None


def _transformed(case: Case) -> Iterator[Indices]:
    """The coordinates that may have another parametrisation: all, one side, or the wrong rows."""
    yield np.unique(np.concatenate([case.region.rows, case.region.columns]))
    if not case.square:
        yield case.region.rows
        yield case.region.columns
        return
    off = np.zeros_like(case.claimed, bool)
    off[case.columns.wrong()] = True
    share = (off & case.mask).sum(axis=1) / np.maximum(case.mask.sum(axis=1), 1)
    yield np.flatnonzero(share > T.most_entries)
    yield np.flatnonzero(np.diag(off) & np.diag(case.mask))


def _inverse(case: Case) -> Cause | None:
    """The covariance in place of the information."""
    if not (case.square and case.columns.complete and len(case.region.rows) == len(case.claimed)):
        return None
    try:
        inverse = np.asarray(np.linalg.inv(case.claimed), np.float64)
    except np.linalg.LinAlgError:
        return None
    for sign, words in ((1.0, "the inverse of the Hessian"), (-1.0, "minus the inverse of it")):
        if case.fits(sign * inverse):
            return Cause(Kind.INVERSE, f"is {words}, a covariance")
    return None


def _symmetrised(case: Case) -> Cause | None:
    """The matrix of a quadratic form that is not symmetric."""
    if not case.square or not case.fits((case.claimed + case.claimed.T) / 2):
        return None
    text = "is not symmetric, but half its sum with its transpose is right"
    return Cause(Kind.ASYMMETRIC, text)


def _order(case: Case) -> Cause | None:
    """The parameters in another order: turned about, or moved on by some places."""
    members = case.region.rows
    if not (case.square and case.columns.complete) or len(members) < 2:
        return None
    for order, words in _orders(members, case.columns.shapes):
        moved = case.claimed.copy()
        moved[np.ix_(members, members)] = case.claimed[np.ix_(order, order)]
        if case.fits(moved):
            return Cause(Kind.PERMUTATION, f"has its parameters {words}")
        moved[np.ix_(members, members)] = case.claimed[np.ix_(members, order)]
        if case.fits(moved):
            return Cause(Kind.PERMUTATION, f"has the parameters of one of its sides {words}")
    return None


def _orders(members: Indices, shapes: Sequence[tuple[int, ...]]) -> Iterator[tuple[Indices, str]]:
    """Other orders of the parameters, in words; of a matrix, column after column."""
    yield members[::-1], "in reverse order"
    start = 0
    every = np.arange(sum(math.prod(shape) for shape in shapes))
    turned, back = every.copy(), every.copy()
    for shape in shapes:
        place = slice(start, start + math.prod(shape))
        start = place.stop
        turned[place] = every[place].reshape(shape).ravel(order="F")
        back[place] = every[place].reshape(shape, order="F").ravel()
    for whole in (turned, back):
        if not np.array_equal(whole, every) and set(whole[members]) == set(members):
            yield whole[members], "in column-major order, as for the transposed array"
    for shift in range(1, len(members)):
        yield np.roll(members, shift), f"shifted by {shift} (a constant first or last?)"


RULES: Sequence[Rule] = (
    _mirror, triangle, _pattern, _zero, _surplus, _plain_factor, _transpose, _parametrisation,
    _inverse, _shift, _outer, _factor, _symmetrised, _order,
)  # fmt: skip

# What makes of several regions one.
OF_ALL: Sequence[Rule] = (
    triangle, _plain_factor, _parametrisation, _inverse, _outer, _factor, _symmetrised, _order,
)  # fmt: skip
