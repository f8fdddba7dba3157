"""The point as a tree: its leaves, and their names as the user would write them.

optree does the work. Its own namespace keeps dictionaries in the order in which the user
wrote them (sorting would put ``b1`` before ``W1``) without touching anybody else's trees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Any

import optree

from ..backend.protocol import Node
from ..backend.registry import framework_of, frameworks
from ..errors import UsageError

NAMESPACE = "gradproof"
ROOT = "params"

# Entered once and never left: the setting belongs to our namespace alone. The name keeps it
# alive; collected as garbage, it would set the order back.
_IN_ORDER = ExitStack()
_IN_ORDER.enter_context(optree.dict_insertion_ordered(True, namespace=NAMESPACE))


@dataclass(frozen=True, slots=True)
class Tree:
    """A flattened pytree: ``leaves``, their ``names`` and ``paths``, and the way back.

    ``names`` are Python expressions such as ``params['W1']``; ``paths`` are the keys,
    indices and field names that lead to each leaf. ``None`` counts as a leaf; ``inside`` are the
    places of those within containers that only a framework knows.
    """

    leaves: tuple[Any, ...]
    names: tuple[str, ...]
    paths: tuple[tuple[Any, ...], ...]
    unflatten: Callable[[Sequence[Any]], Any]
    inside: frozenset[int] = frozenset()


def flatten(tree: Any, root: str = ROOT) -> Tree:
    """Flatten any pytree; ``root`` is the name of the whole in the leaves' names."""
    try:
        leaves, spec = optree.tree_flatten(tree, none_is_leaf=True, namespace=NAMESPACE)
    except RecursionError:
        raise UsageError(
            f"{root or 'args'} contains itself, or is nested too deeply to be walked through: "
            "pass a container of arrays."
        ) from None
    untracked = {type(leaf) for leaf in leaves if _registered_elsewhere(type(leaf))}
    if untracked:
        for cls in untracked:
            _adopt(cls)
        return flatten(tree, root)
    names, paths = _described(spec, root)
    found = Tree(tuple(leaves), names, paths, spec.unflatten)
    branches = {k: nodes for k, leaf in enumerate(leaves) if (nodes := _opened(leaf)) is not None}
    return _grafted(found, branches) if branches else found


# Names and paths are the same for every tree of a structure. No cache of functools, which a
# compiler that traces through a check (torch.compile) warns of.
_SEEN: dict[tuple[optree.PyTreeSpec, str], tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]] = {}
_MOST = 256


def _described(
    spec: optree.PyTreeSpec, root: str
) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """The names and the paths of the leaves."""
    if (spec, root) not in _SEEN:
        if len(_SEEN) >= _MOST:
            _SEEN.clear()
        accessors = spec.accessors()
        names = tuple([a.codify(root) for a in accessors])
        _SEEN[spec, root] = names, tuple(map(_path, accessors))
    return _SEEN[spec, root]


def _opened(leaf: Any) -> Node | None:
    """What is inside a container that only a framework knows (flax and equinox modules)."""
    if leaf is None or type(leaf).__module__ in ("builtins", "numpy"):
        return None
    if framework_of(leaf) is not None:
        return None
    return next((node for f in frameworks() if (node := f.opened(leaf)) is not None), None)


def _grafted(trunk: Tree, branches: Mapping[int, Node]) -> Tree:
    """The tree with some leaves replaced by what is inside them."""
    parts = [
        branches.get(k, Node((leaf,), ("",), ((),), lambda inside: inside[0]))
        for k, leaf in enumerate(trunk.leaves)
    ]

    def unflatten(leaves: Sequence[Any]) -> Any:
        rest = iter(leaves)
        return trunk.unflatten([p.unflatten(list(islice(rest, len(p.leaves)))) for p in parts])

    counts = [len(part.leaves) for part in parts]
    inside = (
        range(sum(counts[:k]), sum(counts[: k + 1])) for k in range(len(parts)) if k in branches
    )
    return Tree(
        inside=frozenset(place for places in inside for place in places),
        leaves=tuple(leaf for part in parts for leaf in part.leaves),
        names=tuple(
            name + inside
            for name, part in zip(trunk.names, parts, strict=True)
            for inside in part.names
        ),
        paths=tuple(
            (*path, *inside)
            for path, part in zip(trunk.paths, parts, strict=True)
            for inside in part.paths
        ),
        unflatten=unflatten,
    )


