"""JUnit XML that parsers accept, with a failure for each wrong block."""

from xml.etree import ElementTree as ET

import pytest
from specimens import EVERY, TRAP, right, undecided, wrong

from gradproof.records.failure import Failure, Fault
from gradproof.report.document import Document
from gradproof.report.renderers.junit import junit


def parsed(*reports, failures=()):
    return ET.fromstring(junit(Document(tuple((r.name, r) for r in reports), tuple(failures))))


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_each_block_is_a_test_case(make):
    report = make()
    (suite,) = parsed(report)
    cases = suite.findall("testcase")
    assert {b.name for b in report.blocks} <= {case.get("name") for case in cases}
    assert suite.get("tests") == str(len(cases))
    failed = [case for case in cases if case.find("failure") is not None]
    errors = [case for case in cases if case.find("error") is not None]
    assert suite.get("failures") == str(len(failed))
    assert suite.get("errors") == str(len(errors))
    assert bool(failed or errors) is not report.ok


def test_a_wrong_block_fails_with_its_finding():
    (suite,) = parsed(wrong())
    failures = {case.get("name"): case.find("failure") for case in suite.findall("testcase")}
    assert "1.5× too large" in failures[f"params[{TRAP!r}]"].text
    assert failures[f"params[{TRAP!r}]"].get("message").startswith("wrong: relative error")
    assert failures["params['b']"] is None
    assert "again: gp.check(" in suite.find("system-out").text


def test_undecided_is_an_error_and_no_failure():
    (suite,) = parsed(undecided())
    assert suite.get("failures") == "0"
    assert int(suite.get("errors")) > 0


def test_cases_that_gave_no_report_are_errors():
    suites = parsed(
        right(), failures=[Failure("c.py:f", Fault.CODE, "It raised.", "Trace\x00back")]
    )
    error = suites[1].find("testcase/error")
    assert error.get("message") == "It raised."
    assert error.text == "Trace�back"
    assert suites[1].get("errors") == "1"


def test_an_interrupted_run_is_not_taken_for_a_whole_one():
    root = ET.fromstring(junit(Document((("one", right()),), (), ("c.py:two", "c.py:three"))))
    skipped = root.findall("testsuite/testcase[skipped]")
    assert [case.get("name") for case in skipped] == ["c.py:two", "c.py:three"]
    assert root.findall("testsuite")[1].get("skipped") == "2"
