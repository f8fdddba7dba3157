"""The mark: how the gradients of a test are checked, and what a mark may say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from .options import OPTIONS

MARK = (
    "gradproof(effort='standard', seed=0, undecided='fail', hunt=None): how the gradients of this "
    "test are checked, and whether an undecided verdict fails or only warns ('warn'); for how long "
    "a case with spaces is hunted ('30s'). Of several marks the closest counts, key by key."
)
_KEYS = ("effort", "seed", "undecided", "hunt")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a mark that says what is not understood, before the test runs."""
    for mark in _marks(item):
        complaint = _complaint(mark)
        if complaint:
            pytest.fail(f"@pytest.mark.gradproof{complaint}", pytrace=False)


def _marks(item: pytest.Item) -> Iterator[pytest.Mark]:
    """Closest first; of those on one thing the last applied, as of a class and its base."""
    for node in reversed(item.listchain()):
        yield from (mark for mark in reversed(node.own_markers) if mark.name == "gradproof")


def _complaint(mark: pytest.Mark) -> str:
    if mark.args:
        return f" takes keywords only ({', '.join(_KEYS)}), but got {mark.args[0]!r}."
    for key in mark.kwargs:
        if key not in _KEYS:
            from gradproof.cli.runs import known

            return f" takes no {key!r}: {known(key, _KEYS)}"
    if mark.kwargs.get("undecided", "fail") not in ("fail", "warn"):
        return f": undecided must be 'fail' or 'warn', but is {mark.kwargs['undecided']!r}."
    if mark.kwargs.get("hunt") is not None:
        from gradproof.errors import UsageError
        from gradproof.hunt.cases import seconds_of

        try:
            seconds_of(mark.kwargs["hunt"])
        except UsageError as error:
            return f": {error}"
    return _refusal(mark.kwargs) if mark.kwargs.keys() & {"effort", "seed"} else ""


def _refusal(wanted: Mapping[str, Any]) -> str:
    """What a check would say against effort and seed, in its own words."""
    from gradproof.api.options import validate
    from gradproof.errors import UsageError
    from gradproof.subject.asked import Options as Asked

    try:
        asked = Asked(effort=wanted.get("effort", "standard"), seed=wanted.get("seed", 0))
        validate(validate, asked)  # any function would do
    except UsageError as error:
        return f": {error}"
    return ""


@dataclass(frozen=True, slots=True)
class Options:
    """How the checks of one test are made.

    The command line replaces what the call says, which replaces what the marks say.
    """

    marked: Mapping[str, Any]
    given: Mapping[str, Any]
    undecided: str
    hunt: str | None = None

    def applied(self, keywords: Mapping[str, Any]) -> dict[str, Any]:
        """The keywords of a call, with those of the marks and of the command line."""
        return {**self.marked, **keywords, **self.given}


def options(item: pytest.Item) -> Options:
    """What marks and command line say of a test."""
    marked: dict[str, Any] = {}
    for mark in _marks(item):
        marked = {**mark.kwargs, **marked}
    undecided = marked.pop("undecided", "fail")
    hunt = marked.pop("hunt", None)
    seed = item.config.stash[OPTIONS].seed
    return Options(marked, {} if seed is None else {"seed": seed}, undecided, hunt)