def _registered_elsewhere(cls: type) -> bool:
    """Whether ``cls`` is a dataclass that the user registered in a namespace of their own."""
    return hasattr(cls, "__optree_dataclass_fields__")


def _adopt(cls: Any) -> None:
    """Make it a node of ours as well; optree's own call registers a class only once."""
    fields = dataclasses.fields(cls)
    names = tuple(field.name for field in fields if field.metadata.get("pytree_node", True))
    others = tuple(field.name for field in fields if field.init and field.name not in names)

    def take(node: Any) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[str, ...]]:
        children = tuple(getattr(node, name) for name in names)
        return children, tuple(getattr(node, name) for name in others), names

    def build(rest: Any, children: Iterable[Any]) -> Any:
        return cls(**dict(zip(names + others, (*children, *rest), strict=True)))

    optree.register_pytree_node(
        cls, take, build, path_entry_type=optree.DataclassEntry, namespace=NAMESPACE
    )


def _path(accessor: optree.PyTreeAccessor) -> tuple[Any, ...]:
    """Keys, indices and, for named tuples and dataclasses, the field names."""
    return tuple(getattr(entry, "field", entry.entry) for entry in accessor)


def lookup(tree: Any, path: tuple[Any, ...], known: Container[tuple[Any, ...]]) -> Any:
    """The entry of a *gradient* at the path of a *parameter*; ``KeyError`` where there is none.

    A mapping may say ``dW1`` for ``W1``. Where it holds both, ``dW1`` is meant (the other is
    a cache that travels along), unless the parameters have a ``dW1`` of their own:
    ``known`` holds the paths, and their beginnings, that exist in the parameters.
    """
    for depth, key in enumerate(path):
        tree = _child(tree, _alias(tree, key, path[:depth], known))
    return tree


def _alias(tree: Any, key: Any, above: tuple[Any, ...], known: Container[tuple[Any, ...]]) -> Any:
    """``dW1`` for ``W1`` where the gradient has it and the parameters do not; else ``key``."""
    if not isinstance(key, str):
        return key
    alias = "d" + key
    return alias if (*above, alias) not in known and _has(tree, alias) else key


def beginnings(paths: Sequence[tuple[Any, ...]]) -> frozenset[tuple[Any, ...]]:
    """All paths with all their beginnings, as ``lookup`` wants them."""
    return frozenset(path[: depth + 1] for path in paths for depth in range(len(path)))


def _has(tree: Any, key: Any) -> bool:
    """Whether ``tree`` holds ``key`` as data: an array's ``.T`` or a list's ``.copy`` is none."""
    if isinstance(tree, Mapping):
        return key in tree
    if isinstance(key, str):
        fields = getattr(tree, "_fields", getattr(tree, "__dataclass_fields__", ()))
        return key in fields or key in getattr(tree, "__dict__", ())
    return hasattr(tree, "__getitem__") and not isinstance(tree, str | bytes)


def _child(tree: Any, key: Any) -> Any:
    if not _has(tree, key):
        raise KeyError(key)
    if isinstance(key, str) and not isinstance(tree, Mapping):
        return getattr(tree, key)
    try:
        return tree[key]
    except (IndexError, TypeError):
        raise KeyError(key) from None


def leaves(tree: Any) -> Sequence[Any]:
    """The leaves alone, without names: of what a function returns, at every evaluation."""
    if framework_of(tree) is not None:
        return (tree,)
    try:
        found: list[Any] = optree.tree_leaves(tree, none_is_leaf=True, namespace=NAMESPACE)
    except RecursionError:
        return flatten(tree).leaves  # has a sentence for it
    others = [x for x in found if framework_of(x) is None]
    strange = any([_registered_elsewhere(type(x)) or _opened(x) is not None for x in others])
    return flatten(tree).leaves if strange else found
