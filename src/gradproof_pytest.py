"""The pytest plugin: a fixture that checks gradients, cases as tests, and a summary of both.

pytest imports this file in every run, so it imports gradproof only where a check is made.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import importlib.util
import inspect
import itertools
import math
import os
import re
import shlex
import shutil
import sys
import tempfile
import warnings
import zlib
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradproof.errors import GradientError
    from gradproof.records.failure import Failure
    from gradproof.report.report import Report
    from gradproof.testing import UndecidedWarning

_KEYS = ("effort", "seed", "undecided")
_MARK = (
    "gradproof(effort='standard', seed=0, undecided='fail'): how the gradients of this test are "
    "checked, and whether an undecided verdict fails or only warns ('warn'); of several marks the "
    "closest counts, key by key."
)
_PREFIX = 12  # columns that pytest puts before a message: "E" and the indentation of the statement
_NARROWEST = 40

# By these a test ends that is neither passed nor failed, wherever they are raised.
_OUTCOMES = (pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception)

Record = dict[str, Any]


# What a run was asked for


@dataclass(frozen=True, slots=True)
class _Options:
    """The wishes of the command line, and how wide a report may be."""

    seed: int | None
    html: Path | None
    width: int


_OPTIONS = pytest.StashKey[_Options]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The command line and the configuration."""
    group = parser.getgroup("gradproof", "gradients")
    group.addoption(
        "--gradproof-seed",
        type=_seed,
        metavar="N",
        help="seed of all checks, whatever tests, marks and cases say themselves",
    )
    group.addoption(
        "--gradproof-html",
        metavar="DIR",
        help="write one HTML file for each check into DIR, and an index.html",
    )
    parser.addini(
        "gradproof_cases",
        "collect the functions marked @gp.case in test files as tests",
        type="bool",
        default=False,
    )


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 on, but is {text!r}")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark, and find out where reports go and how wide they may be."""
    config.addinivalue_line("markers", _MARK)
    worker = getattr(config, "workerinput", None)
    html, width = worker["gradproof"] if worker else (_folder(config), _columns())
    seed = config.getoption("--gradproof-seed")
    options = _Options(seed, None if html is None else Path(html), width)
    config.stash[_OPTIONS] = options
    if not worker:
        config.pluginmanager.register(_Sum(config, options), "gradproof-sum")


def _columns() -> int:
    return shutil.get_terminal_size().columns


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist what it cannot see: our terminal and our folder."""
    options = node.config.stash[_OPTIONS]
    html = None if options.html is None else str(options.html)
    node.workerinput["gradproof"] = (html, options.width)


def _folder(config: pytest.Config) -> str | None:
    """The folder for HTML files, made and tried out."""
    given = config.getoption("--gradproof-html")
    if given is None:
        return None
    if importlib.util.find_spec("jinja2") is None:
        raise pytest.UsageError("--gradproof-html needs jinja2: pip install 'gradproof[report]'.")
    path = config.invocation_params.dir / given
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise pytest.UsageError(
            f"--gradproof-html: {given} cannot be written to: {error.strerror}."
        ) from None
    return str(path)


# Marks


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
            close = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {close[0]}?" if close else f"it takes {', '.join(_KEYS)}."
            return f" takes no {key!r}: {hint}"
    if mark.kwargs.get("undecided", "fail") not in ("fail", "warn"):
        return f": undecided must be 'fail' or 'warn', but is {mark.kwargs['undecided']!r}."
    return ""


@dataclass(frozen=True, slots=True)
class _Wishes:
    """How the checks of one test are made.

    The command line replaces what the call says, which replaces what the marks say.
    """

    marked: Mapping[str, Any]
    given: Mapping[str, Any]
    undecided: str

    def applied(self, keywords: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.marked, **keywords, **self.given}


def _wishes(item: pytest.Item) -> _Wishes:
    marked: dict[str, Any] = {}
    for mark in _marks(item):
        marked = {**mark.kwargs, **marked}
    undecided = marked.pop("undecided", "fail")
    seed = item.config.stash[_OPTIONS].seed
    return _Wishes(marked, {} if seed is None else {"seed": seed}, undecided)


# What the checks of one test have found


@dataclass(slots=True)
class _Log:
    """The records of a test's checks since its last phase; checks may be made in threads."""

    records: list[Record] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def taken(self, *, failed: bool) -> list[Record]:
        """Take the records out; what was expected to be wrong is no annotation."""
        taken, self.records = self.records, []
        return [r if failed or r["warned"] else {**r, "annotations": []} for r in taken]


