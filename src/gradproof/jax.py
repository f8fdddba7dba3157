"""``check_grads`` with the arguments of ``jax.test_util.check_grads``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .api.options import checked_own, validate
from .backend.jax import BACKEND, Linearized
from .errors import GradientError, UsageError
from .naming import called, what
from .plan.effort import Level
from .records.verdict import Verdict
from .report.report import Report
from .subject.asked import Options
from .subject.providers import Autodiff


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: Any = 1,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    *,
    effort: Level = "standard",
    seed: int = 0,
) -> None:
    """Check JAX's derivatives of ``f``, as ``jax.test_util.check_grads`` does.

    Parameters
    ----------
    f : callable
        ``f(*args)`` returns an array or any container of arrays.
    args : tuple
        Arguments, any pytrees; their floating-point arrays are checked.
    order : int
        2 also checks the derivatives of ``f``'s gradient along a fixed cotangent, and so on; where
        there is no reverse mode, those of its derivative along a fixed tangent.
    modes : sequence of {"fwd", "rev", "lin"}
        Forward mode, reverse mode, forward mode by ``jax.linearize``, or several. A mode that ``f``
        does not have is left out where another one is asked for too.
    atol, rtol, eps : float, optional
        Error bars and steps are measured. Where one of the three is given, what is found wrong may
        still pass, with a warning: if central differences with the step ``eps`` agree with each
        mode to ``atol`` and ``rtol`` along a random direction, and would not agree with zero as
        well. ``rtol`` is also a relative error of a block that may pass: both bands of
        ``gp.check``.
    effort, seed
        As for ``gp.check``.

    Raises
    ------
    GradientError
        An ``AssertionError``, as JAX raises; its message is the report, ``.report`` holds it.
    UsageError
        Where an argument has no meaning.

    Notes
    -----
    An undecided check gives a warning that holds the report: nothing was found wrong. Where a block
    is undecided that may be off by all of its gradient, it raises as a wrong one does.

    """
    __tracebackhide__ = True
    if hasattr(args, "dtype"):
        raise UsageError(f"args must be a tuple of arguments, but is {what(args)}: write (x,).")
    chosen = [modes] if isinstance(modes, str) else list(modes)
    if not chosen or set(chosen) - {"fwd", "rev", "lin"}:
        raise UsageError(f"modes must be of 'fwd', 'rev' and 'lin', but is {modes!r}.")
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise UsageError(f"order must be a positive integer, but is {order!r}.")
    point = jax.tree_util.tree_map(_array, tuple(args))
    function, title, band = f, called(f), rtol or None
    allowed = None if (atol, rtol, eps) == (None, None, None) else (atol, rtol, eps)
    for level in range(1, order + 1):
        name = title if level == 1 else f"{title}, order {level}"
        options = Options(effort=effort, seed=seed, correct_below=band, wrong_above=band, name=name)
        validate(function, options)
        reverse = False
        for claim in _claims(chosen):
            report = checked_own(function, point, claim, options, "args")
            reverse = reverse or "reverse" in report.modes
            doubt = _judged(report, function, point, claim, allowed)
            if doubt:
                warnings.warn(doubt, stacklevel=2)
        function = _gradient(function) if reverse else _pushed(function)


def _claims(modes: Sequence[str]) -> list[Autodiff]:
    found = []
    if "rev" in modes or "fwd" in modes:
        found.append(Autodiff(BACKEND, reverse="rev" in modes, forward="fwd" in modes))
    if "lin" in modes:
        labels = ("the VJP", "the linearization")
        found.append(Autodiff(Linearized(), reverse=False, forward=True, labels=labels))
    return found


def _judged(
    report: Report, f: Any, point: tuple[Any, ...], claim: Autodiff, allowed: Allowed | None
) -> str:
    """Raise where it is wrong; the text of a warning, or nothing."""
    __tracebackhide__ = True
    if report.verdict.rejects or not report.supported:
        if allowed is None or not within(f, point, claim, allowed):
            raise GradientError(report.message, report)
        return (
            "gradproof: the gradient is off, but within the atol, rtol and eps that were given, so "
            f"it passes. Without them:\n{report.message}"
        )
    return report.message if report.verdict is Verdict.UNDECIDED else ""


def _array(leaf: Any) -> Any:
    """Floats and NumPy arrays as JAX would see them."""
    return (
        jnp.asarray(leaf) if isinstance(leaf, float | complex) or hasattr(leaf, "dtype") else leaf
    )


def _gradient(f: Any) -> Any:
    """The gradient of ``f`` along cotangents of alternating size, as a function."""

    def gradient(*args: Any) -> Any:
        def inexact(*moving: Any) -> Any:
            return f(*moving)

        outputs, vjp = jax.vjp(inexact, *args)
        return vjp(jax.tree_util.tree_map(_weights, outputs))

    return gradient


def _pushed(f: Any) -> Any:
    """The derivative of ``f`` along a tangent of alternating size, as a function."""

    def pushed(*args: Any) -> Any:
        leaves, tree = jax.tree_util.tree_flatten(args)
        places = [k for k, leaf in enumerate(leaves) if inexact(leaf)]

        def moved(chosen: Sequence[Any]) -> Any:
            whole = list(leaves)
            for place, leaf in zip(places, chosen, strict=True):
                whole[place] = leaf
            return f(*jax.tree_util.tree_unflatten(tree, whole))

        here = [leaves[k] for k in places]
        _, found = jax.jvp(moved, (here,), ([_weights(x) for x in here],))
        return jax.tree_util.tree_map(lambda t: t if inexact(t) else None, found)

    return pushed


def _weights(output: Any) -> Any:
    """A fixed cotangent without symmetries: 1, 1.5, 2, 1, … with alternating signs."""
    count = jnp.arange(output.size, dtype=jnp.int32)
    numbers = (1 + (count % 3) / 2) * (1 - 2 * (count % 2))
    return numbers.reshape(output.shape).astype(output.dtype)


Allowed = tuple[float | None, float | None, float | None]

# What JAX's own function takes where nothing is said, by type.
_TOLERANCE = {"bfloat16": 1e-1, "float16": 1e-2, "float32": 2e-3, "complex64": 1e-3}
_FINE, _EPS = 1e-5, 1e-4


def within(f: Any, args: tuple[Any, ...], claim: Autodiff, allowed: Allowed) -> bool:
    """Whether each mode agrees with central differences to what is allowed, and zero would not.

    Along one random direction; of several outputs a random combination for reverse mode.
    """
    leaves, tree = jax.tree_util.tree_flatten(args)
    places = [k for k, leaf in enumerate(leaves) if inexact(leaf)]
    here = [leaves[k] for k in places]

    def call(chosen: Sequence[Any]) -> list[Any]:
        whole = list(leaves)
        for place, leaf in zip(places, chosen, strict=True):
            whole[place] = leaf
        found = f(*jax.tree_util.tree_unflatten(tree, whole))
        return [o for o in jax.tree_util.tree_leaves(found) if inexact(o)]

    generator = np.random.default_rng(0)
    along = [_drawn(x, generator) for x in here]
    step = allowed[2] or _EPS
    up, down = (
        call([x + sign * step * t for x, t in zip(here, along, strict=True)]) for sign in (1, -1)
    )
    slopes = [(a - b) / (2 * step) for a, b in zip(up, down, strict=True)]
    above = [_drawn(o, generator) for o in slopes]
    if claim.forward:
        pushed = claim.framework.jvp(call, here, along)
        pairs = [] if pushed is None else list(zip(pushed, slopes, strict=True))
        if not all(_near(*pair, allowed) for pair in pairs):
            return False
    if claim.reverse:
        found = claim.framework.vjp(call, here).pull(above)
        total = sum(_inner(t, 0 * t if g is None else g) for t, g in zip(along, found, strict=True))
        wanted = sum(_inner(w, s) for w, s in zip(above, slopes, strict=True))
        if not _near(jnp.asarray(total), jnp.asarray(wanted), allowed):
            return False
    return True


def _near(one: Any, other: Any, allowed: Allowed) -> bool:
    usual = _TOLERANCE.get(str(other.dtype), _FINE)
    atol, rtol = (usual if tolerance is None else tolerance for tolerance in allowed[:2])
    most = atol + rtol * jnp.abs(other)
    tells = bool(jnp.any(jnp.abs(other) > most))
    return tells and bool(jnp.all(jnp.abs(one - other) <= most))


def _inner(one: Any, other: Any) -> Any:
    return jnp.sum(jnp.conj(one) * other).real


def _drawn(like: Any, generator: np.random.Generator) -> Any:
    numbers = generator.normal(size=like.shape)
    if jnp.issubdtype(like.dtype, jnp.complexfloating):
        numbers = numbers + 1j * generator.normal(size=like.shape)
    return jnp.asarray(numbers).astype(like.dtype)


def inexact(leaf: Any) -> bool:
    """Whether it is an array that JAX differentiates."""
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jnp.inexact))
