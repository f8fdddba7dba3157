"""A renderer from outside has its options and its suffix, and the core was not edited for it."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from specimens import EVERY, right, wrong

import gradproof as gp
from gradproof.cli.commands import commands
from gradproof.records.failure import Failure, Fault
from gradproof.report import renderers as forms
from gradproof.report.document import Document
from gradproof.report.files import load_document
from gradproof.report.renderers import renderer, renderers

OWN = {
    "github": ".github", "html": ".html", "json": ".json", "junit": ".xml", "markdown": ".md",
    "text": ".txt",
}  # fmt: skip


@pytest.fixture
def registry(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(forms._RENDERERS, "entries", renderers())


@pytest.fixture
def csv(registry):
    @renderer("csv", "Also write a line for each block to FILE.")
    def csv(document):
        return "".join(
            f"{label},{block.name},{block.verdict}\n"
            for label, report in document.reports
            for block in report.blocks
        )

    return csv


def options(name):
    command = commands.commands[name]
    return {
        option.opts[0]: option.help
        for option in command.get_params(click.Context(command))
        if isinstance(option, click.Option)
    }


def invoke(*arguments):
    return CliRunner().invoke(commands, list(map(str, arguments)))


def a_file(tmp_path, *reports):
    path = tmp_path / "run.json"
    document = Document(tuple((report.name, report) for report in reports))
    path.write_text(renderers()["json"].text(document), "utf-8")
    return path


def test_each_of_our_own_is_found_in_its_folder():
    assert {name: one.suffix for name, one in renderers().items()} == OWN


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize("suffix", OWN.values())
def test_each_takes_every_report(suffix, make, tmp_path):
    report = make()
    path = tmp_path / f"report{suffix}"
    report.save(path)
    text = path.read_text("utf-8")
    assert bool(text) is not (report.ok and suffix == ".github")


@pytest.mark.parametrize("name", ["check", "fix", "show"])
def test_one_from_outside_has_an_option_of_every_command_that_writes(name, csv):
    assert options(name)["--csv"] == "Also write a line for each block to FILE."
    assert "--csv FILE" in invoke(name, "--help").output


def test_without_it_there_is_no_such_option_and_no_such_suffix(tmp_path):
    assert "--csv" not in options("check")
    with pytest.raises(gp.UsageError, match=r"but the name ends in '\.csv'"):
        right().save(tmp_path / "report.csv")
    done = invoke("show", a_file(tmp_path, right()), "--csv", tmp_path / "a.csv")
    assert (done.exit_code, "No such option" in done.output) == (2, True)


def test_one_from_outside_writes_what_is_checked_and_what_is_shown(csv, tmp_path):
    report = wrong()
    report.save(tmp_path / "one.CSV")
    assert invoke("show", a_file(tmp_path, report), "--csv", tmp_path / "two.csv").exit_code == 0
    text = (tmp_path / "one.CSV").read_text("utf-8")
    assert text == (tmp_path / "two.csv").read_text("utf-8")
    assert text.count(f"{report.name},") == len(report.blocks)
    assert ",wrong" in text


def test_it_may_stand_alone_on_standard_output(csv, tmp_path):
    done = invoke("show", a_file(tmp_path, right()), "--csv", "-")
    assert done.stdout == csv(Document(((right().name, right()),)))
    assert "gradproof: correct 1" in done.stderr


def test_a_name_may_have_hyphens(registry, tmp_path):
    @renderer("one-word", "Also write a word to FILE.")
    def word(document):
        return f"{document.reports[0][1].verdict}\n"

    done = invoke("show", a_file(tmp_path, right()), "--one-word", tmp_path / "a")
    assert (done.exit_code, (tmp_path / "a").read_text("utf-8")) == (0, "correct\n")


def test_what_it_needs_is_said_before_the_run(registry, tmp_path):
    @renderer("odt", "Also write a document to FILE.", needs=("no_such_module", "odt-maker"))
    def odt(document):
        raise AssertionError

    done = invoke("check", "nowhere.py", "--odt", tmp_path / "a.odt")
    assert "ODT reports need no_such_module: pip install 'odt-maker' brings it." in done.output
    with pytest.raises(gp.UsageError, match="ODT reports need no_such_module"):
        right().save(tmp_path / "a.odt")
    assert not (tmp_path / "a.odt").exists()


@pytest.mark.parametrize(
    ("name", "more", "sentence"),
    [
        ("json", {"suffix": ".jsn"}, "The name 'json' in gradproof.renderers is taken"),
        ("yaml", {"suffix": ".json"}, "The suffix '.json' is taken"),
        ("My Form", {}, "'My Form' is no name"),
    ],
)
def test_a_name_and_a_suffix_are_had_once(name, more, sentence, registry):
    with pytest.raises(gp.UsageError, match=sentence):
        renderer(name, "", **more)(lambda document: "")
    assert renderers().keys() == OWN.keys()


def test_plain_text_is_what_a_terminal_shows_and_has_the_errors():
    failure = Failure("c.py:f", Fault.CODE, "It raised.", "Traceback …\n")
    report = wrong()
    document = Document((("c.py:g", report),), (failure,), ("c.py:h",))
    text = renderers()["text"].text(document)
    assert text.startswith(f"c.py:g:\n{report.text()}\n\nc.py:f: ERROR: It raised.\nTraceback …\n")
    assert text.splitlines()[-1] == document.headline()
    assert document.headline().endswith("errors 1, interrupted with 1 of the cases unfinished")


def test_annotations_are_written_for_reports_and_errors():
    failure = Failure("c.py:f", Fault.CODE, "It raised.")
    text = renderers()["github"].text(Document((("a", wrong()), ("b", right())), (failure,)))
    assert {line.partition(" ")[0] for line in text.splitlines()} == {"::error"}
    assert "c.py%3Af" in text.splitlines()[-1]


def test_what_a_run_says_of_itself_is_kept_by_show(tmp_path):
    document = Document((("a", right()),), facts={"exit_code": 0, "gradproof": "1"})
    path, again = tmp_path / "run.json", tmp_path / "again.json"
    path.write_text(renderers()["json"].text(document), "utf-8")
    assert load_document(path) == document
    invoke("show", path, "--json", again)
    assert again.read_text("utf-8") == path.read_text("utf-8")
    assert json.loads(again.read_text("utf-8"))["counts"]["correct"] == 1


# By an entry point

MODULE = """
from gradproof.report.renderers import renderer

