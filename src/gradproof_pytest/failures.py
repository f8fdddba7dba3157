"""What a test's report says: the user's frames, one line for the summary, and what was found."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import pytest

from .cases import CaseError
from .log import brought, taken

if TYPE_CHECKING:
    from gradproof.report.report import Report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the user's frames, make the summary one line, and attach what the checks have found."""
    if call.excinfo is not None and not item.config.getoption("fulltrace", False):
        _leave_out_frames(call.excinfo)
    report = yield
    if call.excinfo is not None:  # unittest's stands here only now
        _shorten(report, call.excinfo.value)
        for found in _carried(call.excinfo.value):
            brought(item, found)
    records = taken(item, failed=report.failed)
    if records:
        # Plain data in an attribute: pytest-xdist carries it to the process that sums up.
        report.__dict__["gradproof"] = records
    return report


def _shorten(report: pytest.TestReport, error: BaseException) -> None:
    """In the short summary, show the one line of a message that can be searched for."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and _says_it_all(error):
        crash.message = str(error).partition("\n")[0]


def _says_it_all(error: BaseException) -> bool:
    """Whether the first line of its message says it all."""
    ours = [("gradproof.errors", "GradientError"), ("gradproof.testing", "UndecidedWarning")]
    kinds = [getattr(sys.modules[name], kind) for name, kind in ours if name in sys.modules]
    return isinstance(error, (CaseError, *kinds))


def _carried(error: BaseException) -> Iterator[Report]:
    """The reports that errors of gradproof carry, in groups too; it is not imported for that."""
    errors, reports = map(sys.modules.get, ("gradproof.errors", "gradproof.report.report"))
    if errors is None or reports is None:
        return
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _carried(one)
    elif isinstance(error, errors.GradientError) and isinstance(error.report, reports.Report):
        yield error.report


def _leave_out_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Of what concerns the user, show no frames of ours; of a bug in gradproof, show all."""
    errors = sys.modules.get("gradproof.errors")
    if errors is None:
        return
    notes = getattr(excinfo.value, "__notes__", [])
    users = any(note.startswith("gradproof: raised by") for note in notes)
    if not users and not isinstance(excinfo.value, errors.GradientError | errors.UsageError):
        return
    kept = _without(excinfo.tb, Path(str(errors.__file__)).parent)
    if kept is not None:
        excinfo.traceback = type(excinfo.traceback)(kept)


def _without(traceback: TracebackType | None, folder: Path) -> TracebackType | None:
    """A traceback less the frames of the files in a folder."""
    parts = []
    while traceback is not None:
        parts.append(traceback)
        traceback = traceback.tb_next
    kept = None
    for part in reversed(parts):
        if not Path(part.tb_frame.f_code.co_filename).is_relative_to(folder):
            kept = TracebackType(kept, part.tb_frame, part.tb_lasti, part.tb_lineno)
    return kept
