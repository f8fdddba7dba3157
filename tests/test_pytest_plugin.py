"""The pytest plugin, in real runs: what passes, what a failure shows, what a run says in the end.

A run costs a second or more, so many scenarios share one, the *story*; what came of each of its
tests is read from its JUnit file, and what the checks found from the attribute that the plugin
attaches to the reports.
"""

import html
import importlib.metadata
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from gradproof_pytest import log

pytestmark = pytest.mark.slow

OTHER = os.environ.get("GRADPROOF_OTHER_PYTEST")  # a folder with another version of pytest
PLUGGED = any(e.name == "gradproof" for e in importlib.metadata.entry_points(group="pytest11"))
LOADED = [] if PLUGGED else ["-p", "gradproof_pytest"]

CONFTEST = """\
import json, os, pathlib, sys

records, tests = [], {}

def pytest_collection_modifyitems(items):
    if "REVERSED" in os.environ:
        items.reverse()

def pytest_runtest_logreport(report):
    records.extend(getattr(report, "gradproof", []))
    if report.when == "call" or report.outcome != "passed":
        outcome = "xfailed" if hasattr(report, "wasxfail") and report.skipped else report.outcome
        name = report.nodeid.partition("::")[2]
        tests.setdefault(name, [f"{report.when} {outcome}", report.longreprtext])

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        told = {"records": records, "tests": tests, "imported": sorted(sys.modules)}
        pathlib.Path(os.environ["TOLD"]).write_text(json.dumps(told), "utf-8")
"""

INI = """\
[pytest]
addopts = --strict-markers --strict-config
filterwarnings = error
xfail_strict = true
gradproof_cases = true
"""

HEAD = """\
import numpy as np
import pytest

import gradproof as gp
import gradproof.testing

one = np.array([1.0, 2.0])


def cost(x):
    return float(x @ x)


def backprop(x):
    return 2 * x


def broken(x):
    return 4 * x


def nowhere(x):
    return float("nan")


def crashing(x):
    raise ZeroDivisionError("mine")
"""

