"""What a function's names hold, and which of them may stand for one another.

Beside names there are *holders*, in which arrays stand too: ``params["W2"]``, ``self.W1``,
``layer.kernel``, ``pair[0]``.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from ..hints import MODULE, RETURN, Held, Hints, Names, Shape, shape_of
from .source import Found, Function, Text, nodes
from .text import loaded, normal, number, value

Looked = tuple[Found, cst.CSTNode]

# What is never an array, whether the function imports it or not.
_BUILTIN = frozenset({*dir(builtins), "np", "numpy", "os", "sys", "subprocess", "socket", "math"})
# Attributes by which an array is looked at from another side: what has them is no holder.
VIEWS = frozenset({"T", "mT", "H", "real", "imag", "shape", "size", "ndim", "dtype", "flat"})
# Calls that give a number, whatever they are given.
_COUNTING = frozenset({"len", "int", "float"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What a function's names hold.

    ``shapes`` are by name or holder, as Python would write it; ``spelled`` is how the user
    writes it. ``own`` are the function's own names, ``given`` its parameters, ``loops`` those
    that a loop counts with, ``near`` the names that it or its helpers read, and ``still`` those
    of functions and modules. ``others`` are known to hold neither an array nor a number.
    ``values`` are the numbers that names held; ``unread`` are its own names that
    nothing reads.
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
    unread: frozenset[str] = frozenset()

    def value(self, text: str) -> float | None:
        """The number that an expression came to; None where nobody knows."""
        return value(text, self.values, self.shapes)

    def numbers(self) -> list[str]:
        """Names and holders of numbers, those that loops count with left out."""
        names = (name for name, shape in self.items() if shape == ())
        return [self.spelling(name) for name in names if name not in self.loops]

    def arrays(self) -> list[tuple[str, Shape]]:
        """Names and holders of arrays, with their shapes."""
        return [(self.spelling(name), shape) for name, shape in self.items() if shape]

    def items(self) -> Iterator[tuple[str, Shape]]:
        """Names and holders, as Python would write them, with their shapes."""
        return ((name, shape) for name, shape in self.shapes.items() if name != RETURN)

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

    def written(self, text: str) -> str:
        """An expression with its holders as the user writes them."""
        for key in sorted(self.spelled, key=len, reverse=True):
            text = text if key.isidentifier() else text.replace(key, self.spelled[key])
        return text

    def is_near(self, text: str) -> bool:
        """Whether the function or its helpers read the name already, or it is its own."""
        return all(name in self.own or name in self.near for name in loaded(text))


def scope(text: Text, found: Found, hints: Hints, others: Sequence[Found]) -> Scope:
    """The scope of one function; ``others`` are all the functions that are looked at."""
    own, loops = _own(found.node)
    looked = [(one, node) for one in others for node in nodes(one.node.body)]
    near = frozenset(node.value for _, node in looked if isinstance(node, cst.Name))
    still = _still(text.tree, looked) - own
    known = _known(found.name, hints.held)
    inside = (own | near | frozenset(hints.held.get(MODULE, {}))) - still
    held: dict[str, Held] = {**_inferred(text.tree, found)}
    held |= {normal(key): one for key, one in known.items() if one is not None}
    held = {name: one for name, one in held.items() if name == RETURN or loaded(name) <= inside}
    literals = (node.value for _, node in looked if isinstance(node, (cst.Integer, cst.Float)))
    return Scope(
        shapes={name: shape_of(one) or () for name, one in held.items()},
        spelled=_spelled(text, looked, known, still),
        own=own,
        given=frozenset(_parameters(found.node.params)),
        loops=loops,
        near=near,
        still=still,
        others=frozenset(key for key, one in known.items() if one is None),
        literals=tuple(dict.fromkeys(literals)),
        counts=_counts(text, looked, own | near),
        values={name: one for name, one in held.items() if isinstance(one, float)},
        unread=_unread(found.node),
    )


def _unread(node: Function) -> frozenset[str]:
    """Parameters and names that are assigned, which nothing reads: what was meant to."""
    bound = [*_parameters(node.params)]
    met = Counter(one.value for one in nodes(node.body) if isinstance(one, cst.Name))
    for one in nodes(node.body):
        if isinstance(one, (cst.AssignTarget, cst.AnnAssign)):
            bound += _names(one.target)
            met.subtract(_names(one.target))
    return frozenset(name for name in bound if not met[name])


def fits(shape: Shape, site: Shape) -> bool:
    """Whether an array of a shape is broadcast to a site without enlarging it."""
    pairs = zip(reversed(shape), reversed(site), strict=False)
    return len(shape) <= len(site) and all(one in (1, length) for one, length in pairs)


def _known(name: str, hints: Names) -> dict[str, Held]:
    """What is known about a function's names, and about those around it."""
    known = dict(hints.get(MODULE, {}))
    parts = name.split(".<locals>.")
    for k in range(1, len(parts) + 1):
        known |= hints.get(".<locals>.".join(parts[:k]), {})
    return known if name in hints else {**known, **hints.get("<lambda>", {})}


