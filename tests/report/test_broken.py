"""Faults that reports had: each was seen by a user, or by somebody who tried to break them."""

import concurrent.futures
import cProfile
import dataclasses
import functools
import html
import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from specimens import right, undecided, wrong

import gradproof as gp
from gradproof.cli import commands as cli
from gradproof.report.grid import Fold
from gradproof.report.pictures import picture

mpl.use("Agg")
from matplotlib import pyplot as plt

RED = mpl.colors.to_rgba("#d55e00")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(report, kind, block=None):
    (axes,) = report.plot(block, kind=kind).axes
    return axes


def red(axes):
    """How many markers are red."""
    lines = [x for x in axes.lines if x.get_marker() not in ("None", None, "")]
    return sum(len(x.get_xdata()) for x in lines if mpl.colors.to_rgba(x.get_color()) == RED)


def letters(svg):
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def square(x):
    return float(np.sum(x**2))


def triple(x):
    return 3 * x


def squares(p):
    return float(sum(np.sum(v**2) for v in p.values()))


def many_blocks(count, bad):
    rng = np.random.default_rng(0)
    point = {f"layer{i}": rng.normal(size=(4, 3)) for i in range(count)}
    return gp.check(
        squares, point,
        grad=lambda p: {k: (3 if k == f"layer{bad}" else 2) * v for k, v in p.items()},
    )  # fmt: skip


# The facts


# Blocks that are right told the error of the wrong one that had moved with them, ± 1e-9.
@pytest.mark.parametrize("count", [13, 30])
def test_a_right_block_does_not_tell_the_error_of_another(count):
    report = many_blocks(count, bad=3)
    assert [b.name for b in report.blocks if b.verdict == "wrong"] == ["params['layer3']"]
    for block in report.blocks:
        if block.verdict == "correct":
            assert block.error - block.bar <= block.wrong_above, block.name


# "No simple fault explains it. 0 of 2 sampled entries are wrong", of a claim that is right.
def test_an_undecided_block_is_not_said_to_have_a_fault():
    report = gp.check(
        lambda x: float(np.sum(np.tanh(1e9 * (x - 1))) + np.sum(x)), np.ones(2), effort="thorough",
        grad=lambda x: 1e9 / np.cosh(1e9 * (x - 1)) ** 2 + 1,
    )  # fmt: skip
    assert report.verdict == "undecided"
    assert "fault explains" not in report.text()


# A check died of a stderr without a terminal's methods: pythonw, servers, redirect_stderr.
@pytest.mark.parametrize("stream", ["none", "bare", "closed"])
def test_a_check_needs_no_stderr(stream, monkeypatch):
    monkeypatch.setattr(sys, "stderr", STREAMS[stream]())
    assert gp.check(square, np.ones(3), grad=triple).verdict == "wrong"


@pytest.mark.parametrize("stream", ["none", "bare", "closed"])
def test_the_text_of_a_report_needs_no_stdout(stream, monkeypatch):
    report = wrong()
    monkeypatch.setattr(sys, "stdout", STREAMS[stream]())
    assert str(report).startswith("<b>cost</b>")


def shut():
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS = {
    "none": lambda: None,
    "bare": lambda: SimpleNamespace(write=len, flush=lambda: None),
    "closed": shut,
}


# Pictures


# Everything that looked like a number was rounded to one digit: ticks read 0.8, 0.8, 0.8.
def test_ticks_of_a_page_keep_their_digits():
    report = gp.check(lambda x: float(np.sin(x)), 0.7, grad=lambda x: 1.1 * np.cos(x))
    ticks = [text for text in letters(picture(report, report.blocks[0])) if "." in text]
    assert len(ticks) > 4
    assert max(ticks.count(text) for text in ticks) <= 2  # one on each axis


# "lr=0.0125" became "lr=0" and layer.10.25 became layer.10.2.
def test_names_in_a_picture_are_not_rounded():
    report = gp.check(
        squares, {"layer.10.25": np.ones(2), "v1.0.12": np.ones(2), 'a id="b_1"': np.ones(2)},
        grad=lambda p: {k: 2 * v for k, v in p.items()}, name="lr=0.0125, at 0.99",
    )  # fmt: skip
    told = letters(picture(report))
    assert "lr=0.0125, at 0.99: correct" in told
    assert {"params['layer.10.25']", "params['v1.0.12']"} <= set(told)
    assert "params['a id=\"b_1\"']" in told