_LOG = pytest.StashKey[_Log]()


def _noted(
    item: pytest.Item, report: Report, undecided: str
) -> tuple[Report, GradientError | UndecidedWarning | None]:
    """Keep what a check has found; the report with its command, and what speaks against it."""
    from gradproof.testing import UndecidedWarning, objection

    log, folder = item.stash[_LOG], item.config.stash[_OPTIONS].html
    number = next(log.numbers)
    report = dataclasses.replace(report, reproduce=_command(item.nodeid, report.seed))
    file = None if folder is None else folder / _file_name(item.nodeid, number)
    if file is not None:
        report.save(file)
    found = objection(report, undecided, _message(report, item.config, file))
    log.records.append(
        {
            "label": item.nodeid if number == 1 else f"{item.nodeid} ({number})",
            "verdict": str(report.verdict),
            "headline": report.headline,
            "href": None if file is None else file.name,
            "evaluations": int(report.evaluations),
            "resolution": float(report.resolution),
            "place": [item.location[0], _line(item), item.nodeid, number],
            "warned": isinstance(found, UndecidedWarning),
            "annotations": _annotations(item, report),
        }
    )
    return report, found


def _command(nodeid: str, seed: int) -> str:
    quoted = shlex.quote(nodeid) if set('"$`\\!') & set(nodeid) else f'"{nodeid}"'
    return f"pytest {quoted} --gradproof-seed {seed}"


def _file_name(nodeid: str, number: int) -> str:
    """Readable, and no other test's: the checksum tells apart what looks alike as a file name."""
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", nodeid.replace(".py::", "-")).strip("-.")[:100]
    count = "" if number == 1 else f"-{number}"
    return f"{readable}-{zlib.crc32(nodeid.encode()):08x}{count}.html"


def _message(report: Report, config: pytest.Config, file: Path | None) -> str:
    """The line that can be searched for, the report, and where its file is."""
    text = report.explain(max(config.stash[_OPTIONS].width - _PREFIX, _NARROWEST))
    return text if file is None else f"{text}\nHTML: {_near(config, file)}"


def _near(config: pytest.Config, path: Path) -> str:
    """A path as seen from where pytest was started, if it is below."""
    here = config.invocation_params.dir
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _annotations(item: pytest.Item, report: Report) -> list[str]:
    if report.ok or os.environ.get("GITHUB_ACTIONS") != "true":
        return []
    from gradproof.report.github import annotations

    return annotations(report, str(item.path), _line(item))


def _line(item: pytest.Item) -> int:
    return (item.location[1] or 0) + 1


# The fixture


