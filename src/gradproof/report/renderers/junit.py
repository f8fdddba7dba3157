"""The report as JUnit XML, which CI systems show: a test case for each block."""

import re
from xml.etree import ElementTree as ET

from ...records.verdict import Verdict
from ..document import Document
from ..report import Report
from ..wording import figure, relative_error
from . import renderer

# What XML 1.0 (section 2.2) cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# A wrong gradient is a failed test; an undecided one is a test that could not be made.
_TAGS = {Verdict.WRONG: "failure", Verdict.SUSPECT: "failure", Verdict.UNDECIDED: "error"}

_PROPERTIES = ("verdict", "difference", "resolution", "evaluations", "seed", "effort", "reproduce")


@renderer("junit", "Also write JUnit XML to FILE.", suffix=".xml")
def junit(document: Document) -> str:
    """One test suite for each report, more for the cases that gave none or were not reached."""
    root = ET.Element("testsuites", name="gradproof")
    for label, report in document.reports:
        _suite(root, label, report)
    if document.failures:
        suite = _add(root, "testsuite", name="errors")
        for one in document.failures:
            case = _test(suite, "gradproof", one.case)
            details = one.traceback or one.message
            _add(case, "error", details, type=str(one.fault), message=one.message)
    if document.unfinished:
        suite = _add(root, "testsuite", name="unfinished")
        for label in document.unfinished:
            _add(_test(suite, "gradproof", label), "skipped", message="interrupted")
    for suite in root:
        for count, tag in _COUNTS.items():
            suite.set(count, str(len(suite.findall(tag))))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


_COUNTS = {
    "tests": "testcase",
    "failures": "testcase/failure",
    "errors": "testcase/error",
    "skipped": "testcase/skipped",
}


def _suite(root: ET.Element, label: str, report: Report) -> None:
    suite = _add(root, "testsuite", name=label, time=f"{report.seconds:.3f}")
    properties = _add(suite, "properties")
    for name in _PROPERTIES:
        _add(properties, "property", name=name, value=str(getattr(report, name)))
    if not report.blocks or all(b.verdict is not report.verdict for b in report.blocks):
        case = _test(suite, label, report.name)
        _result(case, report.verdict, report.headline, report.text())
    for block in report.blocks:
        error, resolution = relative_error(block), figure(block.resolution)
        brief = f"{block.verdict}: relative error {error}, resolution {resolution}"
        details = [finding.message for finding in report.about(block)]
        details += [block.doubt] if block.doubt else []
        _result(_test(suite, label, block.name), block.verdict, brief, "\n".join(details))
    _add(suite, "system-out", report.text())


def _test(suite: ET.Element, label: str, name: str) -> ET.Element:
    return _add(suite, "testcase", classname=label, name=name, time="0")


def _result(case: ET.Element, verdict: Verdict, brief: str, details: str) -> None:
    if verdict in _TAGS:
        _add(case, _TAGS[verdict], details or brief, type=str(verdict), message=brief)


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    clean = {name: _FORBIDDEN.sub("�", value) for name, value in attributes.items()}
    made = ET.SubElement(parent, tag, clean)
    made.text = _FORBIDDEN.sub("�", text) or None
    return made
