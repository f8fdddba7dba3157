"""Who claims the gradient: a function, a finished answer, a framework, a product by hand.

``grad`` in a session is one of them: a callable, a pytree, True for ``(value, gradient)``, or a
``Provider``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import arrays
from ..backend.protocol import Backend, Vjp
from ..backend.registry import home
from ..records.finding import Finding, Kind
from ..space import tree
from ..space.point import Point
from . import claim as claims
from .claim import Claim
from .misfit import Misfit
from .outputs import Scalar
from .session import Provider, Session


@dataclass(frozen=True, slots=True)
class Upstream:
    """How the cotangents are handed over: times a factor, and in another memory layout or not.

    The factor is a power of two, so that a product that is linear in them, as it has to be, answers
    with exactly that multiple.
    """

    factor: float = 1.0
    scattered: bool = False


PLAIN = Upstream()
MULTIPLE = Upstream(-0.5)
SCATTERED = Upstream(MULTIPLE.factor, scattered=True)


@dataclass(frozen=True, slots=True)
class Autodiff(Provider):
    """A framework's own derivatives: reverse mode, forward mode or both.

    They are those of the function under test, or ``of`` another one that it stands in for.
    """

    framework: Backend
    reverse: bool = True
    forward: bool = False
    labels: tuple[str, str] = ("the VJP", "the JVP")
    of: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Products(Provider):
    """``vjp(point, cotangent, ...)`` and ``jvp(point, tangent, ...)``, or one of them, by hand.

    ``fixed``: they are those of one point, and no claim about another. ``roles`` are the names
    under which the user passed them.
    """

    vjp: Callable[..., Any] | None
    jvp: Callable[..., Any] | None = None
    labels: tuple[str, str] = ("the VJP", "the JVP")
    fixed: bool = False
    roles: tuple[str, str] = ("vjp", "jvp")

    @property
    def reverse(self) -> bool:
        """Whether there is a vector-Jacobian product."""
        return self.vjp is not None

    @property
    def forward(self) -> bool:
        """Whether there is a Jacobian-vector product."""
        return self.jvp is not None


@dataclass(frozen=True, slots=True)
class Jacobian(Provider):
    """``jac(point, *args, **kwargs)``: every derivative of an array-valued function.

    Its shape is that of the output followed by that of the parameters, as for ``jac=`` in SciPy's
    ``least_squares`` and ``root``; a two-dimensional sparse one or an operator will do. It may also
    be known at one point alone. ``stored`` are the places that a pattern has, where one is claimed,
    and ``sizes`` those of its rows at the point.
    """

    function: Any
    stored: NDArray[np.bool_] | None = None
    sizes: NDArray[np.float64] | None = None

    @property
    def fixed(self) -> bool:
        """Whether it is no claim about another point."""
        return not callable(self.function) or is_operator(self.function)

    def fits(self, point: Point, raw: Any, output: Any) -> bool:
        """Whether an answer is meant to be a Jacobian, if perhaps of another shape."""
        try:
            found = self.blocks(point, raw, np.shape(output))
        except KeyError:
            return False
        shapes = [(*np.shape(output), *block.shape) for block in point.blocks]
        pairs = [(np.shape(j), shape) for j, shape in zip(found, shapes, strict=True)]
        if np.prod(np.shape(output)) == 1:  # a gradient has as many numbers
            return all(one == other for one, other in pairs)
        return all(len(one) == len(other) or np.prod(one) == np.prod(other) for one, other in pairs)

    def rows(self, point: Point, raw: Any, output: Any) -> NDArray[np.float64] | None:
        """How much each number of the output changes over one unit of every block, if known."""
        sizes, shape = np.zeros(np.size(output)), np.shape(output)
        for block, found in zip(point.blocks, self.blocks(point, raw, shape), strict=True):
            if np.shape(found) != (*shape, *block.shape):
                return None
            sizes = np.hypot(sizes, block.scale * _norms(found, sizes.size))
        return sizes

    def products(self, point: Point, raw: Any, cotangent: Any) -> list[Any]:
        """The gradients along a cotangent, block by block."""
        weights = np.asarray(cotangent)
        found = self.blocks(point, raw, weights.shape)
        return [_product(weights, j, b.shape) for j, b in zip(found, point.blocks, strict=True)]

    def blocks(self, point: Point, raw: Any, outputs: tuple[int, ...]) -> list[Any]:
        """Those of each block; of a list of numbers the last axis of one array, as for SciPy."""
        if is_operator(raw):
            raw = raw @ np.eye(raw.shape[1])
        numbers = [block.shape for block in point.blocks] == [()] * len(point.tree.leaves)
        if numbers and np.shape(raw) == (*outputs, len(point.blocks)):
            return list(np.moveaxis(dense(raw), -1, 0))
        known = tree.beginnings(point.tree.paths)
        return [tree.lookup(raw, point.path(block.index), known) for block in point.blocks]


def is_operator(raw: Any) -> bool:
    """Whether it is a LinearOperator of SciPy, which products alone are known of."""
    return hasattr(raw, "matvec") and hasattr(raw, "shape") and not hasattr(raw, "tocsr")


def as_array(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns a list of numbers as one that returns an array."""

    @wraps(function)
    def listed(*args: Any, **kwargs: Any) -> NDArray[np.float64]:
        return np.asarray(function(*args, **kwargs), np.float64)

    return listed