def _still(tree: ast.Module, looked: Sequence[Looked]) -> frozenset[str]:
    """The names of functions, classes and modules: those of the module, and what is called."""
    names = set(_BUILTIN)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    for _, one in looked:
        match one:
            case cst.Call(func=cst.Name(value=name)):
                names.add(name)
    return frozenset(names)


def _own(node: cst.Lambda | cst.FunctionDef) -> tuple[frozenset[str], frozenset[str]]:
    """A function's parameters and what it assigns; and of these what loops count with."""
    names, loops = set(_parameters(node.params)), set[str]()
    for one in nodes(node.body):
        if isinstance(one, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr)):
            names.update(_names(one.target))
        elif isinstance(one, (cst.For, cst.CompFor)):
            loops.update(_names(one.target))
        elif isinstance(one, cst.AsName):
            names.update(_names(one.name))
    return frozenset(names | loops), frozenset(loops - names)


def _parameters(given: cst.Parameters) -> list[str]:
    named = (*given.posonly_params, *given.params, *given.kwonly_params)
    every = (*named, given.star_arg, given.star_kwarg)
    return [one.name.value for one in every if isinstance(one, cst.Param)]


def _names(target: cst.CSTNode) -> Iterator[str]:
    """The names that a target binds; an element of an array is none."""
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _names(element.value)


def _spelled(
    text: Text, looked: Sequence[Looked], known: Iterable[str], still: frozenset[str]
) -> dict[str, str]:
    """How holders are written in the code; those that it does not mention, with its quotes."""
    called = {id(one.func) for _, one in looked if isinstance(one, cst.Call)}
    held = [(found, one) for found, one in looked if is_holder(one) and id(one) not in called]
    codes = [text.source[slice(*found.spans[one])] for found, one in held]
    spelled = {normal(code): code for code in codes if not loaded(code) & still}
    quote = '"' if '["' in text.source or "['" not in text.source else "'"
    for key in known:
        if not key.isidentifier():
            spelled.setdefault(normal(key), normal(key).replace("'", quote))
    return spelled


def is_holder(node: cst.CSTNode) -> bool:
    """Whether a node is an attribute, or an item by a fixed key, of a name or a holder."""
    match node:
        case cst.Attribute(attr=cst.Name(value=name), value=held) if name not in VIEWS:
            return isinstance(held, cst.Name) or is_holder(held)
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=key))], value=held):
            fixed = isinstance(key, cst.SimpleString)
            return fixed and (isinstance(held, cst.Name) or is_holder(held))
    return False


def _inferred(tree: ast.Module, found: Found) -> dict[str, Shape]:
    """Names that hold numbers by the look of what they are assigned."""
    shapes = dict[str, Shape]()
    for node in tree.body:
        if isinstance(node, ast.Assign) and number(ast.unparse(node.value)) is not None:
            shapes |= {one.id: () for one in node.targets if isinstance(one, ast.Name)}
    for one in nodes(found.node.body):
        if isinstance(one, cst.Assign) and _is_number(one.value):
            shapes |= {name: () for target in one.targets for name in _names(target.target)}
    return shapes


def _is_number(node: cst.CSTNode) -> bool:
    match node:
        case cst.Call(func=cst.Name(value=name)):
            return name in _COUNTING
        case cst.Subscript(value=cst.Attribute(attr=cst.Name(value=name))):
            return name == "shape"
        case _:
            return isinstance(node, (cst.Integer, cst.Float))


def _counts(text: Text, looked: Sequence[Looked], names: frozenset[str]) -> tuple[str, ...]:
    """Numbers of examples and the like that the functions compute: ``len(X)``, ``X.shape[0]``."""
    counting = [(one, node) for one, node in looked if isinstance(node, (cst.Call, cst.Subscript))]
    codes = [text.source[slice(*one.spans[node])] for one, node in counting if _is_number(node)]
    return tuple(one for one in dict.fromkeys(codes) if loaded(one) - _BUILTIN <= names)
