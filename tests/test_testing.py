"""``gp.testing``: what its assertions return, raise and warn of, also under unittest."""

import inspect
import re
import subprocess
import sys

import numpy as np
import pytest

import gradproof as gp
from gradproof import calling, testing
from gradproof.testing import UndecidedWarning, assert_correct, assert_gradient

one = np.array([1.0, 2.0])


def cost(x):
    return float(x @ x)


def backprop(x):
    return 2 * x


def broken(x):
    return x * [2, 2.002]  # the nearest fault: one entry is off by a thousandth


def nowhere(x):
    return float("nan")


def test_a_right_gradient_returns_the_report_of_check():
    report = assert_gradient(cost, one, grad=backprop, seed=3, effort="quick", name="mine")
    assert report == gp.check(cost, one, grad=backprop, seed=3, effort="quick", name="mine")
    assert (report.verdict, report.seed, report.name) == ("correct", 3, "mine")


def test_a_wrong_gradient_raises_the_report():
    with pytest.raises(AssertionError) as caught:
        assert_gradient(cost, one, grad=broken)
    error = caught.value
    assert isinstance(error, gp.GradientError)
    assert error.report.verdict == "wrong"
    assert str(error).startswith(error.report.headline + "\n")
    assert "params[1]" in str(error)


def test_a_suspect_gradient_raises_and_bands_and_arguments_are_passed_on():
    def claim(x, factor, *, more):
        return 2 * x * factor * more

    def fun(x, factor, *, more):
        return float(x @ x)

    given = {"args": (1 + 1e-6,), "kwargs": {"more": 1.0}}
    with pytest.raises(gp.GradientError, match="suspect"):
        assert_gradient(fun, one, grad=claim, **given)
    bands = {"correct_below": 1e-4, "wrong_above": 1e-3}
    assert assert_gradient(fun, one, grad=claim, **given, **bands).ok


def test_undecided_fails_or_warns_at_the_callers_line():
    with pytest.raises(gp.GradientError, match="nowhere: undecided"):
        assert_gradient(nowhere, one, grad=backprop)
    with pytest.warns(UndecidedWarning, match="nowhere: undecided") as caught:
        report = assert_gradient(nowhere, one, grad=backprop, undecided="warn")
    assert report.verdict == "undecided"
    assert caught[0].filename == __file__


def test_a_wrong_gradient_is_no_warning():
    with pytest.raises(gp.GradientError):
        assert_gradient(cost, one, grad=broken, undecided="warn")


@pytest.mark.parametrize("value", ["ignore", None, ["warn"]])
def test_undecided_is_fail_or_warn_and_is_looked_at_first(value):
    def reached(x):
        raise AssertionError

    with pytest.raises(gp.UsageError) as caught:
        assert_gradient(reached, one, grad=backprop, undecided=value)
    assert str(caught.value) == f"undecided must be 'fail' or 'warn', but is {value!r}."


def test_exceptions_of_the_users_surface():
    with pytest.raises(ZeroDivisionError):
        assert_gradient(lambda x: 1 / 0, one, grad=backprop)
    with pytest.raises(gp.UsageError, match="effort"):
        assert_gradient(cost, one, grad=backprop, effort="lots")


def test_it_takes_what_check_takes():
    ours = dict(inspect.signature(assert_gradient).parameters)
    assert ours.pop("undecided").default == "fail"
    assert ours == dict(inspect.signature(gp.check).parameters)


def test_the_report_says_how_to_call_it_again():
    report = assert_gradient(cost, one, grad=backprop)
    assert report.reproduce == "assert_gradient(cost, one, grad=backprop, seed=0)"


# Any report


REPORTS = {
    "check": (lambda f: gp.check(cost, one, grad=lambda x: f * backprop(x))),
    "check_vjp": (lambda f: gp.check_vjp(np.sin, lambda x, g: f * g * np.cos(x), one)),
    "check_jvp": (lambda f: gp.check_jvp(np.sin, lambda x, t: f * t * np.cos(x), one)),
    "check_adjoint": (lambda f: gp.check_adjoint(lambda x: 2 * x, lambda y: 2 * f * y, one, one)),
}


@pytest.mark.parametrize("make", REPORTS.values(), ids=REPORTS)
def test_a_correct_report_is_returned_and_a_wrong_one_raised(make):
    right, wrong = make(1), make(1.001)
    assert assert_correct(right) is right
    with pytest.raises(gp.GradientError) as caught:
        assert_correct(wrong, undecided="warn")
    assert caught.value.report is wrong
    assert str(caught.value) == wrong.message


def test_a_suspect_report_is_raised():
    report = gp.check(cost, one, grad=lambda x: 2 * x * (1 + 1e-6))
    with pytest.raises(gp.GradientError, match="cost: suspect"):
        assert_correct(report)


def test_an_undecided_report_is_raised_or_warned_of_at_the_callers_line():
    report = gp.check(nowhere, one, grad=backprop)
    report.raise_if_wrong()  # it is not, but that is not enough for a test
    with pytest.raises(gp.GradientError, match="nowhere: undecided"):
        assert_correct(report)
    with pytest.warns(UndecidedWarning, match="nowhere: undecided") as caught:
        assert assert_correct(report, "warn") is report
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((True,), "assert_correct takes the report of a check, but got a bool: "),
        ((cost, one), "assert_correct takes the report of a check, but got the function cost: "),
    ],
)
def test_only_a_report_can_be_correct(arguments, said):
    with pytest.raises(gp.UsageError) as caught:
        assert_correct(*arguments)
    assert str(caught.value).startswith(said)


def test_undecided_is_fail_or_warn_whatever_the_report_says():
    with pytest.raises(gp.UsageError, match="undecided must be 'fail' or 'warn', but is 'ignore'"):
        assert_correct(gp.check(cost, one, grad=backprop), "ignore")


# unittest


SUITE = """\
import unittest
import numpy as np
from gradproof.testing import assert_gradient

def check(**more):
    assert_gradient(lambda x: float(x @ x), np.ones(2), **more)  # the user's line

class Plain(unittest.TestCase):
    def test_right(self):
        check(grad=lambda x: 2 * x)

    def test_wrong(self):
        check(grad=lambda x: 3 * x)

    def test_subtests(self):
        for factor in (2, 3):
            with self.subTest(factor=factor):
                check(grad=lambda x: factor * x)

    def test_use(self):
        check(grad=lambda x: 2 * x, undecided="ignore")

    @unittest.expectedFailure
    def test_expected(self):
        check(grad=lambda x: 3 * x)
"""


def test_unittest_counts_failures_and_shows_the_report(tmp_path):
    (tmp_path / "test_suite.py").write_text(SUITE, "utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "error", "-m", "unittest", "test_suite"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
    assert "FAILED (failures=2, errors=1, expected failures=1)" in done.stderr
    _, *told = re.split(r"^=+\n", done.stderr, flags=re.MULTILINE)
    shown = {text.partition("\n")[0]: text for text in told}
    for text in shown.values():
        assert "# the user's line" in text
        files = re.findall(r'File "(.*?)", line \d+, in', text)
        ours = {file for file in files if not file.startswith(str(tmp_path))}
        assert ours <= {testing.__file__, calling.__file__}
    failed = [text for title, text in shown.items() if title.startswith("FAIL")]
    assert len(failed) == 2
    for text in failed:
        assert "wrong, difference" in text
        assert "1.5× too large" in text
