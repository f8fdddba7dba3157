"""The check of a gradient: the call that all others resemble."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal, NamedTuple

from ..backend.kept import watched
from ..backend.protocol import Backend
from ..backend.registry import framework_of
from ..calling import public
from ..engine.examine import examine
from ..engine.pattern import by_pattern
from ..engine.slopes_of import Counted
from ..errors import UsageError
from ..naming import is_function, what
from ..plan.effort import Level
from ..report.report import Report
from ..space import tree
from ..space.point import Point
from ..subject.asked import Asked, Options
from ..subject.providers import Autodiff
from .bounds import inside, with_calls
from .callsite import call_in_source
from .constants import with_constants
from .layout import Layout, parted
from .options import checked, function_given, gradient_given, validate
from .second import checked_second
from .starts import started
from .tangent import checked_on
from .twice import both_orders, order_given


@public("gp.check(fun, point, grad=...)", report=True)
def check(
    fun: Callable[..., Any],
    point: Any,
    *,
    grad: Any = None,
    hess: Any = None,
    hessp: Callable[..., Any] | None = None,
    order: Literal[1, 2] = 1,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    effort: Level = "standard",
    seed: int = 0,
    correct_below: float | None = None,
    wrong_above: float | None = None,
    name: str | None = None,
    tolerance: float | None = None,
    surrogate: Callable[..., Any] | None = None,
    layout: Layout | None = None,
    bounds: Any = None,
    jac_sparsity: Any = None,
    tangent: Any = None,
    residuals: Callable[..., Any] | None = None,
) -> Report:
    """Check a claimed gradient against slopes of the function itself.

    Parameters
    ----------
    fun : callable
        ``fun(point, *args, **kwargs)`` returns a real scalar. Where a framework's own
        derivatives are checked it may return any array or container of arrays, and an array
        where ``grad`` returns its Jacobian: it is then looked at through random cotangents.
    point : pytree
        The parameters: dicts, lists, tuples, named tuples, dataclasses registered with
        optree or JAX, bare arrays or Python floats, of float64, float32, float16, bfloat16,
        longdouble or complex type; NumPy arrays, torch tensors (on any device) or JAX arrays.
        Integer, boolean and empty leaves and None are left as they are, and named in the
        report. A single array is a point too.
    grad : callable, pytree or True, optional
        The claimed gradient: a function of the same arguments, a pytree already computed
        (like ``point``; a mapping may say ``dW1`` for ``W1`` and may hold more than is
        asked), or True where ``fun`` returns ``(value, gradient)``. For a complex parameter
        ``z = x + iy`` it is ``∂f/∂x + i ∂f/∂y``, the direction of steepest ascent. The
        Jacobian of an array (``jac`` of ``scipy.optimize.least_squares``) has the shape of the
        array followed by that of the parameters, and may be sparse. Left out, the claim is what
        autograd or ``jax.vjp`` returns: what is checked are the backward passes, kernels and
        ``custom_vjp`` rules inside ``fun``. If any tensor of the point requires grad, those that
        do not are left alone.
    hess : callable, array, sparse matrix or LinearOperator, optional
        The claimed Hessian, or a function of the same arguments that returns it; it is compared
        with how ``grad`` changes (left out, what autograd or JAX returns), and with ``fun`` where
        that is wrong or there is none. ``N``
        parameters in all have an ``(N, N)`` array, a scipy sparse one or a ``LinearOperator``;
        one array also ``shape + shape``; a tree a tree of trees, ``hess['beta']['alpha']`` of the
        shape of beta followed by that of alpha.
    hessp : callable, optional
        ``hessp(point, vector, *args, **kwargs)`` returns the product of the Hessian with a vector
        like the point, as for ``scipy.optimize.minimize``.
    order : {1, 2}
        2: where a framework's own derivatives are checked, also those of its backward pass, with
        respect to the point and to the gradients from above.
    args, kwargs : tuple, mapping
        Further arguments of ``fun``, ``grad``, ``hess`` and ``hessp``.
    effort : {"standard", "quick", "thorough", "sweep"}
        How many evaluations to spend; ``sweep`` measures every entry.
    seed : int
        Seed of the random directions; it is printed in the report.
    correct_below, wrong_above : float, optional
        The bands of relative error, in place of those for the parameters' precision
        (1e-7 and 1e-5 for float64).
    name : str, optional
        What to call this check in reports.
    tolerance : float, optional
        The relative tolerance to which ``fun`` is solved for, by an integrator or an iteration. A
        discrepancy of that size is undecided, and not wrong. Without it the solvers of SciPy,
        torchdiffeq and diffrax are recognised, and loops that end at a small number. Where the
        tolerance can be cut, it is: what shrinks with it is the solver's error, what stays wrong.
    surrogate : callable, optional
        The function whose gradient it is meant to be, where ``fun`` itself is flat or jumps (a
        straight-through estimator, a quantisation): of the same arguments, and returning the
        same shapes. Slopes are then those of ``surrogate``, the claim is that of ``fun``.
    layout : mapping of str to int or tuple, optional
        The names and shapes of what lies one after the other in a ``point`` that is one flat
        vector, ``{"Theta1": (5, 4), "b1": 5}``: each is a block of its own, with its verdict.
    bounds : sequence of pairs, pair or scipy.optimize.Bounds, optional
        The lowest and the highest value of each parameter of a ``point`` that is one array, or of
        all; None for none. ``fun`` and ``grad`` are then called inside alone; of a point on a bound
        the slopes are those of one side.
    jac_sparsity : array or sparse matrix, optional
        In place of ``grad``: which outputs depend on which parameters, as for
        ``scipy.optimize.least_squares``. What is checked is that nothing is left out.
    tangent : callable, pair, "symmetric" or manifold, optional
        Where the point lives on a manifold: ``tangent(point, vector)``, a point again, for vectors
        of the shape of ``grad``. Where only tangent ones will do, ``(retraction, projection)``, or
        an object that has both, as pymanopt's and geoopt's manifolds. ``grad`` is then the
        Riemannian gradient, ``hess`` the Riemannian Hessian, each at the point.
    residuals : callable, optional
        Data less their means, or the other way round, as a function of the same arguments. Where
        ``hess`` or ``hessp`` is wrong it is asked whether it is the Gauss–Newton matrix, or the
        expected information, of which the data have to be among ``args``.

    Returns
    -------
    Report
        ``verdict``, ``ok``, ``difference``, ``resolution``, ``evaluations``, ``blocks``,
        ``findings``; nothing is printed or raised on the way.

    Raises
    ------
    UsageError
        Where the call has no answer; the sentence says what to change.

    Notes
    -----
    Exceptions raised by ``fun`` or ``grad`` surface unchanged, with a note that says where. Beside
    the point, where ``fun`` worked, a ``ValueError``, ``ArithmeticError`` or ``LinAlgError`` says
    that it is not finite there.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> def cost(w, x):
    ...     return float(np.sum(np.tanh(w * x)))
    >>> def backprop(w, x):
    ...     return x / np.cosh(w * x) ** 2
    >>> rng = np.random.default_rng(0)
    >>> report = gp.check(cost, rng.normal(size=5), grad=backprop, args=(rng.normal(size=5),))
    >>> report.verdict
    <Verdict.CORRECT: 'correct'>

    """
    options = Options(
        args, kwargs, effort, seed, correct_below, wrong_above, name, tolerance=tolerance
    )
    validate(fun, options)
    twice = order_given(order)
    if twice and not (grad is None or grad is False):
        raise UsageError(
            "order=2 is about the backward passes of a framework: the derivative of a gradient "
            "that is passed as grad= is passed as hess= or hessp=."
        )
    _validate_point_and_grad(point, grad)
    second = hess is not None or hessp is not None
    alone = {"layout": layout, "bounds": bounds, "jac_sparsity": jac_sparsity}
    _first_alone(surrogate, alone, second=second, twice=twice)
    if residuals is not None:
        _residuals_given(residuals, second=second)
    if tangent is not None:
        if twice or surrogate is not None or any(x is not None for x in alone.values()):
            raise UsageError("tangent= goes with grad=, hess= and hessp= alone.")
        again = call_in_source(int(seed))
        return checked_on(tangent, fun, point, (grad, hess, hessp), options, again)
    if jac_sparsity is not None or not (grad is None or grad is False or second or surrogate):
        given = _Given(fun, point, grad, options, layout, bounds, jac_sparsity)
        asked, own, spent = _by_hand(given)
        report = examine(asked, call_in_source(int(seed)))
        if jac_sparsity is not None:  # no claim that an edit could correct
            report = replace(report, evaluations=report.evaluations + spent, origin=None)
        return report if bounds is None else with_calls(report, own)
    if second:
        return checked_second(fun, point, grad, hess, hessp, options, residuals)
    if surrogate is not None and grad is not None and grad is not False:
        claim = partial(_gradient_of, fun) if grad is True else grad
        return checked(surrogate, Point(point), claim, options)
    if layout is not None or bounds is not None:
        role = "layout=" if bounds is None else "bounds="
        raise UsageError(f"{role} goes with grad=, a gradient or a Jacobian by hand.")
    return _by_itself(fun, point, surrogate, options, twice=twice)


def _by_itself(
    fun: Callable[..., Any], point: Any, surrogate: Any, options: Options, *, twice: bool
) -> Report:
    """The report of a framework's own derivatives."""
    where, claim = own_claim(point, None if surrogate is None else fun)
    with watched() as seen:
        first = checked(surrogate or fun, where, claim, options)
    if surrogate is not None:
        return first
    both = partial(both_orders, first, fun, where, claim, options)
    if twice:
        return both()
    return with_constants(first, seen, lambda: (fun, where), both, options.args, options.kwargs)


