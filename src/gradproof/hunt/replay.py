"""What a hunt has found before, tried first: kept in Hypothesis' database of examples."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from .family import Family
from .layout import laid, layout_of
from .space import Choices, Fixed, Space, same


@dataclass(slots=True)
class Replay:
    """The examples of one target below ``folder``, where Hypothesis is installed."""

    folder: str
    name: str
    family: Family
    database: Any = field(init=False, default=None)
    kept: dict[bytes, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            kind = import_module("hypothesis.database").DirectoryBasedExampleDatabase
        except ImportError:
            return
        self.database = kind(Path(self.folder, ".hypothesis", "examples"))
        for text in sorted(self.database.fetch(self._key)):
            if (values := decoded(self.family, text)) is not None:
                self.kept[text] = values

    @property
    def _key(self) -> bytes:
        return f"gradproof {self.name}".encode()

    @property
    def values(self) -> list[Mapping[str, Any]]:
        """The arguments of what was found."""
        return list(self.kept.values())

    def update(self, found: Sequence[Mapping[str, Any]]) -> None:
        """Keep what was found now; what no longer is, is forgotten."""
        if self.database is None:
            return
        texts = {text for values in found if (text := encoded(self.family, values)) is not None}
        for text in texts - set(self.kept):
            self.database.save(self._key, text)
        for text in set(self.kept) - texts:
            self.database.delete(self._key, text)


def encoded(family: Family, values: Mapping[str, Any]) -> bytes | None:
    """Arguments as text; None where there is something in them that no text says."""
    pairs = zip(family.spaces, family.leaves(values), strict=True)
    parts = [_encoded(space, leaf) for space, leaf in pairs]
    return None if None in parts else json.dumps(parts).encode()


def decoded(family: Family, text: bytes) -> Mapping[str, Any] | None:
    """The arguments that a text says; None where the spaces have others now."""
    try:
        parts = json.loads(text)
        leaves = [_decoded(s, part) for s, part in zip(family.spaces, parts, strict=True)]
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    inside = zip(family.spaces, leaves, strict=True)
    if not all(space.contains(leaf) for space, leaf in inside):
        return None
    return dict(family.flat.unflatten(leaves))


def _encoded(space: Space, leaf: Any) -> dict[str, Any] | None:
    if isinstance(space, Fixed):
        return {}
    if isinstance(space, Choices):
        return next(_places(space, leaf), None)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fciub":
        text = base64.b64encode(np.ascontiguousarray(leaf).tobytes()).decode()
        how = layout_of(leaf)
        return {"array": text, "dtype": leaf.dtype.str, "shape": leaf.shape, "layout": how}
    if isinstance(leaf, bool | int | float):
        return {"number": leaf}
    return None


def _places(space: Choices, leaf: Any) -> Iterator[dict[str, Any]]:
    for k, value in enumerate(space.values):
        if not isinstance(value, Space) and same(value, leaf):
            yield {"choice": k}


def _decoded(space: Space, part: Mapping[str, Any]) -> Any:
    if isinstance(space, Fixed):
        return space.value
    if isinstance(space, Choices):
        return space.values[part["choice"]]
    if "number" in part:
        return part["number"]
    flat = np.frombuffer(base64.b64decode(part["array"]), np.dtype(part["dtype"]))
    return laid(flat.reshape(part["shape"]).copy(), part["layout"])