STORY = (
    HEAD
    + '''
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, given, settings, strategies

pytestmark = pytest.mark.gradproof(seed=5)
mild = settings(derandomize=True, max_examples=3, deadline=None, database=None)


def test_right(gradproof):
    assert isinstance(gradproof(cost, one, grad=backprop), gp.Report)


def test_wrong(gradproof):
    with np.errstate(all="raise"):
        gradproof(cost, one, grad=broken)  # the user's line


def test_wrong_without_the_fixture():
    gp.check(cost, one, grad=broken).raise_if_wrong()  # the user's line


def test_wrong_by_assertion():
    gp.testing.assert_gradient(cost, one, grad=broken)  # the user's line


@pytest.mark.xfail(raises=gp.GradientError)
def test_known_by_assertion():
    gp.testing.assert_gradient(cost, one, grad=broken)


def test_expected_by_assertion():
    with pytest.raises(gp.GradientError):
        gp.testing.assert_gradient(cost, one, grad=broken)


def test_wrong_by_a_drop_in():
    torch = pytest.importorskip("torch")
    from gradproof.torch import gradcheck

    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    gradcheck(lambda x: (x * x.detach()).sum(), x)  # the user's line


def test_wrong_twice():
    found = []
    for factor in (3, 4):
        with pytest.raises(gp.GradientError) as caught:
            gp.testing.assert_gradient(cost, one, grad=lambda x: factor * x)
        found.append(caught.value)
    raise ExceptionGroup("both", [found[0], ExceptionGroup("nested", found[1:]), ValueError()])


def test_wrong_with_and_without_the_fixture(gradproof):
    with pytest.raises(gp.GradientError) as caught:
        gradproof(cost, one, grad=broken)
    gp.testing.assert_correct(caught.value.report, undecided="warn")


def test_error_without_a_report():
    raise gp.GradientError("mine")


def test_error_with_something_else():
    raise gp.GradientError("mine", "no report")


class TestOfUnittest(unittest.TestCase):
    def test_right(self):
        gp.testing.assert_gradient(cost, one, grad=backprop)

    def test_wrong(self):
        gp.testing.assert_gradient(cost, one, grad=broken)  # the user's line

    def test_wrong_by_the_report(self):
        gp.check(cost, one, grad=broken).raise_if_wrong()

    def test_subtests(self):
        for grad in (broken, backprop, broken):
            with self.subTest(grad=grad.__name__):
                gp.testing.assert_gradient(cost, one, grad=grad)


class TestOfUnittestThatCannotStart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        gp.testing.assert_gradient(cost, one, grad=broken)

    def test_one(self):
        pass

    def test_two(self):
        pass


def test_exception_of_the_users(gradproof):
    gradproof(crashing, one, grad=backprop)  # the user's line


def test_wrong_use(gradproof):
    gradproof(cost, one, grad=backprop, effort="lots")  # the user's line


def test_arguments_that_do_not_exist(gradproof):
    gradproof(cost, one, grad=backprop, efort="quick")  # the user's line


def test_bug(gradproof, monkeypatch):
    monkeypatch.setattr("gradproof.space.point.Point.session", None)
    gradproof(cost, one, grad=backprop)


def test_expected_to_be_wrong(gradproof):
    with pytest.raises(gp.GradientError, match="4") as caught:
        gradproof(cost, one, grad=lambda x: 4 * x)
    assert caught.value.report.verdict == "wrong"
    assert caught.value.report.reproduce.startswith("pytest ")


@pytest.mark.xfail(raises=gp.GradientError)
def test_known_to_be_wrong(gradproof):
    gradproof(cost, one, grad=broken)


@pytest.mark.xfail(raises=gp.GradientError)
def test_thought_to_be_wrong(gradproof):
    gradproof(cost, one, grad=backprop)


def test_undecided(gradproof):
    gradproof(nowhere, one, grad=backprop)


@pytest.mark.gradproof(undecided="warn")
@pytest.mark.filterwarnings("default")
def test_undecided_that_warns(gradproof):
    gradproof(nowhere, one, grad=backprop)  # warned of here


@pytest.mark.gradproof(undecided="warn")
def test_undecided_where_warnings_are_errors(gradproof):
    gradproof(nowhere, one, grad=backprop)


def test_the_other_checks(gradproof):
    assert gradproof.check(cost, one, grad=backprop).ok
    assert gradproof.check_vjp(np.sin, lambda x, c: c * np.cos(x), one).seed == 5
    assert gradproof.check_jvp(np.sin, lambda x, t: t * np.cos(x), one).seed == 5
    assert gradproof.check_adjoint(lambda x: 2 * x, lambda y: 2 * y, one, one).seed == 5


def test_torch(gradproof):
    torch = pytest.importorskip("torch")
    assert gradproof(torch.sin, torch.ones(3, dtype=torch.float64)).ok
    torch.manual_seed(0)
    linear = torch.nn.Linear(2, 1)
    assert gradproof.check_module(linear, torch.ones(3, 2), loss=torch.sum).seed == 5


def test_none(gradproof):
    pass


def test_three(gradproof):
    gradproof(cost, one, grad=backprop)
    gradproof(cost, one, grad=broken)
    gradproof(cost, one, grad=backprop)


@pytest.fixture
def checked(gradproof):
    return gradproof(cost, one, grad=broken)


def test_wrong_in_a_fixture(checked):
    pass


@pytest.fixture(scope="module")
def wide(gradproof):
    pass


def test_fixture_of_a_wider_scope(wide):
    pass


def test_threads(gradproof):
    def work(i):
        return gradproof(cost, one + i, grad=backprop)

    with ThreadPoolExecutor(4) as pool:
        assert all(report.ok for report in pool.map(work, range(8)))


def test_wrong_in_a_thread(gradproof):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gradproof, cost, one, grad=broken).result()  # the user's line


@mild
@given(strategies.floats(1, 2))
def test_hypothesis_with_the_fixture(gradproof, a):
    gradproof(cost, a * one, grad=backprop)


@settings(mild, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.floats(1, 2))
def test_hypothesis_that_allows_it(gradproof, a):
    gradproof(cost, a * one, grad=backprop)


@mild
@given(strategies.floats(1, 2))
def test_hypothesis_without_it(a):
    gp.testing.assert_gradient(cost, a * one, grad=backprop)


@pytest.mark.parametrize("grad", [broken, backprop], ids=["a/b [c] $(d) \\"e\\"", "a.b-\\u00e9"])
def test_odd_name(gradproof, grad):
    gradproof(cost, one, grad=grad)


def test_seed_of_the_module(gradproof):
    report = gradproof(cost, one, grad=backprop)
    assert (report.seed, report.effort) == (5, "standard")


@pytest.mark.gradproof(effort="quick")
class TestMarks:
    def test_key_by_key(self, gradproof):
        report = gradproof(cost, one, grad=backprop)
        assert (report.seed, report.effort) == (5, "quick")

    @pytest.mark.gradproof(effort="thorough", seed=6)
    def test_closest(self, gradproof):
        report = gradproof(cost, one, grad=backprop)
        assert (report.seed, report.effort) == (6, "thorough")

    @pytest.mark.gradproof(seed=6)
    def test_call(self, gradproof):
        report = gradproof(cost, one, grad=backprop, seed=8, effort="standard")
        assert (report.seed, report.effort) == (8, "standard")

    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.gradproof(seed=9))])
    @pytest.mark.gradproof(seed=6)
    def test_parameter(self, gradproof, x):
        assert gradproof(cost, one, grad=backprop).seed == 9


@pytest.mark.gradproof(seed=7)
class TestHeir(TestMarks):
    test_closest = test_call = test_parameter = None

    def test_key_by_key(self, gradproof):
        report = gradproof(cost, one, grad=backprop)
        assert (report.seed, report.effort) == (7, "quick")


@pytest.mark.gradproof(efort="quick")
def test_misspelt_mark(gradproof):
    raise AssertionError("reached")


@pytest.mark.gradproof("quick")
def test_mark_without_keyword(gradproof):
    raise AssertionError("reached")


@pytest.mark.gradproof(undecided="ignore")
def test_mark_of_no_such_value(gradproof):
    raise AssertionError("reached")


@pytest.mark.gradproof(effort="nope")
def test_mark_of_no_such_effort(gradproof):
    raise AssertionError("reached")


@pytest.mark.gradproof(effort="quick", seed=-1)
def test_mark_of_no_such_seed(gradproof):
    raise AssertionError("reached")


if hasattr(pytest, "Subtests"):

    def test_subtests(gradproof, subtests):
        for grad in (backprop, broken, backprop):
            with subtests.test(grad.__name__):
                gradproof(cost, one, grad=grad)


def documented():
    """
    >>> documented()
    1
    """
    return 1
'''
)

