"""What a function's names hold, and which of them may stand for one another.

Beside names there are *holders*, in which arrays stand too: ``params["W2"]``, ``self.W1``,
``layer.kernel``, ``pair[0]``.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import libcst as cst

from ..hints import MODULE, RETURN, Hints, Shape
from .source import Found, Text, nodes
from .text import loaded, normal, number, value

T = TypeVar("T")

# What is never an array, whether the function imports it or not.
_BUILTIN = frozenset({*dir(builtins), "np", "numpy", "os", "sys", "subprocess", "socket", "math"})
# Attributes by which an array is looked at from another side: what has them is no holder.
_VIEWS = frozenset({"T", "mT", "H", "real", "imag", "shape", "size", "ndim", "dtype", "flat"})
# Calls that give a number, whatever they are given.
_COUNTING = frozenset({"len", "int", "float"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What a function's names hold.

    ``shapes`` are by name or holder, as Python would write it; ``spelled`` is how the user
    writes it. ``own`` are the function's own names, ``given`` its parameters, ``loops`` those
    that a loop counts with, ``near`` the names that it or its helpers read, and ``still`` those
    of functions and modules. ``others`` are known to hold neither an array nor a number.
    ``values`` are the numbers that names held.
    """

    shapes: Mapping[str, Shape]
    spelled: Mapping[str, str]
    own: frozenset[str]
    given: frozenset[str]
    loops: frozenset[str]
    near: frozenset[str]
    still: frozenset[str]
    others: frozenset[str]
    literals: tuple[str, ...]
    counts: tuple[str, ...]
    values: Mapping[str, float]

    def shape(self, text: str) -> Shape | None:
        """The shape of what a name or a holder held; None where nobody knows."""
        return self.shapes.get(normal(text))

    def value(self, text: str) -> float | None:
        """The number that an expression came to; None where nobody knows."""
        return value(text, self.values, self.shapes)

    def numbers(self) -> list[str]:
        """Names and holders of numbers, those that loops count with left out."""
        names = (name for name, shape in self.shapes.items() if shape == ())
        return [self.spelling(name) for name in names if name not in (*self.loops, RETURN)]

    def arrays(self) -> list[tuple[str, Shape]]:
        """Names and holders of arrays, with their shapes."""
        known = ((name, shape) for name, shape in self.items() if shape)
        return [(self.spelling(name), shape) for name, shape in known]

    def items(self) -> Iterator[tuple[str, Shape]]:
        """Names and holders, as Python would write them, with their shapes."""
        yield from ((name, shape) for name, shape in self.shapes.items() if name != RETURN)

    def unknown(self) -> list[str]:
        """Names, the function's own or read by it, of which nobody knows what they hold."""
        names = (self.own | self.near) - self.still - self.others
        return sorted(name for name in names if name not in self.shapes)

    def holders(self) -> list[str]:
        """The holders that the function mentions, or that held something in the run."""
        return [self.spelled[key] for key in self.spelled if not key.isidentifier()]

    def spelling(self, name: str) -> str:
        """How the user writes a name or a holder."""
        return self.spelled.get(name, name)

    def is_near(self, text: str) -> bool:
        """Whether the function or its helpers read the name already, or it is its own."""
        return all(name in self.own or name in self.near for name in loaded(text))


def scope(text: Text, found: Found, hints: Hints, others: Sequence[Found]) -> Scope:
    """The scope of one function; ``others`` are all the functions that are looked at."""
    own, loops = _own(found.node)
    still = _still(text.tree) | _BUILTIN | {name for one in others for name in _called(one.node)}
    near = frozenset(name for one in others for name in _read(one.node))
    spelled = {
        normal(one): one for one in _holders(text, others) if not loaded(one) & (still - own)
    }
    told = _told(found.name, hints.shapes)
    quote = '"' if '["' in text.source or "['" not in text.source else "'"
    for key in told:
        if not key.isidentifier():
            spelled.setdefault(normal(key), normal(key).replace("'", quote))
    inferred = _inferred(text.tree, found)
    shapes = {
        **inferred,
        **{normal(key): shape for key, shape in told.items() if shape is not None},
    }
    inside = own | near | frozenset(hints.shapes.get(MODULE, {}))
    kept = {
        name: shape
        for name, shape in shapes.items()
        if name == RETURN or loaded(name) <= inside - (still - own)
    }
    none = frozenset(key for key, shape in told.items() if shape is None)
    return Scope(
        kept,
        spelled,
        own,
        frozenset(_parameters(found.node.params)),
        loops,
        near,
        frozenset(still - own),
        none,
        _literals(others),
        _counts(text, others, own | near),
        {
            normal(key): held
            for key, held in _told(found.name, hints.values).items()
            if normal(key) in kept
        },
    )