class Checks:
    """What the ``gradproof`` fixture is: the checks of ``gradproof``, each an assertion."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        item.stash[_LOG] = _Log()

    def __repr__(self) -> str:
        return "<the checks of gradproof>"

    def __call__(self, *arguments: Any, **keywords: Any) -> Report:
        """Check a claimed gradient: takes what ``gp.check`` takes."""
        __tracebackhide__ = True
        return self._checked("check", arguments, keywords)

    def check(self, *arguments: Any, **keywords: Any) -> Report:
        """Check a claimed gradient: takes what ``gp.check`` takes."""
        __tracebackhide__ = True
        return self._checked("check", arguments, keywords)

    def check_module(self, *arguments: Any, **keywords: Any) -> Report:
        """Check the parameters of a torch module: takes what ``gp.check_module`` takes."""
        __tracebackhide__ = True
        return self._checked("check_module", arguments, keywords)

    def check_vjp(self, *arguments: Any, **keywords: Any) -> Report:
        """Check products with a transposed Jacobian: takes what ``gp.check_vjp`` takes."""
        __tracebackhide__ = True
        return self._checked("check_vjp", arguments, keywords)

    def check_jvp(self, *arguments: Any, **keywords: Any) -> Report:
        """Check products with a Jacobian: takes what ``gp.check_jvp`` takes."""
        __tracebackhide__ = True
        return self._checked("check_jvp", arguments, keywords)

    def check_adjoint(self, *arguments: Any, **keywords: Any) -> Report:
        """Check an adjoint: takes what ``gp.check_adjoint`` takes."""
        __tracebackhide__ = True
        return self._checked("check_adjoint", arguments, keywords)

    def _checked(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Report:
        __tracebackhide__ = True
        import gradproof

        wishes = _wishes(self._item)
        report = getattr(gradproof, name)(*arguments, **wishes.applied(keywords))
        report, found = _noted(self._item, report, wishes.undecided)
        if isinstance(found, Warning):
            warnings.warn(found, stacklevel=3)
        elif found is not None:
            raise found
        return report


@pytest.fixture(name="gradproof")
def gradproof_fixture(request: pytest.FixtureRequest) -> Checks:
    """Check gradients: ``gradproof(cost, params, grad=backprop)`` takes what ``gp.check`` takes.

    It returns the report where the gradient is right and fails the test with the report where it
    is not, or where the verdict is undecided. ``gradproof.check_module``, ``check_vjp``,
    ``check_jvp`` and ``check_adjoint`` do the same for their namesakes in ``gp``.
    ``@pytest.mark.gradproof(effort="thorough", seed=3, undecided="warn")`` on a test, its class
    or its module sets how.

    The fixture belongs to one test, because the marks do: fixtures of a wider scope, and tests
    under Hypothesis' ``@given``, call ``gp.testing.assert_gradient`` instead.
    """
    return Checks(request.node)


# Cases


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> GradientCase | None:
    """Collect functions marked ``@gp.case``, where the configuration asks for it."""
    if not isinstance(collector, pytest.Module) or not collector.config.getini("gradproof_cases"):
        return None
    if not callable(obj) or not _is_case(obj):
        return None
    return GradientCase.from_parent(collector, name=name, callobj=obj)


def _is_case(candidate: Any) -> bool:
    try:
        return getattr(candidate, "__gradproof_case__", False) is True
    except Exception:  # noqa: BLE001 - whatever lies in a module may answer with anything
        return False


class GradientCase(pytest.Function):
    """A function marked ``@gp.case`` as a test: whatever it returns is checked.

    It is a function of pytest's, so marks, autouse fixtures and ``setup_module`` apply.
    """

    nofuncargs = True  # a case takes no arguments: they are no fixtures to look up
    _raised: BaseException | None = None

    def runtest(self) -> None:
        """Check all that the case returns, then fail with everything that is not right."""
        self.stash[_LOG] = _Log()
        wishes = _wishes(self)
        problems = []
        for result in self._results(wishes):
            problem = self._problem(result, wishes.undecided)
            if isinstance(problem, Warning):
                problem = self._warned(problem)
            if problem is not None:
                problems.append(problem)
        if problems:
            self._raised = _joined(problems)
            raise self._raised

    def _results(self, wishes: _Wishes) -> Iterator[Report | Failure]:
        """What the command line would tell of the case; its own exceptions surface as such."""
        __tracebackhide__ = True
        from gradproof.outcomes import run
        from gradproof.targets import Case, Folder

        folder, function = Folder(self.path.parent), self.obj
        if not _needs_arguments(function):
            with folder.importable():
                made = _with_defaults(function(), wishes.marked)
            function = partial(_itself, made)
        for outcome in run(Case(self.name, function, folder), wishes.given, _OUTCOMES):
            yield outcome.result

    def _problem(self, result: Report | Failure, undecided: str) -> Exception | None:
        from gradproof.report.report import Report

        if isinstance(result, Report):
            return _noted(self, result, undecided)[1]
        told = "" if result.traceback is None else f"\n{result.traceback.rstrip()}"
        return CaseError(f"gradproof: {result.case}: {result.message}{told}")

    def _warned(self, problem: Warning) -> Exception | None:
        try:
            self.warn(problem)
        except Warning as error:  # as the configuration may ask
            return error
        return None

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The message alone where it was made here: the case, not this file, is at fault."""
        if excinfo.value is not self._raised:
            return super().repr_failure(excinfo)
        shown = excinfo.getrepr(style="value")
        if shown.reprcrash is not None:
            shown.reprcrash.path = str(self.path)
            shown.reprcrash.lineno = _line(self)
        return shown