@renderer("csv", "Also write a line for each report to FILE.")
def csv(document):
    return "".join(f"{label},{report.verdict}\\n" for label, report in document.reports)
"""
CASES = """
import gradproof as gp

@gp.case
def cube():
    return dict(fun=lambda x: x**3, point=2.0, grad=lambda x: 3 * x**2)
"""


def installed(tmp_path, module=MODULE, name="csv"):
    """A package with an entry point, as pip would install it, and a case beside it."""
    (tmp_path / "forms.py").write_text(module, "utf-8")
    (tmp_path / "cases.py").write_text(CASES, "utf-8")
    about = tmp_path / "forms-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: forms\nVersion: 1\n", "utf-8")
    points = f"[gradproof.renderers]\n{name} = forms:csv\n"
    (about / "entry_points.txt").write_text(points, "utf-8")


def started(tmp_path, *arguments):
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import runpy; "
    start += "runpy.run_module(sys.argv.pop(1), run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


def test_an_installed_one_is_found_by_the_command(tmp_path):
    installed(tmp_path)
    done = started(tmp_path, "gradproof", "check", "cases.py", "--csv", "out.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out.csv").read_text("utf-8") == "cases.py:cube,correct\n"


def test_an_installed_one_is_found_by_pytest(tmp_path):
    installed(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\ngradproof_cases = true\n", "utf-8")
    (tmp_path / "cases.py").rename(tmp_path / "test_cases.py")
    plugged = [] if "gradproof" in str(list(_plugins())) else ["-p", "gradproof_pytest"]
    asked = ["pytest", *plugged, "-p", "no:cacheprovider", "--gradproof-csv", "out"]
    done = started(tmp_path, *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (tmp_path / "out").iterdir()
    assert path.suffix == ".csv"
    assert path.read_text("utf-8").endswith(",correct\n")
    assert "CSV: out\n" in done.stdout


def _plugins():
    from importlib.metadata import entry_points

    return (point.name for point in entry_points(group="pytest11"))


@pytest.mark.parametrize(
    ("module", "name", "reason"),
    [
        ("1 / 0", "csv", "ZeroDivisionError: division by zero"),
        (MODULE, "tsv", "UsageError: it registers nothing under the name 'tsv'."),
    ],
)
def test_one_that_is_broken_is_left_out_with_a_warning(module, name, reason, tmp_path):
    installed(tmp_path, module, name)
    done = started(tmp_path, "gradproof", "check", "cases.py")
    assert done.returncode == 0, done.stderr
    assert f"gradproof: forms:csv (gradproof.renderers) is left out: {reason}" in done.stderr