def dense(jacobian: Any) -> NDArray[Any]:
    """A Jacobian that may be sparse, as an array."""
    sparse = hasattr(jacobian, "tocsr")
    return np.asarray(jacobian.toarray() if sparse else home(jacobian).host(jacobian))


def _norms(jacobian: Any, rows: int) -> NDArray[np.float64]:
    if hasattr(jacobian, "tocsr"):
        squares = jacobian.multiply(jacobian).sum(1)
        return np.sqrt(np.asarray(squares, np.float64).reshape(-1))
    norms: NDArray[np.float64] = np.linalg.norm(dense(jacobian).reshape(rows, -1), axis=1)
    return norms


def _product(weights: NDArray[Any], jacobian: Any, shape: tuple[int, ...]) -> Any:
    """A cotangent's product with the Jacobian of one block, or what has another shape."""
    if np.shape(jacobian) != (*weights.shape, *shape):
        return Misfit(dense(jacobian), (*weights.shape, *shape), weights)
    if hasattr(jacobian, "tocsr"):
        return jacobian.T @ weights
    return np.tensordot(weights, jacobian, weights.ndim)


def linear(session: Session) -> bool:
    """Whether the claim depends on cotangents, in which it has to be linear."""
    return isinstance(session.grad, Autodiff | Products)


def claim(session: Session, first: Any, upstream: Upstream = PLAIN) -> list[Claim]:
    """The claims at the working copy, one for each list of cotangents.

    ``first`` is what ``fun`` returned at the point.
    """
    if isinstance(session.grad, Autodiff):
        return _differentiated(session, session.grad.framework, upstream)
    if isinstance(session.grad, Jacobian):
        raw = raw_gradient(session)
        return [
            claims.collect(session.point, session.grad.products(session.point, raw, weights))
            for (weights,) in session.outputs.cotangents
        ]
    if isinstance(session.grad, Products):
        products = _multiplied(session, session.grad.vjp, first, upstream)
        return [_own(session, claims.match(session.point, raw)) for raw in products]
    return [claims.match(session.point, raw_gradient(session))]


def watchable(session: Session) -> Any:
    """The user's own function that computes the claim, or None where there is none."""
    if session.grad is True:
        return session.fun
    if isinstance(session.grad, Products):
        return session.grad.vjp
    # What is found wrong of a Jacobian is a product with it, which no line computed.
    return None if isinstance(session.grad, Autodiff | Jacobian) else session.grad


def again(session: Session, reading: int) -> Any:
    """What that function returns at the working copy, for one list of cotangents."""
    if isinstance(session.grad, Products):
        return next(_multiplied(session, session.grad.vjp, session.result(), PLAIN, [reading]))
    return raw_gradient(session)


def raw_gradient(session: Session) -> Any:
    """What the user's code returns as the gradient at the working copy."""
    params = session.working.tree(fresh=session.fresh)
    if session.grad is True:
        return session.caller(session.fun, "fun", params)[1]
    function = session.grad
    if isinstance(function, Jacobian):
        if function.fixed:
            return function.function
        function = function.function
    known = not callable(function) or is_operator(function)
    return function if known else session.caller(function, "grad", params)


