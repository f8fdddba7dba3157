"""The report as JUnit XML, which CI systems show: a test case for each block."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ...records.verdict import Verdict
from ..document import Document
from ..report import BlockResult, Report
from ..wording import figure, relative_error
from . import renderer

# What XML 1.0 (section 2.2) cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# A wrong gradient is a failed test; an undecided one is a test that could not be made.
_TAGS = {Verdict.WRONG: "failure", Verdict.SUSPECT: "failure", Verdict.UNDECIDED: "error"}

_PROPERTIES = (
    "verdict", "difference", "resolution", "evaluations", "seed", "effort", "reproduce",
)  # fmt: skip


@renderer("junit", "Also write JUnit XML to FILE.", suffix=".xml")
def junit(document: Document) -> str:
    """One test suite for each report, more for the cases that gave none or were not reached."""
    root = ET.Element("testsuites", name="gradproof")
    for label, report in document.reports:
        root.append(_suite(label, report))
    if document.failures:
        suite = ET.SubElement(root, "testsuite", name="errors")
        for failure in document.failures:
            case = _test(suite, "gradproof", failure.case)
            error = ET.SubElement(
                case, "error", type=str(failure.fault), message=_clean(failure.message)
            )
            error.text = _clean(failure.traceback or failure.message)
        _count(suite)
    if document.unfinished:
        suite = ET.SubElement(root, "testsuite", name="unfinished")
        for label in document.unfinished:
            ET.SubElement(_test(suite, "gradproof", label), "skipped", message="interrupted")
        _count(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(label: str, report: Report) -> ET.Element:
    suite = ET.Element("testsuite", name=_clean(label), time=f"{report.seconds:.3f}")
    properties = ET.SubElement(suite, "properties")
    for name in _PROPERTIES:
        ET.SubElement(properties, "property", name=name, value=_clean(str(getattr(report, name))))
    if not report.blocks or all(b.verdict is not report.verdict for b in report.blocks):
        _case(suite, label, report.name, report.verdict, report.headline, report.text())
    for block in report.blocks:
        details = [finding.message for finding in report.about(block)]
        details += [block.doubt] if block.doubt else []
        _case(suite, label, block.name, block.verdict, _brief(block), "\n".join(details))
    ET.SubElement(suite, "system-out").text = _clean(report.text())
    _count(suite)
    return suite


def _case(
    suite: ET.Element, label: str, name: str, verdict: Verdict, brief: str, details: str
) -> None:
    case = _test(suite, label, name)
    if verdict in _TAGS:
        result = ET.SubElement(case, _TAGS[verdict], type=str(verdict), message=_clean(brief))
        result.text = _clean(details or brief)


def _test(suite: ET.Element, label: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=_clean(label), name=_clean(name), time="0")


def _brief(block: BlockResult) -> str:
    return (
        f"{block.verdict}: relative error {relative_error(block)}, "
        f"resolution {figure(block.resolution)}"
    )


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
