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
    the number of calls of that name there so far; ``file`` and ``line`` say where the user's code made it.
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
class Log:
    """All calls of one pass in the order of execution, and the tensors that cross their borders.

    ``see`` is shown every such tensor and gives back what the call is to go on with. A node of
    the graph belongs to the innermost call that was open when it was made: ``borders`` are the
    sequence numbers at which that changed.
    """

    see: See
    names: dict[int, str]
    calls: list[Call] = field(default_factory=list)
    stack: list[Call] = field(default_factory=list)
    borders: list[tuple[int, Call]] = field(default_factory=list)
    _made: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    _named: Counter[tuple[str, str]] = field(default_factory=Counter)

    @contextmanager
    def call(self, name: str, path: str, owner: Any) -> Iterator[Call]:
        """Everything inside happens in one call."""
        parent = self.stack[-1] if self.stack else None
        made = self._new(name, path, owner, parent)
        self.stack.append(made)
        self._border(made)
        try:
            yield made
        finally:
            self.stack.pop()
            if parent is not None:
                self._border(parent)

    def _new(self, name: str, path: str, owner: Any, parent: Call | None) -> Call:
        # Calls without a graph (the steps of a solver, say) may be more or fewer at another point.
        label = f"{path}:{name}" + ("" if torch.is_grad_enabled() else " without grad")
        above = parent.key if parent is not None else ()
        number = self._made[above, label]
        self._made[above, label] += 1
        self._named[name, path] += 1
        file, line = _caller()
        call = Call((*above, (label, number)), name, path, self._named[name, path], owner, parent,
                    file, line)  # fmt: skip
        self.calls.append(call)
        return call

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