CASES = (
    HEAD
    + """
pytestmark = pytest.mark.gradproof(seed=5)
reached = []


@pytest.fixture(autouse=True)
def around():
    reached.append("around")


def make(**more):
    return dict(fun=cost, point=one, grad=backprop) | more


@gp.case
def right():
    assert reached
    return make()


@gp.case
def several():
    return [make(), make(grad=broken), make(fun=crashing), {}, make(fun=nowhere), make()]


@gp.case
def drawn():
    yield make()
    yield make(grad=broken)


@gp.case
def raises():
    return 1 / 0


@gp.case
def asserts():
    return make(fun=gp.testing.assert_gradient(cost, one, grad=broken))


@gp.case
def skips():
    pytest.skip("not here")


@gp.case
@pytest.mark.skip(reason="by mark")
def skipped():
    return make(grad=broken)


@gp.case
@pytest.mark.xfail(raises=gp.GradientError)
def known():
    return make(grad=broken)


@pytest.mark.gradproof(effort="quick", seed=6)
@gp.case
def marked():
    return [make(grad=broken, seed=8), make(grad=broken)]


@pytest.mark.gradproof(undecided="warn")
@pytest.mark.filterwarnings("default")
@gp.case
def warns():
    return make(fun=nowhere)


@pytest.mark.gradproof(undecided="warn")
@gp.case
def warns_in_vain():
    return make(fun=nowhere)


@gp.case
def forgets():
    make()


@gp.case
def needs(x):
    return make()


@gp.case
def test_called_like_a_test():
    return make()


class TestClass:
    @gp.case
    def method():
        raise AssertionError("reached")


class Answers:
    def __getattr__(self, name):
        raise RuntimeError(name) if "gradproof" in name else AttributeError(name)

    def __call__(self):
        pass


answers = Answers()
"""
)


@dataclass
class Done:
    """A run that has ended: what it printed, what came of its tests, what its checks found."""

    code: int
    out: str
    folder: Path
    tests: dict
    records: list
    imported: set

    def outcome(self, name):
        return self.tests[name][0]

    def shown(self, name):
        """What a failing test shows, and the line of the short summary about it."""
        summary = [
            s for s in self.out.splitlines() if re.match(rf"[A-Z]+ \S+::{re.escape(name)}( |$)", s)
        ]
        return self.tests[name][1], " ".join(summary)

    def section(self):
        """The lines of gradproof's section in the terminal summary."""
        found = re.search(r"^=+ gradproof =+\n(.*?)^=", self.out, re.MULTILINE | re.DOTALL)
        return found[1].splitlines() if found else []

    def facts(self):
        """What must not depend on which process ran a test, or when; threads have no order."""
        keys = ("label", "verdict", "evaluations", "resolution")
        facts = [[record[key] for key in keys] for record in self.records]
        return sorted(fact for fact in facts if "test_threads" not in fact[0])


def run(folder, *arguments, other=None, start=None, **environment):
    """pytest in a process of its own, in a folder, or started somewhere else."""
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    left_out = (
        "PYTEST_",
        "GITHUB_",
        "CI",
        "BUILD_NUMBER",
        "FORCE_COLOR",
        "PY_COLORS",
        "PYTHONPATH",
    )
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    told = folder / "told.json"
    told.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *LOADED, *arguments],
        cwd=start or folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", timeout=300, check=False,
        env={**inherited, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8", "TOLD": str(told)}
        | ({"PYTHONPATH": other} if other else {})
        | environment,
    )  # fmt: skip
    known = json.loads(told.read_text("utf-8")) if told.exists() else {}
    return Done(
        done.returncode, done.stdout, folder,
        known.get("tests", {}), known.get("records", []), set(known.get("imported", [])),
    )  # fmt: skip


