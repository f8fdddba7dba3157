"""The calls of one pass: what was called, where, and which tensors crossed the border of a call."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch.utils import _pytree as pytree

Key = tuple[tuple[str, int], ...]
# A place where a tensor crosses a border: the call, on which side, and the how-manieth tensor.
Slot = tuple[Key, str, int]
See = Callable[[Slot, Any], Any]


@dataclass(slots=True, eq=False)
class Call:
    """One call: of a module, a Function or a hook, its ``owner``.

    ``key`` finds it in a later pass, ``path`` is the module path in which it was made, ``count``
    the number of calls of that name there so far; ``file`` and ``line`` say where the user's code
    made it.
    """

    key: Key
    name: str
    path: str
    count: int
    owner: Any
    parent: Call | None
    file: str = ""
    line: int = 0


@dataclass(slots=True)
class Hooked:
    """A hook on a tensor: the gradients before and after it, one pair each time it was called."""

    call: Call
    tensor: Any
    pairs: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Log:
    """All calls of one pass in the order of execution, and the tensors that cross their borders.

    ``see`` is shown every such tensor and gives back what the call is to go on with. A node of
    the graph belongs to the innermost call that was open when it was made: ``borders`` are the
    sequence numbers at which that changed. ``hooks`` are those on tensors, ``again`` says that the
    backward pass is on, in which a Function may call what its forward had called without a graph.
    ``leaves`` are the blocks by identity, ``cut_up`` the nodes whose edges are known. Of
    the calls that are ``wanted`` the arguments and the gradients from above are kept (``real``).
    """

    see: See
    names: dict[int, str]
    calls: list[Call] = field(default_factory=list)
    stack: list[Call] = field(default_factory=list)
    borders: list[tuple[int, Call]] = field(default_factory=list)
    hooks: list[Hooked] = field(default_factory=list)
    again: bool = False
    leaves: set[int] = field(default_factory=set)
    cut_up: set[Any] = field(default_factory=set)
    wanted: frozenset[Key] = frozenset()
    real: dict[Key, Any] = field(default_factory=dict)
    _known: dict[Key, Call] = field(default_factory=dict)
    _made: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    _named: Counter[tuple[Any, ...]] = field(default_factory=Counter)

    @contextmanager
    def call(self, name: str, path: str, owner: Any) -> Iterator[Call | None]:
        """Everything inside happens in one call; None for one that has no place here."""
        made = self._new(name, path, owner)
        if made is None:
            yield None
            return
        self.enter(made)
        try:
            yield made
        finally:
            self.leave()

    def enter(self, call: Call) -> None:
        """From now on nodes belong to a call."""
        self.stack.append(call)
        self._border(call)

    def leave(self) -> None:
        """From now on nodes belong to what was open before."""
        self.stack.pop()
        if self.stack:
            self._border(self.stack[-1])

    def repeat(self, call: Call) -> None:
        """The backward of a Function begins, in which calls of its forward may be made again."""
        for key in [key for key in self._made if key[0][: len(call.key)] == call.key]:
            del self._made[key]
        self.enter(call)

    def _new(self, name: str, path: str, owner: Any) -> Call | None:
        parent = self.stack[-1] if self.stack else None
        # Calls without a graph (the steps of a solver, say) may be more or fewer at another point.
        bare = self.again or not torch.is_grad_enabled()
        label = f"{path}:{name}" + (" without grad" if bare else "")
        above = parent.key if parent is not None else ()
        key = (*above, (label, self._made[above, label]))
        if self.again and (parent is None or key not in self._known):
            return None
        self._made[above, label] += 1
        if self.again:
            return self._known[key]
        self._named[name, path, bare] += 1
        file, line = _caller()
        call = Call(key, name, path, self._named[name, path, bare], owner, parent, file, line)
        self._known[key] = call
        self.calls.append(call)
        return call

    def inside(self, call: Call) -> list[Call]:
        """The calls that a Function made in its forward."""
        return [other for other in self.calls if other.parent is call]

    def complete(self, call: Call) -> bool:
        """Whether its backward has made the same calls once more."""
        labels = {other.key[-1][0] for other in self.inside(call)}
        numbers = {label: self._made[call.key, label] for label in labels}
        made = Counter(other.key[-1][0] for other in self.inside(call))
        return all(numbers[label] == made[label] for label in labels)

    def _border(self, call: Call) -> None:
        self.borders.append((torch._C._autograd._get_sequence_nr(), call))  # noqa: SLF001

    def seen(self, call: Call, side: str, tree: Any) -> Any:
        """Show the tensors of a tree, and their bases, and put back what was made of them."""
        leaves, spec = pytree.tree_flatten(tree)
        changed = False
        for place, leaf in enumerate(leaves):
            if not isinstance(leaf, torch.Tensor):
                continue
            found = self._shown((call.key, side, place), leaf)
            changed = changed or found is not leaf
            leaves[place] = found
        return pytree.tree_unflatten(leaves, spec) if changed else tree

    def _shown(self, slot: Slot, tensor: Any) -> Any:
        base = tensor._base  # noqa: SLF001 - in-place operations on a view go through it
        if base is not None:
            self.see((slot[0], f"{slot[1]} base", slot[2]), base)
        return self.see(slot, tensor)

    def kept(self, call: Call, owner: Any) -> None:
        """Show the tensors that a module keeps as attributes: some leave the call that way."""
        kinds = (torch.Tensor, list, tuple, dict)
        found = [value for value in vars(owner).values() if isinstance(value, kinds)]
        self.seen(call, "kept", [value for value in found if tensors(value)])

    def path_of(self, module: Any) -> str:
        """The path of a module in the one that is looked at, or where it is called in it."""
        if id(module) in self.names:
            return self.names[id(module)]
        above = self.stack[-1].path if self.stack else ""
        return ".".join(filter(None, (above, type(module).__name__)))


def _caller() -> tuple[str, int]:
    """The line of the user's code that makes the call: the innermost outside torch and here."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack reads every file
    while frame is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)


_INSIDE: tuple[str, ...] = (
    __file__.removesuffix("operations/torch/calls.py"),
    torch.__file__.removesuffix("__init__.py"),
    contextlib.__file__,
    "<",
)


def plain(tensor: Any) -> Any:
    """The tensor inside whatever ``torch.func`` has wrapped around it."""
    functorch = torch._C._functorch  # noqa: SLF001
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor


def floating(tensor: Any) -> bool:
    """Whether a tensor moves continuously."""
    return bool(tensor.is_floating_point() or tensor.is_complex())


def tensors(tree: Any) -> list[Any]:
    """The tensors in a tree."""
    return [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, torch.Tensor)]
