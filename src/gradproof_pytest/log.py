"""What the checks of a test have found: kept as plain records until the test's report takes them.

With each record go the files that were asked for, and annotations for GitHub.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import shlex
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import pytest

from .options import OPTIONS, near

if TYPE_CHECKING:
    from gradproof.errors import GradientError
    from gradproof.report.report import Report
    from gradproof.testing import UndecidedWarning

_PREFIX = 12  # columns that pytest puts before a message: "E" and the indentation of the statement
_NARROWEST = 40

Record = dict[str, Any]


@dataclass(slots=True)
class Log:
    """The records of a test's checks since its last phase; checks may be made in threads.

    ``known`` are the reports that have had a record, by identity: an error may bring one again.
    """

    records: list[Record] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    known: WeakValueDictionary[int, Report] = field(default_factory=WeakValueDictionary)


_LOG = pytest.StashKey[Log]()


def log_of(item: pytest.Item) -> Log:
    """The log of a test, made when it is first asked for."""
    return item.stash.setdefault(_LOG, Log())


def checked(
    item: pytest.Item, report: Report, undecided: str
) -> tuple[Report, GradientError | UndecidedWarning | None]:
    """Keep what a check has found; the report with its command, and what speaks against it."""
    from gradproof.testing import UndecidedWarning, objection

    report = dataclasses.replace(report, reproduce=_command(item, report.seed))
    record = _kept(item, report)
    message = partial(_message, item.config, report, record["files"])
    found = objection(report, undecided, message)
    record["warned"] = isinstance(found, UndecidedWarning)
    return report, found


def brought(item: pytest.Item, report: Report) -> None:
    """Keep a report that an error has brought along, unless it was kept before."""
    if log_of(item).known.get(id(report)) is not report:
        _kept(item, report)


def taken(item: pytest.Item, *, failed: bool) -> list[Record]:
    """Take the records of a test out; what was expected to be wrong is no annotation."""
    log = log_of(item)
    records, log.records = log.records, []
    return [r if failed or r["warned"] else {**r, "annotations": []} for r in records]


def line_of(item: pytest.Item) -> int:
    """The line at which a test begins."""
    return (item.location[1] or 0) + 1


def _kept(item: pytest.Item, report: Report) -> Record:
    log = log_of(item)
    number = next(log.numbers)
    record = {
        "label": item.nodeid if number == 1 else f"{item.nodeid} ({number})",
        "verdict": str(report.verdict),
        "files": _saved(item, report, number),
        "evaluations": int(report.evaluations),
        "resolution": float(report.resolution),
        "place": [item.location[0], line_of(item), item.nodeid, number],
        "warned": False,
        "annotations": _annotations(item, report),
        "row": _row(item, report),
    }
    log.known[id(report)] = report
    log.records.append(record)
    return record


def _saved(item: pytest.Item, report: Report, number: int) -> dict[str, str]:
    """The names of the files that a report was written into, by the names of the renderers."""
    from gradproof.report.renderers import renderers

    files: dict[str, str] = {}
    options = item.config.stash[OPTIONS]
    for name, folder in options.folders.items():
        if not options.writes(name, right=report.ok):
            continue
        files[name] = _stem(item.nodeid, number) + renderers()[name].suffix
        report.save(folder / files[name])
    return files


def _command(item: pytest.Item, seed: int) -> str:
    nodeid = _from_here(item)
    quoted = shlex.quote(nodeid) if set('"$`\\!') & set(nodeid) else f'"{nodeid}"'
    return f"pytest {quoted} --gradproof-seed {seed}"


def _from_here(item: pytest.Item) -> str:
    """A test's name as one writes it where pytest was started; ``nodeid`` starts at the root."""
    path, colons, rest = item.nodeid.partition("::")
    whole = item.config.rootpath / path
    try:
        path = Path(os.path.relpath(whole, item.config.invocation_params.dir)).as_posix()
    except ValueError:  # on Windows, where it is on another drive
        path = whole.as_posix()
    return f"{path}{colons}{rest}"


def _stem(nodeid: str, number: int) -> str:
    """Readable, and no other test's: the checksum parts what looks alike as the name of a file."""
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", nodeid.replace(".py::", "-")).strip("-.")[:100]
    count = "" if number == 1 else f"-{number}"
    return f"{readable}-{zlib.crc32(nodeid.encode()):08x}{count}"


def _message(config: pytest.Config, report: Report, files: dict[str, str]) -> str:
    """The line that can be searched for, the report, and where its files are."""
    options = config.stash[OPTIONS]
    places = {name: near(config, options.folders[name] / file) for name, file in files.items()}
    text = report.explain(max(options.width - _PREFIX, _NARROWEST))
    return "\n".join([text, *(f"{name.upper()}: {place}" for name, place in places.items())])


def _annotations(item: pytest.Item, report: Report) -> list[str]:
    from gradproof.report.renderers import github

    return github.annotations(report, str(item.path), line_of(item)) if github.on_github() else []


def _row(item: pytest.Item, report: Report) -> list[str] | None:
    """The row of a check in the summary of a job, where there is one."""
    from gradproof.report.renderers import markdown

    return list(markdown.row(item.nodeid, report)) if markdown.wanted() else None
