"""What stands around a function in a hunt: the layout in memory, symmetry, and its domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..space import tree
from .layout import laid


@dataclass(frozen=True)
class Laid:
    """A function that is given arrays that lie in memory as they did in the try."""

    of: Callable[..., Any]
    layouts: tuple[str, ...]

    def __call__(self, point: Any, *args: Any, **kwargs: Any) -> Any:
        """Call it with arrays that lie as they did."""
        flat = tree.flatten(point)
        leaves = [laid(np.asarray(x), how) if how else x
                  for x, how in zip(flat.leaves, self.layouts, strict=True)]  # fmt: skip
        return self.of(flat.unflatten(leaves), *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__name__":
            raise AttributeError(name)
        return getattr(self.of, name)


@dataclass(frozen=True)
class Symmetric:
    """A function of matrices that are made symmetric first; of a gradient, ``both`` are."""

    of: Callable[..., Any]
    flags: tuple[bool, ...]
    both: bool

    def __call__(self, point: Any, *args: Any, **kwargs: Any) -> Any:
        """Call it with the matrices made symmetric."""
        found = self.of(self._made(point), *args, **kwargs)
        return self._made(found) if self.both else found

    def _made(self, point: Any) -> Any:
        flat = tree.flatten(point)
        pairs = zip(flat.leaves, self.flags, strict=True)
        return flat.unflatten([(leaf + leaf.T) / 2 if flag else leaf for leaf, flag in pairs])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__name__":
            raise AttributeError(name)
        return getattr(self.of, name)


class OutsideError(ValueError):
    """A step has left the domain that was declared."""


@dataclass(frozen=True)
class Inside:
    """A function that is never called outside its domain.

    There it has no value; where it is to ``fold``, it is called at the edge instead, for steps of
    a few floats.
    """

    of: Callable[..., Any]
    bounds: tuple[tuple[float, float], ...]
    fold: bool

    def __call__(self, point: Any, *args: Any, **kwargs: Any) -> Any:
        """Call it inside the domain, or raise ``OutsideError``."""
        flat = tree.flatten(point)
        for leaf, (low, high) in zip(flat.leaves, self.bounds, strict=True):
            array = np.asarray(leaf)
            if array.dtype.kind == "f" and ((array < low) | (array > high)).any():
                if not self.fold:
                    raise OutsideError("a step left the domain")
                break
        else:
            return self.of(point, *args, **kwargs)
        inside = [
            np.clip(leaf, low, high) if isinstance(leaf, np.ndarray) else min(max(leaf, low), high)
            for leaf, (low, high) in zip(flat.leaves, self.bounds, strict=True)
        ]
        return self.of(flat.unflatten(inside), *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__name__":
            raise AttributeError(name)
        return getattr(self.of, name)
