"""Faults of other people's gradients that a diagnosis has not seen, each one edit of right code.

They follow published bugs of trackers, homework repositories and forums (an activation's
derivative dropped, a mean that is held fixed, a bias column with weight decay, ...), and were
written before the rules that explain them.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Replica:
    """An edit of a module of this folder, and every kind that is a true description of it.

    ``says`` are pieces of text of which one has to stand in the message, where the kind alone
    would not be an explanation; ``asked`` is handed to the module's ``report``.
    """

    module: str
    right: str
    wrong: str
    kinds: tuple[str, ...]
    says: tuple[str, ...] = ()
    asked: tuple[Any, ...] = ()
    blocks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The module and the wrong text."""
        return f"{self.module}: {' '.join(self.wrong.split())}"

    def load(self, folder: str, *, wrong: bool) -> Callable[..., Any]:
        """The module's ``report``, of the right code or the wrong one."""
        text = (HOME / f"{self.module}.py").read_text()
        if wrong:
            if text.count(self.right) != 1:
                raise ValueError(f"{self.name}: {text.count(self.right)} places to edit")
            text = text.replace(self.right, self.wrong)
        file = Path(tempfile.mkdtemp(dir=folder)) / f"{self.module}.py"
        file.write_text(text)
        spec = importlib.util.spec_from_file_location(self.module, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.report


def of(module: str, *edits: tuple[Any, ...], asked: tuple[Any, ...] = ()) -> tuple[Replica, ...]:
    """The replicas that are edits of one module."""
    return tuple(Replica(module, *edit, asked=asked) for edit in edits)