def written(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    (folder / "pytest.ini").write_text(INI, "utf-8")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return written(tmp_path_factory.mktemp("plugin"), test_story=STORY, test_cases=CASES)


@pytest.fixture(scope="module")
def story(place):
    return run(place, "-rA", "--doctest-modules", "--junitxml=junit.xml")


# Failures


@pytest.mark.parametrize(
    "name",
    [
        "test_wrong", "test_wrong_without_the_fixture", "test_wrong_by_assertion",
        "test_wrong_in_a_thread", "test_odd_name[a/b [c] $(d) \"e\"]",
        "TestOfUnittest::test_wrong",
    ],
)  # fmt: skip
def test_a_wrong_gradient_shows_the_line_and_the_report_and_no_frame_of_ours(story, name):
    shown, summary = story.shown(name)
    assert story.outcome(name) == "call failed"
    assert re.search(r"^>.*(the user's line|grad=grad\))", shown, re.MULTILINE)
    assert "gradproof: cost: wrong, difference 3.3e-01, " in shown
    assert "every entry is 2× too large" in shown
    assert "return 4 * x" in shown  # the line at fault
    assert re.search(r"^E +again: (pytest|gp\.)", shown, re.MULTILINE)
    assert f"::{name} - gradproof: cost: wrong, " in summary
    assert not ours(shown)


def ours(shown):
    """The frames of gradproof that a failure shows."""
    return re.findall(
        r"^\S*(?:gradproof_pytest/\w+\.py|src/gradproof/\S+\.py):\d+", shown, re.MULTILINE
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("test_exception_of_the_users", "ZeroDivisionError: mine"),
        ("test_wrong_use", "UsageError: effort must be one of"),
        ("test_arguments_that_do_not_exist", "no argument 'efort': did you mean effort"),
    ],
)
def test_an_exception_of_the_users_and_wrong_use_surface_as_themselves(story, name, said):
    shown, summary = story.shown(name)
    assert story.outcome(name) == "call failed"
    assert re.search(r"^>.*the user's line", shown, re.MULTILINE)
    assert said in shown
    assert "GradientError" not in shown
    assert not ours(shown)
    assert "FAILED" in summary


def test_a_bug_of_gradproof_shows_its_frames(story):
    assert ours(story.shown("test_bug")[0])


def test_a_right_gradient_passes_and_an_error_can_be_expected(story):
    assert story.outcome("test_right") == "call passed"
    assert story.outcome("test_expected_to_be_wrong") == "call passed"
    assert story.outcome("test_known_to_be_wrong") == "call xfailed"
    assert story.outcome("test_thought_to_be_wrong") == "call failed"  # strict
    assert story.outcome("test_three") == "call failed"
    assert story.outcome("test_none") == "call passed"


def test_undecided_fails_unless_a_mark_lets_it_warn(story):
    assert story.outcome("test_undecided") == "call failed"
    assert "nowhere: undecided" in story.shown("test_undecided")[0]
    assert story.outcome("test_undecided_that_warns") == "call passed"
    warned = story.out.partition("= warnings summary =")[2]
    assert "UndecidedWarning: gradproof: nowhere: undecided" in warned
    assert "# warned of here" in warned
    name = "test_undecided_where_warnings_are_errors"
    assert story.outcome(name) == "call failed"
    assert " - gradproof: nowhere: undecided" in story.shown(name)[1]


def test_the_other_checks_and_torch(story):
    assert story.outcome("test_the_other_checks") == "call passed"
    assert story.outcome("test_torch") == "call passed"


def test_fixtures_threads_and_hypothesis(story):
    assert story.outcome("test_wrong_in_a_fixture") == "setup failed"
    assert "gradproof: cost: wrong" in story.shown("test_wrong_in_a_fixture")[1]
    assert "ScopeMismatch" in story.shown("test_fixture_of_a_wider_scope")[0]
    assert story.outcome("test_threads") == "call passed"
    assert (
        "function-scoped fixture 'gradproof'" in story.shown("test_hypothesis_with_the_fixture")[0]
    )
    assert story.outcome("test_hypothesis_that_allows_it") == "call passed"
    assert story.outcome("test_hypothesis_without_it") == "call passed"
    assert story.outcome("test_story.documented") == "call passed"


# Marks


