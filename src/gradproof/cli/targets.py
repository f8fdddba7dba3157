"""From what stands on a command line, ``path.py:name``, ``module`` or a folder, to its cases.

A file is imported under a name of its own, so that two files of the same name do not clash,
and its neighbours are imported as if Python had been started in its folder. Afterwards
``sys.path`` is as it was, and the neighbours wait outside ``sys.modules`` until a case of
their file runs: another folder may hold a ``helper.py`` too.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from ..api.case import is_case
from ..errors import UsageError
from .search import files_with_cases


class LoadError(UsageError):
    """The user's module raised an exception while it was imported; that is the cause."""


@dataclass(slots=True)
class Folder:
    """A folder that can be imported from, and what was imported from it so far."""

    path: Path
    modules: dict[str, ModuleType] = field(default_factory=dict)

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Within this block, import as if Python had been started in the folder."""
        entry = str(self.path)
        if entry in sys.path:
            yield
            return
        before = set(sys.modules)
        sys.modules.update(self.modules)
        sys.path.insert(0, entry)
        try:
            yield
        finally:
            if entry in sys.path:  # the user's code may have taken it out
                sys.path.remove(entry)
            self._take_out(before)

    def _take_out(self, before: set[str]) -> None:
        """Move the folder's own new modules from ``sys.modules`` into ``modules``."""
        new = [name for name in sys.modules if name not in before]
        own = {name for name in new if self._holds(name, sys.modules[name])}
        for name in new:
            if name.partition(".")[0] in own:
                self.modules[name] = sys.modules.pop(name)

    def _holds(self, name: str, module: Any) -> bool:
        """Whether a module lies directly here: not further down, where ``.venv`` might."""
        if "." in name or not isinstance(module, ModuleType):
            return False
        origin = getattr(module, "__file__", None)
        homes = [Path(origin)] if origin else list(map(Path, getattr(module, "__path__", [])))
        return any(
            home in (self.path / f"{name}.py", self.path / name / "__init__.py", self.path / name)
            for home in homes
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A marked function; ``label`` is the target that means it alone.

    Of a list that it returns only ``entry`` is meant, where there is one.
    """

    label: str
    function: Callable[[], Any]
    folder: Folder
    entry: int | None = None


@dataclass(slots=True)
class Finder:
    """Finds cases, and imports each file and each module once."""

    folders: dict[Path, Folder] = field(default_factory=dict)
    loaded: dict[str, tuple[ModuleType, Folder]] = field(default_factory=dict)
    seen: set[tuple[int, int | None]] = field(default_factory=set)

    def targets(self, given: str) -> list[str]:
        """The targets that stand for one: of a folder its files that define cases, else itself.

        Raises
        ------
        UsageError
            Where no file of the folder defines a case.

        """
        return files_with_cases(given) if _is_folder(given) else [given]

    def find(self, target: str) -> list[Case]:
        """The cases that a target means, less those already found.

        Raises
        ------
        UsageError
            Where it means none: no such file, module or name, or nothing marked in it.
        LoadError
            Where importing it raised an exception.
        """
        where, name, entry = split(target)
        if where not in self.loaded:
            self.loaded[where] = self._load(where)
        module, folder = self.loaded[where]
        which = "" if entry is None else f"[{entry}]"
        cases = []
        for found, function in _marked(module, where, name).items():
            if not self.seen & {(id(function), None), (id(function), entry)}:
                self.seen.add((id(function), entry))
                cases.append(Case(f"{where}:{found}{which}", function, folder, entry))
        return cases

    def _load(self, where: str) -> tuple[ModuleType, Folder]:
        if _is_path(where) or Path(where).is_file():
            return self._load_file(where)
        folder = self._folder(Path.cwd())
        with folder.importable():
            module = _import_named(where)
        if getattr(module, "__file__", None) is None and hasattr(module, "__path__"):
            raise UsageError(f"This is a folder: write {Path(*where.split('.'))}{os.sep}.")
        return module, folder

    def _load_file(self, where: str) -> tuple[ModuleType, Folder]:
        path = Path(where).resolve()
        if path.is_dir():
            raise UsageError(_only_a_folder(where))
        if not path.is_file():
            raise UsageError(f"There is no such file{_similar_file(path)}.")
        root, dotted = _in_package(path)
        folder = self._folder(root)
        with folder.importable():
            if dotted is not None:
                module = _import_named(dotted)
                if getattr(module, "__file__", None) == str(path):
                    return module, folder
            return _import_file(path), folder

    def _folder(self, path: Path) -> Folder:
        return self.folders.setdefault(path, Folder(path))


def split(target: str) -> tuple[str, str | None, int | None]:
    """A target's file or module, the name of one case in it, and which of its list."""
    where, colon, name = target.rpartition(":")
    if not colon or len(where) < 2 or "/" in name or "\\" in name:
        return target, None, None
    found = re.fullmatch(r"(.*)\[(\d+)\]", name)
    name, entry = (found[1], int(found[2])) if found else (name, None)
    return where.rstrip(":"), name, entry  # `path.py::name`, as pytest writes it, will do


def _is_folder(target: str) -> bool:
    """Whether a target is a folder, and no package that can be imported from here."""
    path = Path(target)
    return path.is_dir() and not (target.isidentifier() and (path / "__init__.py").is_file())


def _is_path(where: str) -> bool:
    """Whether a target is meant as a file, or can be nothing else."""
    return where.endswith(".py") or not all(part.isidentifier() for part in where.split("."))


def _in_package(path: Path) -> tuple[Path, str | None]:
    """The folder to import from, and the dotted name of a file that lies in a package."""
    root = path.parent
    parts = [] if path.stem == "__init__" else [path.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    if root == path.parent or not all(map(str.isidentifier, parts)):
        return path.parent, None
    return root, ".".join(parts)


@contextmanager
def _importing(what: str) -> Iterator[None]:
    """Within this block, whatever is raised is the user's affair."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise LoadError(f"{what} could not be imported.") from error


def _import_named(dotted: str) -> ModuleType:
    importlib.invalidate_caches()
    try:
        with _importing(dotted):
            return importlib.import_module(dotted)
    except LoadError as error:
        missing = error.__cause__
        if isinstance(missing, ModuleNotFoundError) and f"{dotted}.".startswith(f"{missing.name}."):
            file = Path(*dotted.split(".")).with_suffix(".py") if dotted.strip(".") else Path()
            hint = f"; for the file, write {file}" if file.is_file() else ""
            raise UsageError(f"There is no module {missing.name!r} to import{hint}.") from None
        raise


def _import_file(path: Path) -> ModuleType:
    """Import a file under a name that no other file has."""
    name = f"gradproof_target_{path.stem}_{zlib.crc32(str(path).encode()):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError("This is not a Python file: its name should end in .py.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickle look their module up there.
    sys.modules[name] = module
    try:
        with _importing(path.name):
            spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _marked(module: ModuleType, where: str, name: str | None) -> dict[str, Any]:
    cases = {found: value for found, value in vars(module).items() if is_case(value)}
    if name in cases:
        return {name: cases[name]}
    if name is None and not cases:
        raise UsageError(
            "No case here: write @gp.case above a function without arguments that returns the "
            "arguments of gp.check."
        )
    if name is None:
        return cases
    if callable(getattr(module, name, None)):
        raise UsageError(f"{name} is there but is not a case: write @gp.case above it.")
    known = difflib.get_close_matches(name, cases, 1) or list(cases)[:8] or ["none"]
    raise UsageError(f"{where} has no case {name!r}; it has {', '.join(known)}.")


def _only_a_folder(where: str) -> str:
    return f"This is a folder: name one of its files, as in {Path(where) / 'cases.py'}:name."


def _similar_file(path: Path) -> str:
    files = [file.name for file in path.parent.glob("*.py")] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, files, 1)
    return f", but there is {close[0]}" if close else ""
