"""Derivatives of a solution, which no formula gives: by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import arrays
from ..backend.registry import framework_of, home
from ..calling import public
from ..engine.implicit import examine_implicit
from ..engine.slopes_of import Counted
from ..engine.solution import Implicit, Solution
from ..errors import UsageError
from ..plan.effort import Level
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Options
from ..subject.second import Array, flat, row_of
from .callsite import call_in_source
from .options import function_given, validate

_MOST = 512  # numbers of a solution that are pulled back one by one


@public("gp.check_implicit(residual, solve, dsolve, theta)", report=True)
def check_implicit(
    residual: Callable[..., Any],
    solve: Callable[..., Any],
    dsolve: Callable[..., Any] | None = None,
    theta: Any = None,
    *,
    jvp: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check the derivative of a solution: of a root, a fixed point, an optimum.

    That ``x = solve(theta)`` makes ``residual(x, theta)`` zero, and that the derivative keeps it
    zero: ``F_x · dx/dθ + F_θ = 0``. Only the residual is measured; the solver is called once, and
    again only where something is wrong, to say whether the solver, the residual or the derivative
    is at fault.

    Parameters
    ----------
    residual : callable
        ``residual(x, theta, *args, **kwargs)`` returns an array, or a container of arrays; for a
        fixed point ``x = f(x, theta)`` it is ``f(x, theta) - x``, for an optimum the gradient.
    solve : callable
        ``solve(theta, *args, **kwargs)`` returns ``x``, an array or a container.
    dsolve : callable, optional
        ``dsolve(theta, *args, **kwargs)`` returns dx/dθ, of the shape of x followed by that of
        theta, or for containers one inside the other: ``d['x']['theta']``.
    theta : pytree
        The parameters, as for ``gp.check``.
    jvp : callable, optional
        ``jvp(theta, tangent, *args, **kwargs)`` returns ``dx/dθ · tangent``, like ``x``.
    vjp : callable, optional
        ``vjp(theta, cotangent, *args, **kwargs)`` returns ``cotangent · dx/dθ``, like ``theta``.
        It is called once for each number of the solution, of which there may be 512.
    args, kwargs, effort, seed, correct_below, wrong_above, name
        As for ``gp.check``.

    Returns
    -------
    Report
        ``claims`` has a verdict for the solver and for each derivative.

    Raises
    ------
    UsageError
        Where there is no derivative to check, or its shape does not fit.

    Notes
    -----
    The implicit function theorem; see Blondel et al. (2022), "Efficient and modular implicit
    differentiation".

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> report = gp.check_implicit(
    ...     lambda x, theta: x**2 - theta, np.sqrt, lambda theta: np.diag(0.5 / np.sqrt(theta)),
    ...     np.array([1.0, 4.0]),
    ... )
    >>> report.verdict
    <Verdict.CORRECT: 'correct'>

    """
    options = Options(args, kwargs, effort, seed, correct_below, wrong_above, name)
    given = {"dsolve": dsolve, "jvp": jvp, "vjp": vjp}
    for role, function in {"residual": residual, "solve": solve, **given}.items():
        if function is not None:
            function_given(role, function, "gp.check_implicit(residual, solve, dsolve, theta)")
    validate(solve, options)
    if theta is None:
        raise UsageError("theta is missing: gp.check_implicit(residual, solve, dsolve, theta).")
    where = Point(theta, root="theta")
    forms: dict[str, Any] = {"dsolve": Dense, "jvp": Pushed, "vjp": Pulled}
    claims = {k: forms[k](where, f) for k, f in given.items() if f is not None}
    if not claims:
        raise UsageError("There is no derivative to check: pass dsolve, or jvp= or vjp=.")
    asked = Implicit(solve, claims, where, options, Counted(residual))
    return examine_implicit(asked, call_in_source(int(seed)))


@dataclass(frozen=True, slots=True)
class Pushed:
    """A product with a tangent, as it is."""

    where: Point
    function: Callable[..., Any]

    def __call__(
        self, solution: Solution, theta: Any, tangent: Any, *args: Any, **kwargs: Any
    ) -> Array:
        """The change of the solution along a tangent."""
        return row_of(solution.point, self.function(theta, tangent, *args, **kwargs), "jvp")