# With the first picture filtered away, or folded, what it clips was drawn over the letters.
def test_pictures_of_a_page_do_not_share_identifiers():
    report = wrong()
    first, second = (picture(report, block) for block in report.ranked[:2])
    assert not set(re.findall(r' id="([^"]+)"', first)) & set(re.findall(r' id="([^"]+)"', second))


# A left slope of 0, as of every ReLU, was taken for none.
def test_a_claim_between_one_sided_slopes_is_not_off():
    report = gp.check(
        lambda x: float(np.maximum(x, 0).sum()), np.array([0.0, 1.0, -1.0]), effort="sweep",
        grad=np.array([0.0, 1.0, 0.0]),
    )  # fmt: skip
    assert report.ok
    assert red(drawn(report, "entries")) == 0


def float32():
    x = np.random.default_rng(0).normal(size=20).astype(np.float32)
    return gp.check(lambda x: float(np.tanh(x).sum()), x, grad=lambda x: 1 / np.cosh(x) ** 2)


def bfloat16():
    torch = pytest.importorskip("torch")
    x = torch.linspace(-2, 1, 20).to(torch.bfloat16).reshape(5, 4).requires_grad_()
    return gp.check(lambda x: (x.tanh() ** 2).sum(), x, effort="thorough")


# The round-off of a low precision was called a plateau, with red dots, below "correct".
@pytest.mark.parametrize("make", [float32, bfloat16])
def test_a_right_gradient_of_low_precision_shows_no_red(make):
    report = make()
    assert report.ok
    steps = drawn(report, "steps")
    assert red(steps) == 0
    assert red(drawn(report, "entries")) == 0


# A right block that had only moved with others was drawn with the plateau of the wrong one.
def test_a_right_block_is_not_drawn_with_the_fault_of_another():
    report = many_blocks(30, bad=3)
    block = next(b for b in report.blocks if b.verdict == "correct")
    steps = drawn(report, "steps", block.name)
    assert red(steps) == 0
    assert red(drawn(report, "entries", block.name)) == 0


# Most steps were below the noise, so the title said "a valley" of a gradient twice too large.
def test_no_valley_is_told_of_a_wrong_gradient():
    report = gp.check(
        lambda x: square(x) * (1 + 1e-3 * np.sin(1e9 * float(np.sum(x)))), np.full(4, 1.3),
        grad=lambda x: 4 * x,
    )  # fmt: skip
    assert report.verdict == "wrong"
    assert "valley" not in drawn(report, "steps").get_title(loc="left")


# One wrong entry among many in a cell was rounded away, so the cell was drawn as right.
def test_a_single_entry_is_not_pooled_away():
    mask = np.zeros((48, 48 * 30_000), bool)
    mask[0, 0] = True
    assert Fold(mask.shape).pool(mask)[0][0] > 0


# A part of a figure was returned for the whole.
def test_a_picture_in_a_part_of_a_figure_returns_the_whole():
    figure = plt.figure()
    axes = figure.subfigures(1, 2)[0].subplots()
    assert wrong().plot(kind="map", ax=axes) is figure


# The page


def page(report, tmp_path):
    report.save(tmp_path / "report.html")
    return (tmp_path / "report.html").read_text("utf-8")


# A heading "Notes" with nothing below it.
def test_there_is_no_heading_without_notes(tmp_path):
    report = undecided()
    assert report.remarks
    assert not report.notes
    assert "<h3>Notes</h3>" not in page(report, tmp_path)


# Jinja's capitalize makes everything but the first letter small: log(1 - A), ReLU, names.
def test_a_reason_keeps_its_capitals(tmp_path):
    report = undecided()
    block = dataclasses.replace(report.blocks[0], reason="fun takes log(1 - A) of params['W']")
    told = page(dataclasses.replace(report, blocks=(block,)), tmp_path)
    assert "log(1 - A) of params[&#39;W&#39;]" in told


# A name that is no valid Unicode, as of a file, ended in a TypeError of matplotlib.
def test_a_name_of_strange_bytes_makes_a_page(tmp_path):
    assert page(dataclasses.replace(right(), name="a\udc80b"), tmp_path)


