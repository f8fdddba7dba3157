"""A set that is open: whatever registers itself under a name, from here or from outside."""

from __future__ import annotations

import pkgutil
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from .errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Entry = TypeVar("Entry")

_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(slots=True)
class Registry(Generic[Entry]):
    """What the modules of a package register, those of an entry point group, and anybody else.

    A module registers when it is imported. Those of the ``package`` and of the ``group`` are
    imported when the entries are first asked for; an entry point bears the name that it registers.
    """

    package: str
    group: str
    entries: dict[str, Entry] = field(default_factory=dict)
    complete: bool = False

    def add(self, name: str, entry: Entry) -> None:
        """Register an entry; raise ``UsageError`` for a name that is taken, or none."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no name: write small letters, digits and hyphens.")
        if name in self.entries:
            raise UsageError(f"The name {name!r} in {self.group} is taken: choose another.")
        self.entries[name] = entry

    def all(self) -> dict[str, Entry]:
        """The entries by name, in the order of their names."""
        if not self.complete:
            from importlib.metadata import entry_points  # here: `import gradproof` stays light

            for module in pkgutil.iter_modules(import_module(self.package).__path__):
                import_module(f"{self.package}.{module.name}")
            for point in entry_points(group=self.group):
                _warned(point, self._load)
            self.complete = True
        return dict(sorted(self.entries.items()))

    def _load(self, point: EntryPoint) -> None:
        point.load()
        if point.name not in self.entries:
            raise UsageError(f"it registers nothing under the name {point.name!r}.")


def _warned(point: EntryPoint, load: Callable[[EntryPoint], None]) -> None:
    """Load what somebody else installed; what is broken there must not end a check here."""
    try:
        load(point)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ours
        what = f"gradproof: {point.value} ({point.group}) is left out"
        warnings.warn(f"{what}: {type(error).__name__}: {error}", stacklevel=2)
