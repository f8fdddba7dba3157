"""A journal: one line of JSON for each try, so that nothing is tried twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, TextIO

from ..errors import UsageError
from .cover import Try
from .source import codes, functions
from .space import shown
from .target import Target
from .trying import Outcome

_FACTS = ("verdict", "why", "misuse", "claim", "seconds")
_LISTS = ("blocks", "kinds", "branches")


@dataclass(slots=True)
class Journal:
    """What came of the tries of one target with one seed, in a file with others perhaps.

    Lines of other code are left alone: a function that was changed is tried anew.
    """

    path: Path
    target: str
    seed: int
    code: str
    known: dict[str, Outcome] = field(default_factory=dict)
    file: TextIO | None = None

    @classmethod
    def of(cls, path: str | PathLike[str], target: Target, seed: int) -> Journal:
        """The journal of a file, which is made if it is not there."""
        made = cls(Path(path), target.name, seed, code_of(target))
        made._read()
        return made

    def _read(self) -> None:
        if not self.path.exists():
            return
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The journal {self.path} cannot be read: {error}.") from None
        for line in lines:
            try:
                entry = json.loads(line)
                mine = (entry["target"], entry["seed"], entry["code"])
                if mine == (self.target, self.seed, self.code):
                    self.known[entry["key"]] = _outcome(entry)
            except (ValueError, KeyError, TypeError):
                continue  # the line that was being written when a run was killed

    def add(self, one: Try, outcome: Outcome) -> None:
        """Write what came of a try, at once."""
        if one.key in self.known:
            return
        self.known[one.key] = outcome
        settings = {name: shown(value) for name, value in one.values.items()}
        entry = {
            "target": self.target, "try": one.number, "ring": one.ring, "options": settings,
            "seed": self.seed, **asdict(outcome), "choice": one.name, "key": one.key,
            "code": self.code,
        }  # fmt: skip
        self._write(json.dumps(entry, ensure_ascii=False))

    def _write(self, line: str) -> None:
        if self.file is None:
            try:
                self.file = self.path.open("a+", encoding="utf-8")
            except OSError as error:
                raise UsageError(
                    f"The journal {self.path} cannot be written: {error.strerror}."
                ) from None
            self._end_torn_line()
        self.file.write(line + "\n")
        self.file.flush()

    def _end_torn_line(self) -> None:
        assert self.file is not None
        whole = self.path.read_bytes()
        if whole and not whole.endswith(b"\n"):
            self.file.write("\n")

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
            self.file = None


def _outcome(entry: dict[str, Any]) -> Outcome:
    listed: dict[str, Any] = {name: tuple(entry[name]) for name in _LISTS}
    return Outcome(**{name: entry[name] for name in _FACTS}, **listed)


def code_of(target: Target) -> str:
    """A digest of the code that is hunted, by which lines of older code are known."""
    digest = hashlib.blake2b(digest_size=6)
    for function in functions(target.code()):
        for code in codes(function.__code__):
            digest.update(code.co_code)
            constants = [c for c in code.co_consts if not hasattr(c, "co_code")]
            digest.update(repr((code.co_names, constants)).encode())
    return digest.hexdigest()


def replayed(journal: Journal, batch: Sequence[Try]) -> tuple[dict[str, Outcome], list[Try]]:
    """What is known of some tries, and those of which nothing is."""
    known = {one.key: journal.known[one.key] for one in batch if one.key in journal.known}
    return known, [one for one in batch if one.key not in known]


def with_journal(journal: Journal | None, runner: Any) -> Any:
    """A runner that asks a journal first, and writes down what it does not know."""
    if journal is None:
        return runner

    def run(batch: Sequence[Try]) -> Iterator[Outcome]:
        known, rest = replayed(journal, batch)
        fresh = iter(runner(rest)) if rest else iter(())
        for one in batch:
            if one.key in known:
                yield known[one.key]
                continue
            outcome = next(fresh)
            journal.add(one, outcome)
            yield outcome

    return run