# Text


# The line that can be searched for was two lines, and stood in the message twice.
@pytest.mark.parametrize("name", ["a\nb", "a\rb"])
def test_the_headline_is_one_line(name):
    report = dataclasses.replace(wrong(), name=name)
    assert len(report.headline.splitlines()) == 1
    assert report.message.count("gradproof: ") == 1


# Names could colour, or clear, the terminal of whoever read them.
def test_a_name_cannot_command_the_terminal():
    assert "\x1b" not in dataclasses.replace(wrong(), name="a\x1b[31mb").text()


# In a notebook print(report), and every message of an error, made an empty output besides.
def test_a_notebook_shows_nothing_but_the_text(monkeypatch):
    shown = []
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.jupyter.display", lambda *args: shown.append(args))
    report = wrong()
    assert report.text()
    assert str(report)
    assert report.message
    assert shown == []


# "again: self.fn(*self.args, **self.kwargs)", the line of the pool and not of the user.
def test_no_call_is_told_that_is_not_one_of_a_check():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pooled = pool.submit(gp.check, square, np.ones(3), grad=triple).result()
    assert pooled.reproduce == ""
    profiled = cProfile.Profile().runcall(gp.check, square, np.ones(3), grad=triple)
    assert profiled.reproduce == ""


# "again: list(map(…), seed=0)": a function in C stood between the user's line and the check.
def test_no_seed_is_put_into_the_call_of_another_function():
    checks = list(map(functools.partial(gp.check, grad=triple), [square], [np.ones(3)]))
    assert "seed" not in checks[0].reproduce


# Files


@pytest.fixture
def told(tmp_path):
    wrong().save(tmp_path / "report.json")
    return json.loads((tmp_path / "report.json").read_text("utf-8"))


# Some broken files ended in ValueError, OverflowError or RecursionError.
@pytest.mark.parametrize(
    ("key", "value"),
    [("left_alone", [["a"]]), ("left_alone", [["a", "b", "c"]]), ("difference", 10**400)],
    ids=["short pair", "long pair", "huge number"],
)
def test_every_broken_file_is_told_in_a_sentence(key, value, told, tmp_path):
    told["reports"][0][key] = value
    (tmp_path / "report.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(gp.UsageError, match=rf"reports\[0\]\.{key}"):
        gp.load(tmp_path / "report.json")


def test_a_file_that_is_nested_too_deeply_is_told_in_a_sentence(tmp_path):
    (tmp_path / "report.json").write_text("[" * 100_000, "utf-8")
    with pytest.raises(gp.UsageError, match="is not JSON"):
        gp.load(tmp_path / "report.json")


# `gradproof show report.json --html report.json` emptied the report before it was read.
def test_show_reads_before_it_writes(tmp_path, capsys):
    path = tmp_path / "report.json"
    wrong().save(path)
    with pytest.raises(SystemExit):
        cli.run(["show", str(path), "--html", str(path)])
    assert path.stat().st_size > 0
    assert "is not JSON" not in capsys.readouterr().err


# A file that cannot be read cost the good page of yesterday.
def test_a_file_that_cannot_be_read_leaves_the_older_page(tmp_path):
    (tmp_path / "broken.json").write_text("{", "utf-8")
    (tmp_path / "old.html").write_text("old", "utf-8")
    with pytest.raises(SystemExit) as left:
        cli.run(["show", str(tmp_path / "broken.json"), "--html", str(tmp_path / "old.html")])
    assert left.value.code == 2
    assert (tmp_path / "old.html").read_text("utf-8") == "old"


# On a full disk JSON was not written, nothing was said, and the exit code was 0.
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("form", ["--json", "--html", "--junit"])
def test_a_full_disk_is_told_and_is_no_bug(form, tmp_path, capsys):
    (tmp_path / "cases.py").write_text(
        "import gradproof as gp\n\n\n@gp.case\ndef right():\n"
        "    return dict(fun=lambda x: x**2, point=2.0, grad=lambda x: 2 * x)\n"
    )
    with pytest.raises(SystemExit) as left:
        cli.run(["check", str(tmp_path / "cases.py"), form, "/dev/full"])
    told = capsys.readouterr().err
    assert left.value.code == 2
    assert "No space left" in told
    assert "internal error" not in told
