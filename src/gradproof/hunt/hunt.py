"""``gp.hunt``: find the input at which a gradient is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..api.options import gradient_given
from ..calling import public
from .result import Hunt


@public("gp.hunt(fun, point, grad=...)", report=True)
def hunt(
    fun: Any,
    point: Any,
    *,
    grad: Any = None,
    tries: int | None = 300,
    seconds: float | None = None,
    seed: int = 0,
    workers: int = 1,
    executor: str | None = None,
    journal: Any = None,
    like: Callable[..., Any] | None = None,
    options: Mapping[str, Any] | None = None,
    **more_options: Any,
) -> Hunt:
    """Search for points, shapes and settings at which a gradient is wrong.

    A fixed menu first (zeros, ties, equal rows, ends of the domain, sizes, memory layouts, float32,
    …), alone and in pairs with each setting; then the numbers that stand in the code; then chance.
    Each try is screened along one direction; what does not plainly agree is checked as by
    ``gp.check``, looked at from beside, made as small as possible, and grouped by its cause.

    Parameters
    ----------
    fun : callable, torch module or layer
        ``fun(point, **options)`` returns a real scalar; or an array, where ``grad`` returns its
        Jacobian or, as ``cos`` for ``sin``, the derivative of each entry. A torch module is hunted
        with its parameters, a layer as for ``gp.check_layer``; ``point`` is then what its forward
        is given, several inputs as a tuple.
    point : value or space
        ``gp.arrays(...)``, ``gp.floats(...)``, ``gp.one_of(...)``, ``gp.trees()``,
        ``gp.positive_definite(n)``, ``gp.simplex(n)``, ``gp.sorted(shape)``, ``gp.ties(shape)``, a
        strategy of Hypothesis, or any container with such spaces in it; anything else stays as it
        is. Where framework functions are hunted their arrays are made of NumPy's.
    grad : callable or True, optional
        As for ``gp.check``; left out, the claim is that of torch or JAX.
    tries : int or None
        At most so many; None where ``seconds`` alone is the limit.
    seconds : float, optional
        At most about so many.
    seed : int
        Of everything that is drawn: the same seed makes the same tries.
    workers : int
        Processes that make the tries, through joblib (the ``hunt`` extra); each try then has a
        limit of time and memory. With a limit of tries they find the same as one.
    executor : str, optional
        ``dask://host:port`` or ``ray``, through joblib's backends.
    journal : path, optional
        A file with a line of JSON for each try; what it holds already is not tried again.
    like : callable, optional
        Another way to compute ``fun``, of the same arguments: a second opinion on what is found.
    options : mapping, optional
        Settings, values or spaces, whose names collide with those above.
    **more_options
        Settings that are passed on to ``fun`` and ``grad`` by keyword, values or spaces.

    Returns
    -------
    Hunt
        ``found`` (each with ``values``, ``report``, ``cause``, ``script``, ``test`` and
        ``confirmed_by``), ``tries``, ``skipped``, ``ok``, which is its truth value too. Ctrl-C ends
        it early, with what was found.

    Raises
    ------
    UsageError
        Where the call has no answer, or nothing could be checked at any try.

    Examples
    --------
    >>> import numpy as np
    >>> import gradproof as gp
    >>> def softplus(x, beta):
    ...     return float(np.sum(np.logaddexp(0, beta * x)) / beta)
    >>> def gradient(x, beta):
    ...     return 1 / (1 + np.exp(-x))  # beta is missing
    >>> found = gp.hunt(softplus, gp.arrays(2), grad=gradient, beta=gp.one_of(1.0, 20.0)).found
    >>> found[0].cause
    'with beta=20.0, for point at [0., 1.]'

    """
    from .search import arguments_of, checked_limits, hunted  # here: `import gradproof` stays light
    from .target import Manner, target_of

    gradient_given(grad)
    arguments = arguments_of(point, options, more_options)
    target = target_of(fun, grad, arguments, Manner(), like)
    limits = checked_limits(tries, seconds, seed)
    return hunted(target, limits, workers=workers, executor=executor, journal=journal)
