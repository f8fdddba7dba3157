"""All cases of some targets: found, checked, and what came of each, in their order."""

from __future__ import annotations

import difflib
import inspect
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..api.check import check
from ..errors import UsageError
from ..hunt.cases import Wanted, hunt_case, hunt_target, is_hunt, report_of
from ..hunt.pairs import Pair, pairs_of
from ..hunt.result import Hunt
from ..records.failure import Failure, Fault
from ..report.document import Document
from ..report.report import Report
from ..version import __version__
from .entries import entries_of
from .limit import Limit, TimeUpError
from .outcomes import INTERRUPTED, Outcome, failed, is_users, worst
from .spread import MOST, Check, Job, is_spread, jobs_of, outcomes
from .targets import Case, Finder

_RAISED = "The code under test raised an exception."

# Makes what is around one check.
Limited = Callable[[], AbstractContextManager[Any]]

_PARAMETERS = tuple(inspect.signature(check).parameters)


@dataclass(slots=True)
class Run:
    """All cases of some targets, one after the other; iterate over it for their outcomes.

    ``given`` replaces what the cases say themselves, ``wanted`` is how those with spaces are
    hunted, ``limit`` is on the time of each. Stopped half-way, ``outcomes`` holds what was
    finished and ``unfinished`` the labels of the other cases. ``label`` is the target under way.
    """

    targets: Sequence[str]
    given: Mapping[str, Any] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)
    packages: Sequence[str] = ()
    waivers: str | None = None
    catalogue: str | None = None
    remarks: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    interrupted: bool = False
    limit: Limit | None = None
    ended: bool = False  # by a case that could not be stopped
    doing: str = ""
    label: str = ""

    def __iter__(self) -> Iterator[Outcome]:
        """Find all cases first: a misspelt target is reported at once, not after the others."""
        finder = Finder()
        cases: list[Case] = []
        for given in self.targets:
            try:
                targets = finder.targets(given)
            except UsageError as error:
                yield self.kept(failed(given, error))
                continue
            for target in targets:
                self.label, self.doing = target, f"importing {target}"
                try:
                    with self._limited():
                        cases += finder.find(target)
                except (UsageError, TimeUpError) as error:
                    yield self.kept(failed(target, error, "Importing it raised an exception."))
        self.unfinished = [case.label for case in cases]
        yield from self._checked(cases)
        for package in self.packages:
            yield from self._pairs(package)

    def _checked(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """Hunts one after the other, each by all workers; between them checks side by side."""
        waiting: list[Job] = []
        for number, case in enumerate(cases, 1):
            self.label = case.label
            self.doing = f"checking {case.label} ({number} of {len(cases)})"
            apart = is_spread(self.wanted) and not is_hunt(case.function)
            if not apart or len(waiting) >= MOST * max(1, self.wanted.workers):
                yield from self._spread(waiting)
                waiting = []
            if apart:
                waiting += self._jobs(case)
                continue
            for outcome in run(case, self.given, wanted=self.wanted, limited=self._limited):
                yield self.kept(_placed(outcome, case))
            self.unfinished.pop(0)
        yield from self._spread(waiting)

    def _jobs(self, case: Case) -> list[Job]:
        """The checks of a case, which can be made elsewhere."""
        with case.folder.importable():
            return jobs_of(case, list(_made(case, self.given, (KeyboardInterrupt,), self._limited)))

    def _spread(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """What came of checks that were made side by side, in the order of their cases."""
        if not jobs:
            return
        results = outcomes(jobs, self.wanted, self.limit, self._here)
        for job in jobs:
            self.label, self.doing = job.case.label, f"checking {job.label}, and others beside it"
            yield self.kept(_placed(next(results), job.case))
            if job.last:
                self.unfinished.pop(0)

    def _here(self, job: Job) -> Outcome:
        """A check that could not be sent to another process."""
        if isinstance(job.made, Outcome):
            return job.made
        with job.case.folder.importable():
            return job.made((KeyboardInterrupt,), self._limited)

    def _limited(self) -> AbstractContextManager[Any]:
        """Around what may take no longer than the limit, where there is one."""
        return nullcontext() if self.limit is None else self.limit()

    def _pairs(self, package: str) -> Iterator[Outcome]:
        """What was found of the functions and derivatives of a package."""
        self.doing = f"looking for pairs in {package}"
        try:
            found = pairs_of(package, self.waivers, self.catalogue)
        except UsageError as error:
            yield self.kept(failed(package, error))
            return
        self.remarks += [f"{name}: waived, {reason}" for name, reason in found.waived]
        self.remarks += [f"{name}: no pair, it {why}" for name, why in found.need_adapter]
        self.unfinished = [pair.name for pair in found.pairs]
        for number, pair in enumerate(found.pairs, 1):
            self.doing = f"hunting {pair.name} ({number} of {len(found.pairs)})"
            for outcome in _hunted_pair(pair, package, self.given, self.wanted):
                if isinstance(outcome.result, Failure) and outcome.result.fault is Fault.USE:
                    self.remarks.append(f"{pair.name}: {outcome.result.message}")
                else:
                    yield self.kept(outcome)
            self.unfinished.pop(0)
        self.remarks.append(f"{package}: {len(found.pairs)} pairs")

    def kept(self, outcome: Outcome) -> Outcome:
        """Keep what became of a case."""
        self.outcomes.append(outcome)
        return outcome

    @property
    def exit_code(self) -> int:
        """What the command returns."""
        return INTERRUPTED if self.interrupted else worst(o.code for o in self.outcomes)

    @property
    def document(self) -> Document:
        """The reports and the failures, for whoever renders them."""
        reports = [(o.label, o.result) for o in self.outcomes if isinstance(o.result, Report)]
        failures = [o.result for o in self.outcomes if isinstance(o.result, Failure)]
        unfinished = tuple(self.unfinished) if self.interrupted or self.ended else ()
        facts = {
            "gradproof": __version__,
            "exit_code": self.exit_code,
            "interrupted": self.interrupted,
        }
        return Document(tuple(reports), tuple(failures), unfinished, facts)


def run(
    case: Case,
    given: Mapping[str, Any],
    through: tuple[type[BaseException], ...] = (),
    wanted: Wanted | None = None,
    limited: Limited = nullcontext,
) -> Iterator[Outcome]:
    """Check a case, or each in its list; ``given`` replaces what the case says itself.

    A case with spaces as its defaults is hunted as it is ``wanted``; by its menu if nothing is.
    ``limited`` is around each call of the case, each check and each hunt.

    Exceptions of the types ``through`` are for whoever runs it, as those are that skip a test.
    """
    through = (KeyboardInterrupt, *through)
    with case.folder.importable():
        if is_hunt(case.function):
            yield from _hunted(case, given, through, wanted or Wanted(), limited)
            return
        for _, made in _made(case, given, through, limited):
            yield made if isinstance(made, Outcome) else made(through, limited)


def _made(
    case: Case,
    given: Mapping[str, Any],
    through: tuple[type[BaseException], ...],
    limited: Limited,
) -> Iterator[tuple[str, Outcome | Check]]:
    """The checks of a case, with their labels; or what it raised."""
    try:
        with limited():
            entries = entries_of(case)
    except through:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the user's
        yield case.label, failed(case.label, error, "The case itself raised an exception.")
        return
    for label, arguments in entries:
        yield label, partial(_check, label, {"name": label, **arguments, **given})


def _placed(outcome: Outcome, case: Case) -> Outcome:
    """With the place where the case stands."""
    code = getattr(inspect.unwrap(case.function), "__code__", None)
    if code is None:
        return outcome
    return replace(outcome, file=code.co_filename, line=code.co_firstlineno)


def _hunted(
    case: Case,
    given: Mapping[str, Any],
    through: tuple[type[BaseException], ...],
    wanted: Wanted,
    limited: Limited,
) -> Iterator[Outcome]:
    """What was found of a case with parameters, or that nothing was."""

    def hunt() -> tuple[Hunt, Report | None]:
        with limited():
            return hunt_case(case.function, case.label, given, wanted)

    yield from _found(case.label, hunt, through, partial(_again, shlex.quote(case.label), wanted))


def _hunted_pair(
    pair: Pair, module: str, given: Mapping[str, Any], wanted: Wanted
) -> Iterator[Outcome]:
    """What was found of a function and its derivative."""
    hunt = partial(hunt_target, pair.target(), int(given.get("seed", 0)), wanted)
    again = partial(_again, f"--pairs {shlex.quote(module)}", wanted)
    yield from _found(pair.name, hunt, (KeyboardInterrupt,), again)


def _found(
    label: str,
    search: Callable[[], tuple[Hunt, Report | None]],
    through: tuple[type[BaseException], ...],
    again: Callable[[int], str],
) -> Iterator[Outcome]:
    try:
        hunt, ordinary = search()
    except through:
        raise
    except BaseException as error:  # noqa: BLE001 - the next case must still run
        yield failed(label, error, _RAISED if is_users(error) else "")
        return
    for found in hunt.found:
        report = replace(report_of(found, label), reproduce=again(hunt.seed))
        yield Outcome(label, report, more="\n".join([*found.doubts, found.script]))
    if ordinary is not None:
        yield Outcome(label, replace(ordinary, reproduce=again(hunt.seed)))
    if hunt.interrupted:
        raise KeyboardInterrupt


def _again(target: str, wanted: Wanted, seed: int) -> str:
    """The command line that hunts this again."""
    command = "check" if wanted.tries is None and wanted.seconds is None else "hunt"
    tries = f" --tries {wanted.tries}" if wanted.tries is not None else ""
    time = f" --time {wanted.seconds:g}s" if wanted.seconds is not None else ""
    return f"gradproof {command} {target}{tries}{time} --seed {seed}"


def _check(
    label: str,
    arguments: dict[str, Any],
    through: tuple[type[BaseException], ...],
    limited: Limited,
) -> Outcome:
    try:
        _validate(arguments)
        with limited():
            report = check(**arguments)
        return Outcome(label, replace(report, reproduce=_command(label, arguments)))
    except through:
        raise
    except BaseException as error:  # noqa: BLE001 - the next case must still run
        return failed(label, error, _RAISED if is_users(error) else "")


def _command(label: str, arguments: Mapping[str, Any]) -> str:
    """The command line that checks this case again."""
    options = {key: arguments[key] for key in ("effort", "seed") if key in arguments}
    written = "".join(f" --{key} {value}" for key, value in {"seed": 0, **options}.items())
    return f"gradproof check {shlex.quote(label)}{written}"


def known(key: str, keys: Sequence[str]) -> str:
    """What to write in place of a key that is not among those that are known."""
    close = difflib.get_close_matches(key, keys, 1)
    return f"did you mean {close[0]}?" if close else f"it takes {', '.join(keys)}."


def _validate(arguments: Mapping[str, Any]) -> None:
    for key in arguments:
        if key not in _PARAMETERS:
            raise UsageError(f"gp.check takes no {key!r}: {known(key, _PARAMETERS)}")
    for key in ("fun", "point"):
        if key not in arguments:
            raise UsageError(f"The case returns no {key!r}: return dict(fun=…, point=…, grad=…).")