class CaseError(Exception):
    """A case could not be checked, or the code under test raised an exception."""


def _needs_arguments(function: Any) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    return False


def _with_defaults(made: Any, defaults: Mapping[str, Any]) -> Any:
    """What a case returned, with the marks' wishes where it has none of its own."""
    if isinstance(made, Mapping):
        return {**defaults, **made}
    if isinstance(made, list | tuple | Iterator):
        return [{**defaults, **one} if isinstance(one, Mapping) else one for one in made]
    return made


def _itself(value: Any) -> Any:
    return value


def _tells(error: BaseException) -> bool:
    """Whether the first line of its message says it all."""
    ours = [("gradproof.errors", "GradientError"), ("gradproof.testing", "UndecidedWarning")]
    kinds = [getattr(sys.modules[name], kind) for name, kind in ours if name in sys.modules]
    return isinstance(error, (CaseError, *kinds))


def _joined(problems: list[Exception]) -> Exception:
    if len(problems) == 1:
        return problems[0]
    from gradproof import GradientError

    message = "\n\n".join(map(str, problems))
    first = problems[0]
    if all(isinstance(problem, GradientError) for problem in problems):
        return GradientError(message, getattr(first, "report", None))
    return CaseError(message)


# What a test's report says


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the user's frames, make the summary one line, and attach what the checks have found."""
    if call.excinfo is not None and not item.config.getoption("fulltrace", False):
        _leave_out_frames(call.excinfo)
    report = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if call.excinfo is not None and crash is not None and _tells(call.excinfo.value):
        crash.message = str(call.excinfo.value).partition("\n")[0]
    log = item.stash.get(_LOG, None)
    if log is not None and log.records:
        # Plain data in an attribute: pytest-xdist carries it to the process that sums up.
        report.__dict__["gradproof"] = log.taken(failed=report.failed)
    return report


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


# The sum of a run


@dataclass(eq=False, slots=True)
class _Sum:
    """All checks of a run, gathered from the reports of its tests: a plugin of its own.

    Under pytest-xdist it lives in the process that hands out the tests.
    """

    config: pytest.Config
    options: _Options
    records: list[Record] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what the checks of a test have found."""
        self.records += getattr(report, "gradproof", [])

    @property
    def ordered(self) -> list[Record]:
        """The records in the order of the tests, whoever ran them when."""
        return sorted(self.records, key=lambda record: record["place"])

    def pytest_sessionfinish(self) -> None:
        """Write the index of the HTML files."""
        if self.options.html is None or not self.records:
            return
        from gradproof.report.page import index

        shown = ("label", "verdict", "headline", "href", "evaluations", "resolution")
        rows = [{key: record[key] for key in shown} for record in self.ordered]
        (self.options.html / "index.html").write_text(index(rows), "utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was checked, and how sharply."""
        if not self.records:
            return
        terminalreporter.section("gradproof")
        for line in self._lines():
            terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        from gradproof.records.verdict import Verdict
        from gradproof.report.report import figure

        counts = Counter(record["verdict"] for record in self.records)
        told = ", ".join(f"{verdict} {counts[verdict]}" for verdict in map(str, Verdict))
        evaluations = sum(record["evaluations"] for record in self.records)
        yield f"gradproof: checks {len(self.records)}, evaluations {evaluations}, {told}"
        bluntest = max(self.ordered, key=_bluntness)
        yield f"worst resolution {figure(bluntest['resolution'])}: {bluntest['label']}"
        if self.options.seed is not None:
            yield f"seed {self.options.seed} (--gradproof-seed)"
        if self.options.html is not None:
            yield f"HTML: {_near(self.config, self.options.html / 'index.html')}"
        for record in self.ordered:
            yield from record["annotations"]


def _bluntness(record: Record) -> float:
    resolution = float(record["resolution"])
    return math.inf if math.isnan(resolution) else resolution