@dataclass(frozen=True, slots=True)
class Pulled:
    """A product with cotangents: one for each number of the solution."""

    where: Point
    function: Callable[..., Any]

    def __call__(
        self, solution: Solution, theta: Any, tangent: Any, *args: Any, **kwargs: Any
    ) -> Array:
        """The change of the solution along a tangent."""
        count = len(solution.numbers)
        if count > _MOST:
            raise UsageError(
                f"The solution has {count} numbers; vjp is called once for each, up to {_MOST}: "
                "pass jvp= or a smaller problem."
            )
        along = flat([home(leaf).host(leaf) for leaf in _blocks(self.where, tangent)])
        return np.array([
            row_of(self.where, self.function(theta, unit, *args, **kwargs), "vjp") @ along
            for unit in _units(solution)
        ])  # fmt: skip


def _units(solution: Solution) -> Any:
    """Cotangents like the solution, with a single 1."""
    zero = np.zeros_like(solution.numbers)
    for row in np.eye(len(zero)):
        leaves, start = [], 0
        for block in solution.point.blocks:
            part = row[start : start + block.count]
            leaves.append(home(solution.point.leaf(block.index)).array(
                part.copy(), solution.point.leaf(block.index)
            ))  # fmt: skip
            start += block.count
        yield solution.point.assemble(leaves)


@dataclass(frozen=True, slots=True)
class Dense:
    """The whole derivative."""

    where: Point
    function: Callable[..., Any]

    def __call__(
        self, solution: Solution, theta: Any, tangent: Any, *args: Any, **kwargs: Any
    ) -> Array:
        """The change of the solution along a tangent."""
        raw = self.function(theta, *args, **kwargs)
        along = [
            arrays.flat(home(leaf).host(leaf)).astype(np.float64)
            for leaf in _blocks(self.where, tangent)
        ]
        found = [
            sum(self._part(raw, solution.point, x, b) @ v for b, v in enumerate(along))
            for x in range(len(solution.point.blocks))
        ]
        return np.concatenate(found)

    def _part(self, raw: Any, x: Point, row: int, column: int) -> Array:
        """The derivative of one block of the solution by one of theta, as a matrix."""
        out, by = x.blocks[row], self.where.blocks[column]
        array = _host(self._found(raw, x, row, column))
        wanted = (*out.shape, *by.shape)
        if array.shape not in (wanted, (out.count, by.count)):
            raise UsageError(
                f"dsolve has shape {array.shape} for {out.name} by {by.name}, but the shape of "
                f"{out.name} followed by that of {by.name} is {wanted}."
            )
        return array.reshape(out.count, by.count)

    def _found(self, raw: Any, x: Point, row: int, column: int) -> Any:
        """The entry for a pair; of a list of numbers the last axis of one array."""
        outer = tree.lookup(raw, x.path(row), tree.beginnings(x.tree.paths))
        path = self.where.path(column)
        numbers = [block.shape for block in self.where.blocks] == [()] * len(self.where.blocks)
        if numbers and path and np.shape(outer) == (*x.blocks[row].shape, len(self.where.blocks)):
            return _host(outer)[..., column]
        try:
            return tree.lookup(outer, path, tree.beginnings(self.where.tree.paths))
        except KeyError:
            raise UsageError(
                f"dsolve has no entry for {x.blocks[row].name} by {self.where.blocks[column].name}."
            ) from None


def _host(leaf: Any) -> Array:
    leaf = leaf.toarray() if hasattr(leaf, "tocsr") else leaf
    host = home(leaf).host(leaf) if framework_of(leaf) is not None else np.asarray(leaf)
    if host.dtype.kind not in "fiub":
        raise UsageError(f"dsolve must hold real numbers, but is of type {host.dtype}.")
    return np.asarray(host, np.float64)


def _blocks(where: Point, like: Any) -> list[Any]:
    """The blocks of a tree like theta."""
    known = tree.beginnings(where.tree.paths)
    return [tree.lookup(like, where.path(block.index), known) for block in where.blocks]