class _Given(NamedTuple):
    """What goes with a gradient by hand."""

    fun: Callable[..., Any]
    point: Any
    grad: Any
    options: Options
    layout: Layout | None
    bounds: Any
    jac_sparsity: Any


def _by_hand(given: _Given) -> tuple[Asked, Counted, int]:
    """What is asked of a gradient or Jacobian, within bounds perhaps, or a pattern in its place.

    With the function that counts its calls, and those that were spent on a pattern.
    """
    fun, own, grad, spent = given.fun, Counted(given.fun), given.grad, 0
    point, options = started(fun, given.point, given.grad, given.options)
    if given.bounds is not None:
        fun, point, grad = inside(own, point, grad, given.bounds)
    if given.jac_sparsity is not None:
        if grad is not None or given.layout is not None:
            raise UsageError(
                "jac_sparsity= is in place of a Jacobian: leave out grad= and layout=, or return a "
                "sparse matrix from grad, whose pattern is checked too."
            )
        grad, spent = by_pattern(Asked(fun, Point(point), None, options), given.jac_sparsity)
    if given.layout is not None:
        fun, point, grad = parted(fun, point, grad, given.layout)
    return Asked(fun, Point(point), grad, options), own, spent


def _first_alone(surrogate: Any, alone: Mapping[str, Any], *, second: bool, twice: bool) -> None:
    """Raise ``UsageError`` for what is of first derivatives alone beside second ones."""
    if surrogate is not None:
        function_given("surrogate", surrogate, "gp.check(fun, point, surrogate=smooth)")
        if second or twice:
            raise UsageError("surrogate= is for first derivatives: leave it out.")
    for role, given in alone.items():
        if given is not None and (surrogate is not None or second):
            text = f"{role}= goes with grad= alone: leave out surrogate=, hess=, hessp=."
            raise UsageError(text)