def test_marks_are_read_key_by_key_and_the_closest_counts(story):
    methods = ("test_key_by_key", "test_closest", "test_call", "test_parameter[1]")
    names = [f"TestMarks::{method}" for method in methods]
    names += ["test_seed_of_the_module", "TestHeir::test_key_by_key"]
    assert [story.tests[name] for name in names] == [["call passed", ""]] * 6


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("test_misspelt_mark", "takes no 'efort': did you mean effort?"),
        (
            "test_mark_without_keyword",
            "keywords only (effort, seed, undecided, hunt), but got 'quick'.",
        ),
        ("test_mark_of_no_such_value", ": undecided must be 'fail' or 'warn', but is 'ignore'."),
        (
            "test_mark_of_no_such_effort",
            ": effort must be one of quick, standard, thorough, sweep, but is 'nope'.",
        ),
        (
            "test_mark_of_no_such_seed",
            ": seed must be an integer that is not negative, but is -1.",
        ),
    ],
)  # fmt: skip
def test_a_mark_that_is_not_understood_is_one_sentence(story, name, said):
    outcome, shown = story.tests[name]
    assert outcome == "setup failed"
    assert re.fullmatch(r"@pytest\.mark\.gradproof:? .*\.?", shown.strip())
    assert shown.strip().endswith(said)


# Cases


def test_cases_pass_and_fail_with_every_report_that_is_not_correct(story):
    assert story.outcome("right") == story.outcome("test_called_like_a_test") == "call passed"
    assert story.outcome("several") == story.outcome("drawn") == "call failed"
    shown, summary = story.shown("several")
    told = re.findall(r"^gradproof: (several.*?)[:,] ", shown, re.MULTILINE)
    assert told == ["several[1]", "several[2]", "several[3]", "several[4]"]
    for part in ("return 4 * x", "ZeroDivisionError: mine", "returns no 'fun'", "is nan at"):
        assert part in shown
    assert "test_cases.py::several - gradproof: several[1]: wrong" in summary
    assert not ours(shown)
    assert "drawn[1]: wrong" in story.shown("drawn")[0]


def test_a_case_that_fails_itself(story):
    shown = story.shown("raises")[0]
    assert "return 1 / 0" in shown
    assert not ours(shown)
    assert "did it forget to return?" in story.shown("forgets")[0]
    assert " - gradproof: cost: wrong" in story.shown("asserts")[1]
    labels = [record["label"] for record in story.records]
    assert labels.count("test_cases.py::asserts") == 1
    assert "A case takes no arguments" in story.shown("needs")[0]


def test_marks_of_cases(story):
    assert story.outcome("skips") == "call skipped"
    assert story.outcome("skipped") == "setup skipped"
    assert story.outcome("known") == "call xfailed"
    assert story.outcome("warns") == "call passed"
    assert "UndecidedWarning: gradproof: warns" in story.out
    name = "warns_in_vain"
    assert f" - gradproof: {name}: undecided" in story.shown(name)[1]
    assert not ours(story.shown(name)[0])
    shown = story.shown("marked")[0]
    assert re.findall(r"effort \w+,\s+seed \d", shown) == [
        "effort quick, seed 8",
        "effort quick, seed 6",
    ]
    assert not [name for name in story.tests if "method" in name or "answers" in name]


def test_a_case_knows_its_place_its_name_and_its_marks(place):
    done = run(place, "test_cases.py::drawn", "test_cases.py::marked", "--tb=line", "-k", "r")
    line = (place / "test_cases.py").read_text("utf-8").splitlines().index("def drawn():")
    assert f"test_cases.py:{line}: gradproof: drawn[1]: wrong" in done.out  # its decorator's line
    assert [record["label"] for record in done.records[2:]] == [
        "test_cases.py::marked", "test_cases.py::marked (2)",
    ]  # fmt: skip
    assert done.code == 1


def test_cases_are_collected_only_where_the_configuration_asks(tmp_path):
    (tmp_path / "test_trivial.py").write_text(
        "class Marked:\n    __gradproof_case__ = True\n"
        "    def __call__(self): raise AssertionError\n"
        "case = Marked()\ndef test_trivial(): pass\n"
        "def test_with_the_fixture(gradproof): pass\n"
        "def test_that_fails(): raise AssertionError\n"
    )
    done = run(tmp_path)
    names = ["test_that_fails", "test_trivial", "test_with_the_fixture"]
    assert (done.code, sorted(done.tests)) == (1, names)
    # Nothing was checked, so gradproof was not needed.
    assert "gradproof_pytest" in done.imported
    assert not done.imported & {"gradproof", "numpy"}
    assert done.section() == []


def test_the_fixture_imports_gradproof_when_it_checks(tmp_path):
    (tmp_path / "test_one.py").write_text(
        "def test_one(gradproof):\n"
        "    import sys\n"
        "    assert 'gradproof' not in sys.modules\n"
        "    gradproof(lambda x: x * x, 3.0, grad=lambda x: 2 * x)\n"
    )
    done = run(tmp_path)
    assert done.code == 0
    assert {"gradproof", "numpy"} <= done.imported


# The sum of a run


