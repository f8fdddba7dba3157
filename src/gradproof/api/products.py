"""Products with a Jacobian, written by hand: vjp, jvp and adjoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from ..backend.protocol import Backend
from ..backend.registry import framework_of
from ..calling import public
from ..errors import UsageError
from ..naming import called
from ..plan.effort import Level
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Options
from ..subject.providers import Autodiff, Products
from .options import checked, function_given, validate
from .twice import both_orders, order_given


@public("gp.check_vjp(fun, vjp, point)", report=True)
def check_vjp(
    fun: Callable[..., Any],
    vjp: Callable[..., Any],
    point: Any,
    *,
    jvp: Callable[..., Any] | None = None,
    order: Literal[1, 2] = 1,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check a vector-Jacobian product (reverse mode) written by hand.

    Parameters
    ----------
    fun : callable
        ``fun(point, *args, **kwargs)`` returns an array, or any container of arrays.
    vjp : callable
        ``vjp(point, cotangent, *args, **kwargs)`` returns a container like ``point``: the
        gradient of ``Re Σ conj(cotangent) · fun(point)``. The cotangent is like what ``fun``
        returns. It has to be linear in the cotangent, which is checked too.
    point : pytree
        As for ``gp.check``: NumPy arrays, torch tensors or JAX arrays.
    jvp : callable, optional
        A Jacobian-vector product, ``jvp(point, tangent, *args, **kwargs)``: with both, the
        report says which of the two is at fault, and whether they agree with each other.
    order : {1, 2}
        2: also what PyTorch or JAX returns as the derivatives of ``vjp``, by the point and by the
        cotangent: whoever differentiates twice gets them.
    args, kwargs, effort, seed, correct_below, wrong_above, name
        As for ``gp.check``.

    Returns
    -------
    Report
        A block's error is the worst over several random cotangents.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> report = gp.check_vjp(np.sin, lambda x, g: g * np.cos(x), np.linspace(0.1, 2, 7))
    >>> report.ok
    True

    """
    options = Options(args, kwargs, effort, seed, correct_below, wrong_above, name)
    twice = order_given(order)
    own = _framework(point) if twice else None
    first = _examined(fun, Products(vjp, jvp), point, options, needed="vjp")
    return both_orders(first, fun, Point(point), Autodiff(own), options, vjp=vjp) if own else first


def _framework(point: Any) -> Backend:
    """Whose derivatives of a vjp are meant."""
    owners = (framework_of(leaf) for leaf in tree.flatten(point).leaves)
    found = next((f for f in owners if f is not None and "reverse" in f.about.modes), None)
    if found is None:
        raise UsageError(
            "order=2 is about what a framework makes of vjp, and there is neither a torch tensor "
            "nor a JAX array in the point. Of NumPy code check the derivative of vjp as a product "
            "of its own: gp.check_vjp(lambda p: vjp(*p), vjp_of_vjp, (point, cotangent))."
        )
    return found


