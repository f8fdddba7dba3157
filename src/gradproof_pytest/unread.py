"""Says of which checks a test did not look at the report, where that is not correct."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Generator
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Warn, at the line of the check; a test that fails has been heard."""
    unread = sys.modules.get("gradproof.unread")
    if unread is not None:
        unread.taken()  # of another test, and gradproof is not imported for this
    result = yield
    unread = sys.modules.get("gradproof.unread")
    found = [] if unread is None else unread.taken()
    for one in {(each.file, each.line): each for each in found}.values():  # of a loop once
        from gradproof.testing import UnreadReportWarning

        warnings.warn_explicit(
            f"{item.name} does not look at the report of its check in line {one.line} of "
            f"{Path(one.file).name}, and passes whatever it says ({one.headline}): write "
            "gp.check(...).raise_if_wrong(), assert gp.check(...), or use the fixture gradproof.",
            UnreadReportWarning,
            one.file,
            one.line,
        )
    return result