def test_the_summary_counts(story):
    first, second = story.section()
    found = re.fullmatch(
        r"gradproof: checks (\d+), evaluations (\d+), "
        r"correct (\d+), suspect 0, wrong (\d+), undecided (\d+)", first
    )  # fmt: skip
    checks, evaluations, *verdicts = map(int, found.groups())
    assert checks == sum(verdicts) == len(story.records)
    assert evaluations == sum(record["evaluations"] for record in story.records)
    assert re.fullmatch(
        r"worst resolution unlimited: test_(cases|story)\.py::\S+( \(\d\))?", second
    )
    assert (story.folder / "junit.xml").read_text("utf-8").count("gradproof: cost: wrong") > 5


def test_records_are_those_of_the_checks(story):
    found = {record["label"]: record["verdict"] for record in story.records}
    assert [found[f"test_story.py::test_three{n}"] for n in ("", " (2)")] == ["correct", "wrong"]
    assert "test_story.py::test_three (3)" not in found
    assert found["test_story.py::test_wrong_in_a_fixture"] == "wrong"
    assert found["test_story.py::test_threads (8)"] == "correct"
    assert "test_story.py::test_none" not in found


def recorded(done, name):
    """The verdicts of a test's records."""
    labels = re.compile(rf"test_story\.py::{re.escape(name)}( \(\d+\))?")
    return [record["verdict"] for record in done.records if labels.fullmatch(record["label"])]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("test_wrong", 1),  # the fixture's own, not twice
        ("test_wrong_with_and_without_the_fixture", 1),
        ("test_wrong_without_the_fixture", 1),
        ("test_wrong_by_assertion", 1),
        ("test_wrong_by_a_drop_in", 1),
        ("test_wrong_twice", 2),
        ("test_known_by_assertion", 1),
        ("test_expected_by_assertion", 0),  # it never came to the surface
        ("test_error_without_a_report", 0),
        ("test_error_with_something_else", 0),
        ("test_hypothesis_without_it", 0),
        ("TestOfUnittest::test_right", 0),
        ("TestOfUnittest::test_wrong", 1),
        ("TestOfUnittest::test_wrong_by_the_report", 1),
        ("TestOfUnittest::test_subtests", 2 if hasattr(pytest, "Subtests") else 1),
        ("TestOfUnittestThatCannotStart::test_one", 1),
        ("TestOfUnittestThatCannotStart::test_two", 1),
    ],
)
def test_an_error_that_carries_a_report_counts_as_a_check(story, name, count):
    assert recorded(story, name) == ["wrong"] * count


def test_errors_that_carry_no_report_fail_like_any_other(story):
    for name in ("test_error_without_a_report", "test_error_with_something_else"):
        assert f"::{name} - mine" in story.shown(name)[1]


@pytest.mark.parametrize("way", ["distributed", "reversed", "alone"])
def test_seeds_and_results_do_not_depend_on_who_runs_a_test_or_when(place, story, way):
    wanted, name = story.facts(), "test_story.py::TestMarks::test_closest"
    if way == "distributed":
        done = run(place, "-n", "2", "--doctest-modules")
    elif way == "reversed":
        done = run(place, "--doctest-modules", REVERSED="1")
    else:
        done = run(place, name)
        wanted = [fact for fact in wanted if fact[0] == name]
    assert done.facts() == wanted
    assert way == "alone" or done.section() == story.section()


def test_the_seed_of_the_command_line_replaces_all_others(place):
    names = ["test_story.py::TestMarks::test_call", "test_cases.py::marked", "test_cases.py::right"]
    done = run(place, *names, "--gradproof-seed", "11")
    assert "(11, 'standard') == (8, 'standard')" in done.shown("TestMarks::test_call")[0]
    assert "seed 11 (--gradproof-seed)" in done.section()
    assert len(done.records) == 4


def test_the_command_of_a_report_reproduces_it(place, story):
    name = 'test_odd_name[a/b [c] $(d) "e"]'
    done = run(place, *shlex.split(command(story.shown(name)[0])))
    assert done.code == 1
    assert done.facts() == [fact for fact in story.facts() if fact[0] == f"test_story.py::{name}"]


def command(shown):
    """The arguments of pytest that a failure suggests."""
    return re.search(r"again: pytest (.*)", shown)[1]


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["here", "distributed"])
def test_the_command_works_where_pytest_was_started(tmp_path, arguments):
    text = f"{HEAD}\n\ndef test_one(gradproof):\n    gradproof(cost, one, grad=broken)\n"
    for folder in ("sub", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"test_{folder}.py").write_text(text, "utf-8")
    start = written(tmp_path) / "sub"
    done = run(tmp_path, *arguments, str(tmp_path), start=start)
    commands = re.findall(r"again: pytest (.*)", done.out)
    assert len(commands) == 2
    again = run(tmp_path, *shlex.split(" ".join(commands)), start=start)
    assert (again.code, again.facts()) == (1, done.facts())


