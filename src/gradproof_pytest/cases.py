"""Functions marked ``@gp.case`` as tests: whatever they return is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from .log import checked, line_of
from .marks import Options, options

if TYPE_CHECKING:
    from gradproof.records.failure import Failure
    from gradproof.report.report import Report

# By these a test ends that is neither passed nor failed, wherever they are raised.
_OUTCOMES = (pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception)


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
        wanted = options(self)
        problems: list[Exception] = []
        for result in self._results(wanted):
            problem = self._problem(result, wanted.undecided)
            try:
                if isinstance(problem, Warning):
                    self.warn(problem)
                elif problem is not None:
                    problems.append(problem)
            except Warning as error:  # as the configuration may ask
                problems.append(error)
        if problems:
            self._raised = _joined(problems)
            raise self._raised

    def _results(self, wanted: Options) -> Iterator[Report | Failure]:
        """What the command line would report of the case; its own exceptions surface as such."""
        __tracebackhide__ = True
        from gradproof.cli.entries import needs_arguments
        from gradproof.cli.runs import run
        from gradproof.cli.targets import Case, Folder
        from gradproof.hunt.cases import Wanted, is_hunt, seconds_of

        folder, function = Folder(self.path.parent), self.obj
        hunt = is_hunt(function)
        if not (hunt or needs_arguments(function)):
            with folder.importable():
                made = _with_defaults(function(), wanted.marked)
            function = lambda: made  # noqa: E731 - it stands in the place of a function
        time = wanted.hunt if hunt else None
        seconds = None if time is None else seconds_of(time)
        how = Wanted(seconds=seconds, examples=str(self.config.rootpath))
        given = {**{k: v for k, v in wanted.marked.items() if hunt}, **wanted.given}
        for outcome in run(Case(self.name, function, folder), given, _OUTCOMES, how):
            yield outcome.result

    def _problem(self, result: Report | Failure, undecided: str) -> Exception | None:
        from gradproof.report.report import Report

        if isinstance(result, Report):
            return checked(self, result, undecided)[1]
        trace = "" if result.traceback is None else f"\n{result.traceback.rstrip()}"
        return CaseError(f"gradproof: {result.case}: {result.message}{trace}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The message alone where it was made here: the case, not this file, is at fault."""
        if excinfo.value is not self._raised:
            return super().repr_failure(excinfo)
        shown = excinfo.getrepr(style="value")
        if shown.reprcrash is not None:
            shown.reprcrash.path = str(self.path)
            shown.reprcrash.lineno = line_of(self)
        return shown


class CaseError(Exception):
    """A case could not be checked, or the code under test raised an exception."""


def _with_defaults(made: Any, defaults: Mapping[str, Any]) -> Any:
    """What a case returned, with what the marks say where it says nothing itself."""
    if isinstance(made, Mapping):
        return {**defaults, **made}
    if isinstance(made, list | tuple | Iterator):
        return [{**defaults, **one} if isinstance(one, Mapping) else one for one in made]
    return made


def _joined(problems: list[Exception]) -> Exception:
    if len(problems) == 1:
        return problems[0]
    from gradproof import GradientError

    message = "\n\n".join(map(str, problems))
    if all(isinstance(problem, GradientError) for problem in problems):
        return GradientError(message, getattr(problems[0], "report", None))
    return CaseError(message)
