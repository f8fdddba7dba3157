"""What is saved comes back as the same report, and nothing else is read."""

import json
import math

import pytest
from specimens import EVERY, right, wrong

import gradproof as gp
from gradproof.records.failure import Failure, Fault, Place
from gradproof.report import files, plain
from gradproof.report.document import Document
from gradproof.report.renderers import json as as_json


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_a_report_survives_the_file(make, tmp_path):
    report = make()
    report.save(tmp_path / "report.json")
    again = gp.load(tmp_path / "report.json")
    assert again.to_dict() == report.to_dict()
    assert again.text(70, verbose=True) == report.text(70, verbose=True)
    assert again.verdict is report.verdict
    assert again.reproduce == report.reproduce
    if "NaN" not in str(report.to_dict()):  # which is not equal to itself
        assert again == report


def test_a_change_of_one_number_is_seen(tmp_path):
    report = wrong()
    report.save(tmp_path / "report.json")
    told = json.loads((tmp_path / "report.json").read_text("utf-8"))
    told["reports"][0]["blocks"][0]["measured"][0]["claimed"] += 1e-12
    (tmp_path / "report.json").write_text(json.dumps(told), "utf-8")
    assert gp.load(tmp_path / "report.json") != report


def test_the_file_is_strict_json_and_says_its_schema(tmp_path):
    def refuse(name):
        raise AssertionError(name)

    EVERY["not_finite"]().save(tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text("utf-8")
    told = json.loads(text, parse_constant=refuse)
    assert told["schema"] == as_json.SCHEMA == 1
    assert told["reports"][0]["case"] == "squares"
    assert told["reports"][0]["difference"] == "NaN"


@pytest.mark.parametrize("number", [0.1, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf])
def test_numbers_are_exact(number):
    assert plain.decode(float, json.loads(json.dumps(plain.encode(number)))) == number
    assert math.copysign(1, plain.decode(float, plain.encode(number))) == math.copysign(1, number)


def test_what_is_not_a_number_stays_so():
    assert math.isnan(plain.decode(float, plain.encode(math.nan)))


def saved(tmp_path, *reports, failures=()):
    labelled = tuple((f"case {i}", r) for i, r in enumerate(reports))
    document = Document(labelled, failures, ("c.py:g",) if failures else ())
    path = tmp_path / "run.json"
    path.write_text(as_json.to_json(document), "utf-8")
    return path, document


def test_one_of_several_is_chosen_by_its_case(tmp_path):
    path, document = saved(tmp_path, right(), wrong())
    assert gp.load(path, case="case 1") == document.reports[1][1]
    with pytest.raises(gp.UsageError, match=r"holds 2 reports \('case 0', 'case 1'\): pass case="):
        gp.load(path)
    with pytest.raises(gp.UsageError, match="and 0 of them are 'case 9'"):
        gp.load(path, case="case 9")


def test_a_whole_run_survives(tmp_path):
    failure = Failure("c.py:f", Fault.CODE, "It raised.", "Traceback …")
    late = Failure("c.py:g", Fault.TIME, "It took longer.", None, Place("model.py", 7, "f"))
    path, document = saved(tmp_path, right(), failures=(failure, late))
    assert files.load_document(path) == document


BROKEN = {
    "no JSON": ("{", "is not JSON"),
    "no object": ("[]", "holds no reports"),
    "something else": ('{"a": 1}', "holds no reports"),
    "from the future": ('{"schema": 2, "reports": []}', "schema 2"),
    "no schema": ('{"reports": []}', "schema None"),
    "a report that is none": ('{"schema": 1, "reports": [3]}', r"reports\[0\]"),
    "an incomplete report": (
        '{"schema": 1, "reports": [{"case": "a"}]}',
        r"reports\[0\] is incomp",
    ),
    "empty": ("", "is not JSON"),
}


@pytest.mark.parametrize(("text", "sentence"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_told_in_one_sentence(text, sentence, tmp_path):
    (tmp_path / "report.json").write_text(text, "utf-8")
    with pytest.raises(gp.UsageError, match=sentence) as caught:
        gp.load(tmp_path / "report.json")
    assert "report.json" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"verdict": "perhaps"}, r"reports\[0\]\.verdict.*perhaps"),
        ({"evaluations": "many"}, r"reports\[0\]\.evaluations should be of type int.*many"),
        ({"evaluations": 1.5}, r"reports\[0\]\.evaluations"),
        ({"difference": True}, r"reports\[0\]\.difference"),
        ({"blocks": {"a": 1}}, r"reports\[0\]\.blocks"),
        ({"blocks": [3]}, r"reports\[0\]\.blocks\[0\] should be an object"),
    ],
)
def test_a_wrong_entry_is_named(change, sentence, tmp_path):
    path, _ = saved(tmp_path, right())
    told = json.loads(path.read_text("utf-8"))
    told["reports"][0].update(change)
    path.write_text(json.dumps(told), "utf-8")
    with pytest.raises(gp.UsageError, match=sentence):
        gp.load(path)


def test_an_entry_of_a_later_version_is_passed_over(tmp_path):
    path, document = saved(tmp_path, right())
    told = json.loads(path.read_text("utf-8"))
    told["reports"][0]["colour"] = "blue"
    path.write_text(json.dumps(told), "utf-8")
    assert gp.load(path) == document.reports[0][1]


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.png"])
def test_other_endings_are_refused_and_leave_nothing(name, tmp_path):
    with pytest.raises(gp.UsageError, match=r"\.html, \.json, \.md, \.txt or \.xml"):
        right().save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["r.HTML", "r.Json", "r.xml"])
def test_endings_are_read_as_people_write_them(name, tmp_path):
    right().save(str(tmp_path / name))
    assert (tmp_path / name).stat().st_size > 1000


def test_a_failure_leaves_what_stood_there_before(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    right().save(path)
    before = path.read_text("utf-8")

    def full(self, data):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(type(path), "write_bytes", full)
        with pytest.raises(OSError, match="no space"):
            wrong().save(path)
    assert path.read_text("utf-8") == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path, document = saved(tmp_path, right())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert gp.load(path) == document.reports[0][1]