def test_the_command_names_the_whole_path_where_no_other_leads_there(monkeypatch):
    def elsewhere(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("os.path.relpath", elsewhere)
    started = SimpleNamespace(dir=Path("/started"))
    config = SimpleNamespace(rootpath=Path("/top"), invocation_params=started)
    item = SimpleNamespace(nodeid="sub/test_a.py::test_one[a::b]", config=config)
    assert log._from_here(item) == "/top/sub/test_a.py::test_one[a::b]"


# HTML and annotations


@pytest.fixture(scope="module")
def pages(place):
    chosen = (
        "test_wrong or test_known or known or expected or odd_name or undecided or drawn or three"
    )
    return run(
        place, "-n", "2", "-k", chosen, "--gradproof-html", "out/deep",
        GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(place),
    )  # fmt: skip


def test_every_check_that_is_not_right_has_a_file_and_the_index_links_to_it(pages):
    folder = pages.folder / "out" / "deep"
    not_right = [record for record in pages.records if record["verdict"] != "correct"]
    files = {record["files"]["html"] for record in not_right}
    assert len(files) == len(not_right) < len(pages.records)
    assert not any(r["files"] for r in pages.records if r["verdict"] == "correct")
    assert {path.name for path in folder.iterdir()} == files | {"index.html"}
    index = (folder / "index.html").read_text("utf-8")
    assert all(name in index for name in files)
    read = html.unescape(index.replace("<wbr>", ""))
    assert all(record["label"] in read for record in pages.records)
    for name in ("test_wrong_by_assertion", "TestOfUnittest-test_wrong", "test_wrong_by_a_drop_in"):
        assert len([file for file in files if file.startswith(f"test_story-{name}-")]) == 1
    twice = [file for file in files if file.startswith("test_story-test_wrong_twice-")]
    assert len(twice) == 2
    odd = next(name for name in files if "odd_name-a-b-c-d-e" in name)
    assert re.fullmatch(r"[\w.-]+\.html", odd)
    assert "cost" in (folder / odd).read_text("utf-8")


def test_all_have_pages_where_that_is_asked_for(place):
    chosen = "test_story.py::test_right", "test_story.py::test_wrong"
    done = run(place, *chosen, "--gradproof-html", "out/all", "--gradproof-html-pages", "all")
    assert sorted(record["verdict"] for record in done.records) == ["correct", "wrong"]
    files = {record["files"]["html"] for record in done.records}
    assert {path.name for path in (place / "out/all").iterdir()} == {*files, "index.html"}


def test_a_summary_is_added_to_the_file_that_github_names(place, tmp_path):
    summary = tmp_path / "summary.md"
    chosen = "test_story.py::test_right", "test_story.py::test_wrong"
    run(place, *chosen, "-n", "2", GITHUB_STEP_SUMMARY=str(summary))
    lines = summary.read_text("utf-8").splitlines()
    assert lines[0].startswith("### gradproof: checks 2, evaluations ")
    assert "test\\_wrong | **wrong** | " in lines[4]  # what is not right first, with its cause
    assert "test\\_story.py:" in lines[4]
    assert "test\\_right | correct |  |" in lines[5]


def test_the_summary_and_a_failure_say_where_the_files_are(pages):
    assert f"HTML: {Path('out/deep/index.html')}" in pages.section()
    assert re.search(
        r"HTML: out.deep.test_story-test_wrong-\w{8}\.html", pages.shown("test_wrong")[0]
    )
    assert re.search(r"HTML: out.deep.test_cases-drawn-\w{8}-2\.html", pages.shown("drawn")[0])


def test_annotations_name_the_line_at_fault_or_the_test(pages):
    lines = [line for line in pages.section() if line.startswith("::")]
    source = (pages.folder / "test_story.py").read_text("utf-8").splitlines()
    fault = source.index("    return 4 * x") + 1
    assert [ln for ln in lines if ln.startswith(f"::error file=test_story.py,line={fault},")]
    test = source.index("def test_undecided(gradproof):") + 1
    assert [ln for ln in lines if ln.startswith(f"::warning file=test_story.py,line={test},")]
    # What a test expects, or is known for, is no news.
    wrong = [r for r in pages.records if r["verdict"] == "wrong"]
    quiet = {r["label"] for r in wrong if not r["annotations"]}
    assert quiet == {
        "test_cases.py::known",
        "test_story.py::test_expected_to_be_wrong",
        "test_story.py::test_known_to_be_wrong",
        "test_story.py::test_known_by_assertion",
    }
    assert len(lines) == len(set(lines)) < len([r for r in wrong if r["annotations"]])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--gradproof-html", "pytest.ini/out"], "--gradproof-html: pytest.ini/out cannot be wri"),
        (["--gradproof-seed", "-1"], "must be a whole number from 0 on, but is '-1'"),
    ],
)  # fmt: skip
def test_wrong_use_of_the_command_line_is_one_sentence_at_the_start(place, arguments, said):
    done = run(place, *arguments)
    assert done.code == 4
    assert said in done.out
    assert "Traceback" not in done.out
    assert not done.tests


# Other ways to run pytest