def _residuals_given(residuals: Any, *, second: bool) -> None:
    function_given("residuals", residuals, "residuals=lambda point, X, y: y - mean(point, X)")
    if not second:
        raise UsageError("residuals= goes with hess= or hessp=, to say what matrix that is.")


def _validate_point_and_grad(point: Any, grad: Any) -> None:
    """Raise ``UsageError`` for functions and text where numbers belong."""
    if is_function(point):
        raise UsageError(
            f"point must hold the parameters, but is {what(point)}: "
            "the order is gp.check(fun, point, grad=...)."
        )
    gradient_given(grad)


def own_claim(point: Any, of: Callable[..., Any] | None = None) -> tuple[Point, Autodiff]:
    """The point, and a framework's own derivatives there: of the function under test or another."""
    framework, flat = _own_framework(point)
    modes = framework.about.modes
    claim = Autodiff(framework, reverse="reverse" in modes, forward="forward" in modes, of=of)
    return Point(point, framework.chosen(flat.leaves), tree=flat), claim


def _gradient_of(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What ``fun`` returns beside its value."""
    return fun(*args, **kwargs)[1]


def _own_framework(point: Any) -> tuple[Backend, tree.Tree]:
    """The framework whose own derivatives are the claim, and the point with its leaves."""
    flat = tree.flatten(point)
    owners = [framework for leaf in flat.leaves if (framework := framework_of(leaf)) is not None]
    found = next((framework for framework in owners if framework.about.modes), None)
    if found is None:
        Point(point)  # a module, say, gets a sentence of its own
        raise UsageError(
            "There is no claimed gradient to check: pass grad=, a function of the same "
            "arguments, a gradient already computed, or True if fun returns (value, gradient). "
            "Only the arrays of a library that differentiates by itself, such as torch tensors "
            "and JAX arrays, have derivatives of their own."
        )
    return found, flat
