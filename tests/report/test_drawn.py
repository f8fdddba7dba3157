"""Without matplotlib a page has a picture all the same: the overview, drawn by hand."""

import dataclasses
import math
import re
import sys
from xml.etree import ElementTree as ET

import pytest
from specimens import EVERY, right, wrong

from gradproof.records.verdict import Verdict
from gradproof.report import drawn
from gradproof.report.document import Document
from gradproof.report.pictures import picture
from gradproof.report.renderers.html import page
from gradproof.report.wording import COLOURS

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_every_report_has_one_with_a_row_for_each_block(make):
    report = make()
    root = ET.fromstring(drawn.overview(report))
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert len(texts) == len([t for t in texts if t])
    known = [block for block in report.blocks if math.isfinite(block.error)]
    assert len(list(root.iter(f"{SVG}circle"))) == len(known)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for dot in root.iter(f"{SVG}circle"):
        assert 0 < float(dot.attrib["cx"]) <= width
        assert 0 < float(dot.attrib["cy"]) < height


def test_errors_stand_in_their_bands_and_in_order():
    root = ET.fromstring(drawn.overview(wrong()))
    dots = [(d.attrib["fill"], float(d.attrib["cx"])) for d in root.iter(f"{SVG}circle")]
    colours = [COLOURS[Verdict.WRONG]] * 2 + [COLOURS[Verdict.CORRECT]] * 4
    assert [colour for colour, _ in dots] == colours
    shades = [
        (float(r.attrib["x"]), float(r.attrib["x"]) + float(r.attrib["width"]))
        for r in root.iter(f"{SVG}rect")
    ]
    assert [left for left, _ in shades[1:]] == pytest.approx([right for _, right in shades[:-1]])
    green, _, red = shades
    assert all(red[0] < x <= red[1] for _, x in dots[:2])
    assert all(green[0] <= x < green[1] for _, x in dots[2:])


def test_a_larger_error_stands_further_to_the_right():
    report = right()
    blocks = tuple(dataclasses.replace(report.blocks[0], error=e) for e in (1e-12, 1e-9, 1e-3))
    text = drawn.overview(dataclasses.replace(report, blocks=blocks))
    places = [float(place) for place in re.findall(r'cx="([\d.]+)"', text)]  # the worst comes first
    assert places == sorted(set(places), reverse=True)


def test_of_many_blocks_the_others_are_counted():
    report = right()
    many = dataclasses.replace(report, blocks=report.blocks * 10)
    assert "(and 20 more blocks)" in drawn.overview(many)


def test_a_page_without_matplotlib_has_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    report = wrong()
    assert picture(report) == drawn.overview(report)
    assert picture(report, report.blocks[0]) == ""
    text = page(Document((("one", report),)))
    assert text.count("data-picture=") == 1
