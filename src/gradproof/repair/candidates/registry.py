"""Where the generators of candidates are registered, each under the name of its kind."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import libcst as cst

from ..edit import Edit
from .body import Body

Generator = TypeVar("Generator", bound=Callable[..., Iterator[Edit]])

_registered: list[tuple[str, tuple[type[cst.CSTNode], ...], Callable[..., Iterator[Edit]]]] = []


def candidates_of(kind: str, *nodes: type[cst.CSTNode]) -> Callable[[Generator], Generator]:
    """Register a generator of edits of a kind, which the edits will bear.

    It is called with the body of a function and, where there are types of ``nodes``, with each
    node of these types in it. Of edits with the same effect and cost the first one registered
    counts.
    """

    def register(generator: Generator) -> Generator:
        _registered.append((kind, nodes, generator))
        return generator

    return register


def generated(body: Body) -> Iterator[Edit]:
    """The edits of all generators."""
    for kind, nodes, generator in _registered:
        arguments: Iterator[tuple[Any, ...]]
        arguments = ((body, node) for node in body.of(*nodes)) if nodes else iter([(body,)])
        for each in arguments:
            yield from (replace(edit, kind=kind) for edit in generator(*each))