@pytest.mark.parametrize("columns", [60, 200])
def test_the_report_fits_beside_the_prefix(place, columns):
    name = "test_story.py::test_wrong"
    done = run(place, name, "--color=yes", COLUMNS=str(columns))
    plain = re.sub(r"\x1b\[[\d;]*m", "", done.out)
    shown = [line for line in plain.splitlines() if line.startswith("E  ")]
    free = [line for line in shown if "gradproof: cost" not in line and "again: " not in line]
    assert max(map(len, free)) <= columns
    assert "every entry is 2× too large" in re.sub(r"\s*\nE +", " ", "\n".join(shown))
    assert "\x1b" in done.out


@pytest.mark.parametrize("style", ["short", "line"])
def test_styles_of_traceback(place, style):
    done = run(place, "test_story.py::test_wrong", f"--tb={style}", "-q")
    assert "gradproof: cost: wrong, difference" in done.out
    assert style != "short" or not ours(done.out)
    if style == "line":
        line = (place / "test_story.py").read_text("utf-8").splitlines()
        number = line.index("        gradproof(cost, one, grad=broken)  # the user's line") + 1
        assert f"test_story.py:{number}: gradproof: cost: wrong, difference" in done.out


def test_the_debugger_opens_at_the_users_line(place):
    done = run(place, "test_story.py::test_wrong", "test_cases.py::drawn", "--pdb", "-x")
    assert "Exit: Quitting debugger" in done.out
    assert "test_story.py" in done.out
    assert "-> gradproof(cost, one, grad=broken)  # the user's line" in done.out


def test_without_a_terminal_and_to_collect_only(place):
    done = run(place, "-p", "no:terminal", "test_story.py::test_wrong", "test_story.py::test_right")
    assert done.code == 1
    assert [record["verdict"] for record in done.records] == ["wrong", "correct"]
    done = run(place, "--collect-only", "-q", "test_cases.py")
    assert "test_cases.py::drawn" in done.out
    assert not done.records


@pytest.mark.skipif(OTHER is None, reason="GRADPROOF_OTHER_PYTEST names no other pytest")
def test_another_version_of_pytest(place, story):
    done = run(place, "-rA", "--doctest-modules", other=OTHER)
    version = re.search(r"pytest-([\d.]+)", done.out)[1]
    assert version != pytest.__version__
    here = {name: outcome for name, (outcome, _) in story.tests.items() if "subtests" not in name}
    there = {name: outcome for name, (outcome, _) in done.tests.items() if "subtests" not in name}
    assert there == here
    assert len(done.section()) == 2
    facts = [[fact for fact in run.facts() if "subtests" not in fact[0]] for run in (story, done)]
    assert facts[0] == facts[1]
    for name in ("test_wrong", "test_exception_of_the_users", "several", "test_wrong_use"):
        assert not ours(done.shown(name)[0])
    assert "FAILED" in done.shown("test_wrong")[1]


# Reports that nobody looks at

FORGETFUL = (
    HEAD
    + """

def test_forgets():
    gp.check(cost, one, grad=broken)  # here


def test_keeps_it():
    report = gp.check_vjp(np.sin, lambda x, g: g, one)  # and here
    assert report is not None


def test_forgets_in_a_loop():
    for _ in range(3):
        gp.check(cost, one, grad=broken)


def test_right():
    gp.check(cost, one, grad=backprop)


def test_looks():
    assert gp.check(cost, one, grad=broken).verdict == "wrong"


def test_looks_in_a_loop():
    assert [bool(r) for r in [gp.check(cost, one, grad=g) for g in (broken, backprop)]] == [
        False, True,
    ]


def test_fails_anyway():
    gp.check(cost, one, grad=broken)
    raise RuntimeError
"""
)


def test_a_report_that_nobody_looks_at_is_named(tmp_path):
    done = run(written(tmp_path, test_forgetful=FORGETFUL), "-W", "default")
    warned = done.out.partition("warnings summary")[2]
    assert warned.count("UnreadReportWarning") == 3
    for name, line in (("test_forgets", "# here"), ("test_keeps_it", "# and here")):
        number = next(k for k, text in enumerate(FORGETFUL.split("\n"), 1) if text.endswith(line))
        assert f"test_forgetful.py::{name}\n" in warned
        assert f"test_forgetful.py:{number}: UnreadReportWarning: {name} does not look" in warned
    assert "gradproof: cost: wrong, difference 3.3e-01" in warned
    assert done.outcome("test_forgets") == "call passed"


def test_where_warnings_are_errors_it_fails(tmp_path):
    done = run(written(tmp_path, test_forgetful=FORGETFUL))
    assert done.outcome("test_forgets") == done.outcome("test_keeps_it") == "call failed"
    assert done.outcome("test_right") == done.outcome("test_looks") == "call passed"
    assert "UnreadReportWarning" not in done.shown("test_fails_anyway")[0]
