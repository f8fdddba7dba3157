"""What a shell offers for a TARGET: files, and after ``file.py:`` the cases that it defines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from .search import cases_in


def targets(*, required: bool) -> Callable[[Any], Any]:
    """The argument of a command that takes targets."""
    metavar = "TARGET..." if required else "[TARGET...]"
    return click.argument(
        "targets", metavar=metavar, nargs=-1, required=required, shell_complete=_offered
    )


def _offered(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """What a target that was begun can become; no file is imported for that."""
    before = [*(context.params.get("targets") or ()), begun]
    # Bash takes words apart at colons: `cases.py:ri` arrives as `cases.py`, `:` and `ri`.
    if len(before) > 1 and begun == ":":
        return _names(before[-2], "", "")
    if len(before) > 2 and before[-2] == ":":
        return _names(before[-3], begun, "")
    file, colon, name = begun.rpartition(":")
    if colon:
        return _names(file, name, f"{file}:")
    if begun.endswith(".py") and Path(begun).is_file():
        return [CompletionItem(begun), *_names(begun, "", f"{begun}:")]
    return [CompletionItem(begun, type="file")]


def _names(file: str, begun: str, prefix: str) -> list[CompletionItem]:
    """The cases of a file whose names go on from what was begun."""
    names = [name for name in cases_in(file) if name and name.startswith(begun)]
    return [CompletionItem(f"{prefix}{name}") for name in names]


TARGETS = targets(required=True)
