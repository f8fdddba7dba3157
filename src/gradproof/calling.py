"""How public functions are called: what Python would refuse gets a sentence of its own.

Every public function goes through ``public``, which also hands reports to ``unread``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from .errors import UsageError
from .naming import what
from .unread import handed

P = ParamSpec("P")
R = TypeVar("R")

# What others call the same thing.
_MEANT = {
    "jac": "grad", "gradient": "grad", "gradients": "grad", "grads": "grad", "gradf": "grad",
    "fprime": "grad", "params": "point", "x": "point", "x0": "point", "theta": "point",
    "inputs": "point", "f": "fun", "func": "fun", "fn": "fun", "function": "fun", "cost": "fun",
    "hessian": "hess", "rng": "seed", "random_state": "seed", "level": "effort",
}  # fmt: skip

_NONE_NEEDED = {
    **dict.fromkeys(
        ("eps", "epsilon", "step", "h", "delta"),
        "steps set themselves: leave it out",
    ),
    **dict.fromkeys(
        ("atol", "rtol", "tol", "threshold"),
        "error bars are measured and no tolerance is needed: leave it out, or set the bands of "
        "relative error with correct_below= and wrong_above=",
    ),
    **dict.fromkeys(
        ("blocks", "block", "wrt", "argnums", "argnum", "only"),
        "everything in the point is checked: pass as the point what is to be checked, and the "
        "rest in args=",
    ),
    "verbose": "nothing is printed: write print(report)",
}


def public(
    example: str, *, report: bool = False, renamed: Mapping[str, str] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a public function; ``example`` is how it is called.

    ``report``: it returns a report, of which pytest's plugin says so if no test looks at it.
    ``renamed`` are former names of its arguments, still understood.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        former, fits = renamed or {}, _fitting(signature)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            __tracebackhide__ = True
            for old in former.keys() & kwargs.keys():
                kwargs.setdefault(former[old], kwargs.pop(old))
            try:
                _ = fits(args, kwargs) or signature.bind(*args, **kwargs)
            except TypeError:
                raise UsageError(_refusal(example, signature, args, kwargs)) from None
            result = function(*args, **kwargs)
            return handed(result, sys._getframe(1)) if report else result  # noqa: SLF001 - its line

        return call

    return decorated


def _fitting(signature: inspect.Signature) -> Callable[[Sequence[Any], Mapping[str, Any]], bool]:
    """Whether arguments are those that most calls have: sooner said than by binding them."""
    known = signature.parameters.values()
    places = [p.name for p in known if p.kind is p.POSITIONAL_OR_KEYWORD]
    names = {p.name for p in known if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    needed = sum([p.default is p.empty for p in known])

    def fits(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
        return needed <= len(args) <= len(places) and kwargs.keys() <= names.difference(
            places[: len(args)]
        )

    return fits


def _refusal(
    example: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> str:
    """The sentence for arguments that a signature does not take."""
    name = example.partition("(")[0]
    known = signature.parameters
    for keyword in kwargs:
        if keyword not in known and not _takes_any(signature):
            return f"{name} has no argument {keyword!r}: {_meant(keyword, list(known))}."
    places = [p.name for p in known.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(args) > len(places):
        listed = ", ".join(map(what, args))
        return (
            f"{name} takes {_listed(places)} by position and all else by name, but got "
            f"{len(args)} arguments by position ({listed}): write {example}."
        )
    twice = [place for place in places[: len(args)] if place in kwargs]
    if twice:
        return f"{name} got {twice[0]} twice, by position and by name: write {example}."
    needed = [
        p.name
        for k, p in enumerate(known.values())
        if p.default is p.empty
        and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        and k >= len(args)
        and p.name not in kwargs
    ]
    return f"{name} needs {_listed(needed)} too: write {example}."


def _takes_any(signature: inspect.Signature) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())


def _meant(keyword: str, known: list[str]) -> str:
    if (meant := _MEANT.get(keyword.lower())) in known:
        return f"it is called {meant}"
    if keyword.lower() in _NONE_NEEDED:
        return _NONE_NEEDED[keyword.lower()]
    close = get_close_matches(keyword, known, 1)
    return f"did you mean {close[0]}" if close else f"it takes {_listed(known)}"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