def _told(name: str, hints: Mapping[str, Mapping[str, T]]) -> dict[str, T]:
    """What is told about a function's names, and about those around it."""
    told = dict(hints.get(MODULE, {}))
    parts = name.split(".<locals>.")
    for k in range(1, len(parts) + 1):
        told |= hints.get(".<locals>.".join(parts[:k]), {})
    if name not in hints:
        told |= hints.get("<lambda>", {})
    return told


def _still(tree: ast.Module) -> frozenset[str]:
    """The names of the module's functions, classes and modules."""
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(one.asname or one.name).partition(".")[0] for one in node.names}
    return frozenset(names)


def _called(node: cst.Lambda | cst.FunctionDef) -> Iterator[str]:
    for one in nodes(node.body):
        if isinstance(one, cst.Call) and isinstance(one.func, cst.Name):
            yield one.func.value


def _read(node: cst.Lambda | cst.FunctionDef) -> Iterator[str]:
    for one in nodes(node.body):
        if isinstance(one, cst.Name):
            yield one.value


def _own(node: cst.Lambda | cst.FunctionDef) -> tuple[frozenset[str], frozenset[str]]:
    """A function's parameters and what it assigns; and of these what loops count with."""
    names, loops = set(_parameters(node.params)), set[str]()
    for one in nodes(node.body):
        if isinstance(one, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr)):
            names |= set(_names(one.target))
        elif isinstance(one, (cst.For, cst.CompFor)):
            loops |= set(_names(one.target))
        elif isinstance(one, cst.AsName):
            names |= set(_names(one.name))
    return frozenset(names | loops), frozenset(loops - names)


def _parameters(parameters: cst.Parameters) -> Iterator[str]:
    groups = (parameters.posonly_params, parameters.params, parameters.kwonly_params)
    yield from (one.name.value for group in groups for one in group)
    for star in (parameters.star_arg, parameters.star_kwarg):
        if isinstance(star, cst.Param):
            yield star.name.value


def _names(target: cst.CSTNode) -> Iterator[str]:
    """The names that a target binds; an element of an array is none."""
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _names(element.value)


def _holders(text: Text, others: Sequence[Found]) -> Iterator[str]:
    for found in others:
        below = list(nodes(found.node.body))
        called = {id(one.func) for one in below if isinstance(one, cst.Call)}
        for one in below:
            if is_holder(one) and id(one) not in called:
                begin, end = found.spans[one]
                yield text.source[begin:end]


def is_holder(node: cst.CSTNode) -> bool:
    """Whether a node is an attribute, or an item by a fixed key, of a name or a holder."""
    if isinstance(node, cst.Attribute):
        return node.attr.value not in _VIEWS and _holds(node.value)
    if isinstance(node, cst.Subscript) and len(node.slice) == 1:
        index = node.slice[0].slice
        fixed = isinstance(index, cst.Index) and isinstance(index.value, cst.SimpleString)
        return fixed and _holds(node.value)
    return False


def _holds(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) or is_holder(node)


def _inferred(tree: ast.Module, found: Found) -> dict[str, Shape]:
    """Names that hold numbers by the look of what they are assigned."""
    shapes = dict[str, Shape]()
    for node in tree.body:
        if isinstance(node, ast.Assign) and number(ast.unparse(node.value)) is not None:
            shapes |= {one.id: () for one in node.targets if isinstance(one, ast.Name)}
    for one in nodes(found.node.body):
        if isinstance(one, cst.Assign) and _counts_something(one.value):
            shapes |= {name: () for target in one.targets for name in _names(target.target)}
    return shapes


def _counts_something(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Call):
        return isinstance(node.func, cst.Name) and node.func.value in _COUNTING
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute):
        return node.value.attr.value == "shape"
    return isinstance(node, (cst.Integer, cst.Float))


def _literals(others: Sequence[Found]) -> tuple[str, ...]:
    """The number literals of the functions, each once."""
    literals = dict[str, None]()
    for one in others:
        for node in nodes(one.node.body):
            if isinstance(node, (cst.Integer, cst.Float)):
                literals[node.value] = None
    return tuple(literals)


def _counts(text: Text, others: Sequence[Found], names: frozenset[str]) -> tuple[str, ...]:
    """Numbers of examples and the like that the functions compute: ``len(X)``, ``X.shape[0]``."""
    counts = dict[str, None]()
    for one in others:
        for node in nodes(one.node.body):
            if isinstance(node, (cst.Call, cst.Subscript)) and _counts_something(node):
                begin, end = one.spans[node]
                counts[text.source[begin:end]] = None
    return tuple(count for count in counts if loaded(count) - _BUILTIN <= names)