@public("gp.check_jvp(fun, jvp, point)", report=True)
def check_jvp(
    fun: Callable[..., Any],
    jvp: Callable[..., Any],
    point: Any,
    *,
    vjp: Callable[..., Any] | None = None,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check a Jacobian-vector product (forward mode) written by hand.

    Parameters
    ----------
    fun : callable
        ``fun(point, *args, **kwargs)`` returns an array, or any container of arrays.
    jvp : callable
        ``jvp(point, tangent, *args, **kwargs)`` returns a container like what ``fun`` returns:
        the derivative of ``fun`` along ``tangent``, which is like ``point``.
    point, vjp, args, kwargs, effort, seed, correct_below, wrong_above, name
        As for ``gp.check_vjp``.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> report = gp.check_jvp(np.sin, lambda x, v: -v * np.cos(x), np.linspace(0.1, 2, 7))
    >>> report.findings[0].kind
    <Kind.SIGN: 'sign'>

    """
    options = Options(args, kwargs, effort, seed, correct_below, wrong_above, name)
    return _examined(fun, Products(vjp, jvp), point, options, needed="jvp")


@public("gp.check_adjoint(A, At, x, y)", report=True)
def check_adjoint(
    A: Any,
    At: Any = None,
    x: Any = None,
    y: Any = None,
    *,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
) -> Report:
    """Check that ``At`` is the adjoint of the linear map ``A``: ``⟨A x, y⟩ = ⟨x, At y⟩``.

    Three things are compared with each other: how ``A`` changes when its argument moves, what
    ``A`` makes of the move itself (the same, if ``A`` is linear), and ``At`` (which has to be
    linear too). So the one at fault is named.

    Parameters
    ----------
    A, At : callable
        ``A(x)`` is like ``y`` and ``At(y)`` like ``x``. ``A`` may also be a
        ``scipy.sparse.linalg.LinearOperator`` (or anything with ``matvec``, ``rmatvec`` and
        ``shape``), without ``At``.
    x, y : array or pytree
        Of the shapes and types that ``A`` and ``At`` take; ``x`` is the point at which ``A`` is
        moved. They may be left out for an operator.
    effort, seed, correct_below, wrong_above, name
        As for ``gp.check``.

    Raises
    ------
    UsageError
        Where the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> M = np.arange(6.0).reshape(2, 3)
    >>> gp.check_adjoint(lambda x: M @ x, lambda y: M.T @ y, np.ones(3), np.ones(2)).ok
    True

    """
    title = name or f"{called(A)} and its adjoint"
    if At is None and hasattr(A, "matvec") and hasattr(A, "rmatvec"):
        x, y = _operands(A, x, y, seed)
        A, At = A.matvec, A.rmatvec
    form = "gp.check_adjoint(lambda x: A @ x, lambda y: At @ y, x, y) for matrices"
    function_given("A", A, form)
    function_given("At", At, form)
    if x is None or y is None:
        raise UsageError("check_adjoint needs x and y, arrays of the shapes that A and At take.")
    options = Options((), None, effort, seed, correct_below, wrong_above, title)

    def fun(point: Any) -> Any:
        found = A(point)
        _same_shapes("A(x)", found, "y", y)
        return found

    validate(fun, options)

    def adjoint(_: Any, cotangent: Any) -> Any:
        found = At(cotangent)
        _same_shapes("At(y)", found, "x", x)
        return found

    products = Products(adjoint, lambda _, v: A(v), ("At", "A as a linear map"), roles=("At", "A"))
    return checked(fun, Point(x, root="x"), products, options)


def _operands(operator: Any, x: Any, y: Any, seed: int) -> tuple[Any, Any]:
    """Random vectors of an operator's shape and type, where none were given."""
    rows, columns = operator.shape
    dtype = np.result_type(getattr(operator, "dtype", None) or float, np.float32)
    generator = np.random.default_rng(seed)

    def drawn(count: int) -> Any:
        numbers = generator.normal(size=(2, count))
        whole = numbers[0] + 1j * numbers[1] if dtype.kind == "c" else numbers[0]
        return whole.astype(dtype)

    return drawn(columns) if x is None else x, drawn(rows) if y is None else y


def _same_shapes(one: str, found: Any, other: str, wanted: Any) -> None:
    shapes = []
    for whole in (found, wanted):
        flat = tree.flatten(whole, "")
        shapes.append({n: tuple(np.shape(x)) for n, x in zip(flat.names, flat.leaves, strict=True)})
    if shapes[0] != shapes[1]:
        found = [s[""] if set(s) == {""} else s for s in shapes]
        raise UsageError(f"{one} has shape {found[0]} but {other} has shape {found[1]}.")


def _examined(fun: Any, products: Products, point: Any, options: Options, *, needed: str) -> Report:
    form = f"gp.check_{needed}(fun, {needed}, point)"
    for name, function in (("vjp", products.vjp), ("jvp", products.jvp)):
        if name == needed or function is not None:
            function_given(name, function, form)
    validate(fun, options, form)
    return checked(fun, Point(point), products, options)
