"""Which files of a folder define cases: they are read, and none is imported for that."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import UsageError

# As pytest leaves out; a virtual environment is known by its pyvenv.cfg.
_LEFT_OUT = {"__pycache__", "build", "dist", "node_modules", "venv", "CVS", "_darcs"}
_DECORATED = re.compile(r"^[ \t]*@(?:\w+\.)?case\b", re.MULTILINE)
_MOST_NAMED = 6


def files_with_cases(folder: str) -> list[str]:
    """The Python files below a folder that define a case, by their paths.

    Raises
    ------
    UsageError
        Where there is none; it says which files were looked at.

    """
    looked = sorted(map(str, _python_files(Path(folder))))
    found = [path for path in looked if cases_in(path)]
    if found:
        return found
    if not looked:
        raise UsageError("There is no Python file in this folder, nor in those below it.")
    *names, last = [os.path.relpath(path, folder) for path in looked]
    if len(names) >= _MOST_NAMED:
        last = f"{len(names) + 1 - _MOST_NAMED} more"
    listed = ", ".join(names[:_MOST_NAMED])
    listed = f"{listed} and {last}" if listed else last
    raise UsageError(
        f"No file in this folder defines a case; looked at {listed}. Write @gp.case above a "
        "function without arguments that returns the arguments of gp.check."
    )


def _python_files(folder: Path) -> Iterator[Path]:
    """The Python files of a folder and of those below that a person would mean."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if _is_meant(Path(parent, name))]
        yield from (Path(parent, name) for name in files if name.endswith(".py"))


def _is_meant(folder: Path) -> bool:
    left_out = folder.name.startswith(".") or folder.name in _LEFT_OUT
    return not (left_out or folder.suffix == ".egg" or (folder / "pyvenv.cfg").is_file())


def cases_in(path: str | Path) -> list[str]:
    """The names of the functions in a file that are marked with ``@gp.case``.

    A file that Python cannot read has one of no name if it looks so: its import says what is wrong.
    """
    try:
        text = Path(path).read_text("utf-8", errors="replace")
    except OSError:
        return []
    if "gradproof" not in text or not _DECORATED.search(text):
        return []
    try:
        defined = ast.parse(text).body
    except (SyntaxError, ValueError):
        return [""]
    return [f.name for f in _functions(defined) if any(map(_is_mark, f.decorator_list))]


def _functions(statements: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """The functions of a module, those under an ``if`` or a ``try`` among them."""
    for one in statements:
        if isinstance(one, ast.FunctionDef):
            yield one
        elif isinstance(one, ast.If | ast.Try | ast.With):
            yield from _functions([s for s in ast.iter_child_nodes(one) if isinstance(s, ast.stmt)])


def _is_mark(decorator: ast.expr) -> bool:
    name = decorator.attr if isinstance(decorator, ast.Attribute) else None
    return "case" in (name, decorator.id if isinstance(decorator, ast.Name) else None)