def _own(session: Session, claim: Claim) -> Claim:
    """A claim that stays as it is, although the user may fill its arrays for the next cotangent."""
    return claims.owned(claim) if len(session.outputs.cotangents) > 1 else claim


def _differentiated(session: Session, framework: Backend, upstream: Upstream) -> list[Claim]:
    """Reverse mode, one pull for each list of cotangents from one pass forward."""

    def differentiate(leaves: Sequence[Any], *args: Any, **kwargs: Any) -> list[Claim]:
        back = _passed(session, framework, leaves, args, kwargs)
        try:
            if not session.untracked_reported:
                _note_untracked(session, back.untracked())
                session.operations = back.operations()
            if upstream.scattered:
                back.scatter()
            pulled = (back.pull(c) for c in _cotangents(session, back.outputs, upstream.factor))
            made = [_own(session, claims.collect(session.point, found)) for found in pulled]
            if back.drew() and _DRAWS not in session.findings:
                session.findings.append(_DRAWS)
            return made
        finally:
            back.close()

    return session.caller(differentiate, "grad", session.working.leaves())  # type: ignore[no-any-return]


def _passed(
    session: Session, framework: Backend, leaves: Sequence[Any], args: Any, kwargs: Any
) -> Vjp:
    """One pass forward; the last one, where it was made with these very arrays."""
    given = [*leaves, *tree.leaves((args, kwargs))]
    if session.passed and all(map(operator.is_, given, session.passed[0][0])):
        return session.passed[0][1]
    back = framework.vjp(session.outputs_at(args, kwargs), leaves)
    if session.passed is not None and framework.about.replays:
        session.passed[:] = [(given, back)]
    return back


_DRAWS = Finding(
    Kind.NONDETERMINISTIC,
    None,
    "The backward draws random numbers of its own: what it differentiates is not what was drawn on "
    "the way forward. Keep that (the mask, the seed), or restore the generator before it is drawn "
    "again (preserve_rng_state=True for a checkpoint).",
)


def _note_untracked(session: Session, untracked: dict[int, str]) -> None:
    """Tell what two passes in a row depend on: what is new each time was made inside."""
    before, session.untracked = session.untracked, untracked
    session.untracked_reported = before is not None or not untracked
    if before is None:
        return
    lasting = [text for key, text in untracked.items() if key in before]
    if lasting:
        session.notes.append(
            f"fun also depends on {_listed(lasting)} that requires grad and is not part of the "
            "point: it was not checked. Pass it with the others to check it too."
        )


def _listed(things: Sequence[str]) -> str:
    return ", ".join(things[:3]) + (f" and {len(things) - 3} more" if len(things) > 3 else "")


def _multiplied(
    session: Session, vjp: Any, first: Any, upstream: Upstream, only: Sequence[int] | None = None
) -> Iterator[Any]:
    outputs = tree.flatten(first, "output")
    for k, cotangent in enumerate(_cotangents(session, outputs.leaves, upstream.factor)):
        if only is not None and k not in only:
            continue
        whole = [_like(w, o) for w, o in zip(cotangent, outputs.leaves, strict=True)]
        if upstream.scattered:
            whole = [scatter(w) if (scatter := home(w).about.scattered) else w for w in whole]
        params = session.working.tree(fresh=session.fresh)
        role = session.grad.roles[0] if isinstance(session.grad, Products) else "vjp"
        yield session.caller(vjp, role, params, outputs.unflatten(whole))


def _like(cotangent: Any, output: Any) -> Any:
    """A cotangent in the type of an output; zero for an output that is not looked at."""
    library = home(output)
    if cotangent is None:
        return library.array(_filled(output, 0.0), output)
    numbers = arrays.flat(home(cotangent).host(cotangent))
    return library.array(numbers.astype(np.float64), output)


def _filled(output: Any, number: float) -> NDArray[np.float64]:
    """One number for each real coordinate of an output."""
    twice = arrays.is_complex(home(output).dtype(output))
    return np.full(int(np.prod(np.shape(output))) * (2 if twice else 1), number)


def _cotangents(session: Session, outputs: Sequence[Any], factor: float) -> list[list[Any]]:
    """Lists of cotangents, one for each output; None where a list does not look at it."""
    if isinstance(session.outputs, Scalar):
        return [[home(outputs[0]).array(_filled(outputs[0], factor), outputs[0])]]
    return session.outputs.look.times(factor)
