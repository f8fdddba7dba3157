"""The report: what a person reads at any width, and what a machine gets."""

import copy
import io
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console

import gradproof as gp
from gradproof import BlockResult, Finding, GradientError, Kind, Report, Verdict
from gradproof.report.wording import figure

NAMES = ["W1", "p[red]", "[/]", "[bold]b[/bold]", "ñ ✓ 漢字", "<script>alert(1)</script>", "a\\b"]
WIDTHS = [40, 60, 80, 200]


def squares(p):
    return float(sum(np.sum(v**2) for v in p.values() if isinstance(v, np.ndarray)))


def double(p):
    return {name: 2 * value for name, value in p.items()}


@pytest.fixture
def right():
    return gp.check(squares, {name: np.arange(1.0, 4) for name in NAMES}, grad=double)


@pytest.fixture
def wrong():
    """One block is wrong, one is left alone, and every name is a trap for a renderer."""
    point = {**{name: np.arange(1.0, 4) for name in NAMES}, "n[/n]": 3}
    return gp.check(
        squares, point, grad=lambda p: {**double(p), "[/]": 3 * p["[/]"]}, name="a[bold]b<i>",
    )  # fmt: skip


def block(name="params", verdict=Verdict.CORRECT, error=1.2e-12, **changes):
    facts = {
        "shape": (3, 4), "dtype": "float64", "bar": 3.4e-11, "resolution": 5.6e-10,
        "correct_below": 1e-7, "wrong_above": 1e-5, **changes,
    }  # fmt: skip
    return BlockResult(name=name, verdict=verdict, error=error, **facts)


def made(verdict=Verdict.CORRECT, **changes):
    """A report by hand, for what a check would have to be coaxed into."""
    facts = {
        "name": "cost", "difference": 1.2e-12, "resolution": 5.6e-10, "evaluations": 18,
        "gradient_calls": 2, "seconds": 0.01, "seed": 0, "effort": "standard",
        "blocks": (block(verdict=verdict),), **changes,
    }  # fmt: skip
    return Report(verdict=verdict, **facts)


def squeezed(text):
    """Without the places where a line had to be broken."""
    return "".join(text.split())


# In a terminal


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_lost_at_any_width(right, wrong, width):
    for report in (right, wrong):
        text = report.text(width)
        lines = text.split("\n")
        broken = [x for x in lines if not x.startswith(("again: ", "gradproof: "))]
        assert max(map(len, broken)) <= width
        assert lines[-1] == report.headline
        assert all(line == line.rstrip() for line in lines)
        assert report.verdict.upper() in text
        assert report.verdict.sentence.split()[-1] in text
        assert figure(report.difference) in text
        for result in report.blocks:
            assert figure(result.error) in text
            assert figure(result.resolution) in text
            assert str(result.verdict) in text
        for finding in report.findings:
            assert squeezed(finding.message) in squeezed(text)
        assert f"seed {report.seed}" in " ".join(text.split())
    assert "WRONG" not in right.text(width)


@pytest.mark.parametrize("width", [80, 200])
def test_names_are_text_and_never_markup(wrong, width):
    text = squeezed(wrong.text(width))
    assert squeezed(wrong.name) in text
    for name in NAMES:
        # The long one is folded inside its column, among the others.
        assert squeezed(f"params[{name!r}]")[:16] in text
    assert squeezed("params['n[/n]'] has the type int64") in text


def test_the_worst_comes_first(wrong):
    lines = wrong.text(120).split("\n")
    (header,) = [i for i, line in enumerate(lines) if line.startswith("block")]
    assert lines[header + 1].startswith("params['[/]']")
    assert "wrong" in lines[header + 1]
    assert all("wrong" not in line for line in lines[header + 2 : -2])


def test_what_is_right_is_summed_up_beside_what_is_not():
    blocks = [block(f"params[{i}]") for i in range(9)]
    blocks += [block(f"wrong[{i}]", Verdict.WRONG, 0.5) for i in range(10)]
    report = made(Verdict.WRONG, blocks=tuple(blocks))
    text = report.text(80)
    assert all(f"wrong[{i}]" in text for i in range(10))
    assert "params[0]" not in text
    assert "and 9 more blocks: 9 correct" in text
    told = report.text(80, verbose=True)
    assert all(one.name in told for one in blocks)
    assert "float64: correct below 1e-07, wrong above 1e-05" in told
    assert "more blocks" not in told


def test_the_last_line_can_be_searched_for_and_the_call_can_be_pasted(wrong):
    lines = wrong.text(40).split("\n")
    assert lines[-1] == wrong.headline
    assert lines[-1].startswith("gradproof: a[bold]b<i>: wrong, difference ")
    assert lines[-2].startswith("again: gp.check(squares, point, grad=")
    assert lines[-2].endswith("name='a[bold]b<i>', seed=0)")


def test_many_blocks_and_many_notes_are_summed_up():
    blocks = [block(f"params[{i}]", error=1e-9 * i) for i in range(500)]
    blocks[321] = block("params[321]", Verdict.WRONG, 0.5)
    report = made(Verdict.WRONG, blocks=tuple(blocks), notes=tuple(f"note {i}" for i in range(99)))
    text = report.text(80)
    assert len(text.split("\n")) < 60
    assert "params[321]" in text
    assert "492 more blocks: 492 correct" in text
    assert "more notes" in text
    assert "more blocks" in report._repr_html_()
    assert "more blocks" not in made().text(80)


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0.0, "0"), (1.234e-9, "1.2e-09"), (2.0, "2.0e+00"), (float("nan"), "unknown"),
        (float("inf"), "unlimited"), (1e-300, "1.0e-300"),
    ],
)  # fmt: skip
def test_figures(number, printed):
    assert figure(number) == printed
    assert printed in made(difference=number).text(80)


def test_a_gradient_of_next_to_nothing_is_measured_by_its_natural_scale():
    assert "of its natural scale" in made(blocks=(block(natural=True),)).text(100)
    assert "of its natural scale" not in made().text(100)


def test_why_nothing_could_be_decided_is_told():
    report = made(
        Verdict.UNDECIDED, blocks=(block(verdict=Verdict.UNDECIDED, reason="the function jumps"),)
    )
    assert "params: the function jumps." in report.text(80)
    assert "the function jumps" in report._repr_html_()


def test_no_error_is_unlimited_plus_or_minus_unlimited():
    """Of a claim of another shape no error is known."""
    report = gp.check(
        lambda W: float(np.sum(W**2)), np.ones((2, 3)), grad=lambda W: np.ones((3, 2)) * 2
    )
    assert "unlimited ±" not in report.text()
    assert "unknown" in report.text()
    assert "the claim has another shape" not in report.text()  # the finding says it
    assert "has shape (3, 2) and needs (2, 3)" in report.text(200)


def test_what_concerns_several_blocks_is_said_once():
    blocks = [block(f"params[{k}]", Verdict.UNDECIDED, reason="it is noisy") for k in range(3)]
    report = made(
        Verdict.UNDECIDED, blocks=(*blocks, block("b", Verdict.UNDECIDED, reason="it jumps")),
        notes=("mind the gap", "mind the gap"),
        left_alone=tuple((f"params[{k}]", "is None") for k in range(3, 9)),
    )  # fmt: skip
    assert report.remarks == [
        "mind the gap",
        "params[0], params[1], params[2]: it is noisy.",
        "b: it jumps.",
        "params[3], params[4], params[5] and 3 more is None: not differentiated.",
    ]


@pytest.mark.parametrize(
    ("effort", "reason", "says"),
    [
        ("quick", "it was only moved together with others", 'effort="standard"'),
        ("standard", "nothing was measured", 'effort="thorough"'),
        ("standard", "it was only moved together with others", 'effort="thorough"'),
        ("thorough", "it was only moved together with others", ""),
        ("standard", "the error bars of the slopes are too wide; wrong_above=1e-3 would", ""),
        ("standard", "the function jumps at the point", ""),
    ],
)
def test_the_effort_that_may_decide_is_named(effort, reason, says):
    undecided = block(verdict=Verdict.UNDECIDED, reason=reason)
    report = made(Verdict.UNDECIDED, blocks=(undecided,), effort=effort)
    assert ("next: " in report.text()) is bool(says)
    assert says in report.next_step
    assert not made(effort=effort).next_step
    nowhere = (Finding(Kind.NOT_FINITE, None, "fun is inf at the point itself"),)
    assert not made(Verdict.UNDECIDED, blocks=(undecided,), findings=nowhere).next_step


STRANGE = np.array([1.137, 0.731, 1.919])


@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_of_two_wrong_blocks_it_is_said_where_to_look_first(wrong):
    names = ["W1", "b1", "W2", "b2", "W3"]
    point = {name: np.linspace(1, 2, 3) + k for k, name in enumerate(names)}
    right = lambda p: {name: 2 * value for name, value in p.items()}
    spoiled = names[:wrong]
    report = gp.check(
        lambda p: float(sum(np.sum(v**2) for v in p.values())), point,
        grad=lambda p: {n: v * (STRANGE if n in spoiled else 1) for n, v in right(p).items()},
    )  # fmt: skip
    assert sum(block.verdict is Verdict.WRONG for block in report.blocks) == wrong
    hint = [note for note in report.notes if "look first" in note]
    assert len(hint) == (wrong >= 2)
    assert all(f"the last of them: params['{spoiled[-1]}']" in note for note in hint)


@pytest.mark.parametrize("width", [20, 40])
def test_a_narrow_terminal_loses_no_word(wrong, width):
    """Lines are broken and never cut, but for the two that are meant for the clipboard."""
    *body, again, headline = wrong.text(width).split("\n")
    assert again.startswith("again: ")
    assert headline == wrong.headline
    assert all(len(line) <= width for line in body)
    assert "suggest_fixes" in squeezed("\n".join(body))


def test_what_was_left_alone_is_told(right, wrong):
    assert "n[/n]" in wrong.text(80)
    assert "int64" in wrong.text(80)
    assert "not differentiated" not in right.text(80)


def test_rich_prints_it_too(wrong):
    console = Console(file=io.StringIO(), width=100)
    console.print(wrong)
    assert "a[bold]b<i>: WRONG" in console.file.getvalue()


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def shown(report, monkeypatch, stream, **environment):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", stream)
    print(report)
    return stream.getvalue()


def colours(text):
    return [code for code in text.split("\x1b[")[1:] if "38;" in code.split("m")[0]]


def test_a_terminal_gets_colour_and_a_pipe_does_not(wrong, monkeypatch):
    assert colours(shown(wrong, monkeypatch, Terminal()))
    assert "\x1b" not in shown(wrong, monkeypatch, io.StringIO())


def test_no_color_is_respected(wrong, monkeypatch):
    assert not colours(shown(wrong, monkeypatch, Terminal(), NO_COLOR="1"))
    assert "\x1b" not in shown(wrong, monkeypatch, Terminal(), TERM="dumb")


def test_the_width_of_the_terminal_is_respected(wrong, monkeypatch):
    for columns in (50, 100):
        text = shown(wrong, monkeypatch, io.StringIO(), COLUMNS=str(columns))
        lines = [x for x in text.split("\n") if not x.startswith(("again: ", "gradproof: "))]
        assert max(len(line) for line in lines) <= columns
        assert any(len(line) > 40 for line in text.split("\n"))


def test_a_pipe_gets_plain_text_from_a_fresh_interpreter():
    program = (
        "import gradproof as gp\n"
        "print(gp.check(lambda x: x * x, 3.0, grad=lambda x: 3 * x, name='p[red]'))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS"}}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env=environment
    )
    assert b"\x1b" not in done.stdout
    assert done.stdout.startswith(b"p[red]: WRONG")
    assert max(len(line) for line in done.stdout.decode().split("\n")) <= 80


# In a notebook


def test_html_escapes_every_name(wrong):
    html = wrong._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<i>" not in html
    assert "a[bold]b&lt;i&gt;" in html
    assert "p[red]" in html
    assert wrong.verdict.sentence in html


def test_html_escapes_sentences_and_reasons():
    report = made(
        findings=(Finding(Kind.KINK, None, "a < b & <img src=x>"),),
        notes=("<b>bold</b>",),
        left_alone=(("<u>", "is <text>"),),
        blocks=(block("<em>", reason="x < y"),),
    )
    html = report._repr_html_()
    assert not any(tag in html for tag in ("<img", "<b>bold", "<u>", "<text>", "<em>", "x < y"))
    assert "a &lt; b &amp; &lt;img src=x&gt;" in html


# For machines


def test_plain_data_survives_strict_json(right, wrong):
    for report in (right, wrong):
        told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
        assert told == report.to_dict()
        assert told["verdict"] == str(report.verdict)
        assert [b["name"] for b in told["blocks"]] == [b.name for b in report.blocks]
        assert [b["verdict"] for b in told["blocks"]] == [str(b.verdict) for b in report.blocks]
        assert told["seed"] == 0
    assert wrong.to_dict()["findings"][0]["kind"] == "scale"
    assert not right.to_dict()["findings"]


ODD = {
    "a claim of NaN": {"grad": lambda p: {"a": p["a"] * np.nan}},
    "seed from NumPy": {"grad": double, "seed": np.int64(3)},
    "bands from NumPy": {"grad": double, "correct_below": np.float32(1e-6)},
    "no string as name": {"grad": double, "name": 3},
    "NumPy's string as name": {"grad": double, "name": np.str_("cost")},
    "sweep": {"grad": double, "effort": "sweep"},
}


@pytest.mark.parametrize("arguments", ODD.values(), ids=ODD)
def test_plain_data_is_plain_whatever_came_in(arguments):
    report = gp.check(squares, {"a": np.arange(1.0, 4)}, **arguments)
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert json.loads(text) == report.to_dict()
    assert report.text(80)
    assert report._repr_html_()


def test_numbers_that_are_not_finite_are_told_by_name():
    report = gp.check(squares, {"a": np.ones(3)}, grad=lambda p: {"a": p["a"] * np.inf})
    told = report.to_dict()
    assert told["difference"] == "NaN"
    assert told["blocks"][0]["error"] == "Infinity"
    assert isinstance(
        gp.check(squares, {"a": np.ones(3)}, grad=double).to_dict()["difference"], float
    )


def test_precisions_reach_json():
    for dtype in (np.float16, np.float32, np.longdouble, np.complex64):
        report = gp.check(lambda x: np.sum(np.abs(x) ** 2), np.ones(3, dtype), grad=lambda x: 2 * x)
        json.dumps(report.to_dict(), allow_nan=False)
        assert report.blocks[0].dtype == np.dtype(dtype).name


def test_copies_are_equal(right, wrong):
    for report in (right, wrong):
        for other in (
            pickle.loads(pickle.dumps(report)), copy.copy(report), copy.deepcopy(report),
        ):  # fmt: skip
            assert other == report
            assert hash(other) == hash(report)
            assert other.to_dict() == report.to_dict()
            assert other.text(70) == report.text(70)
            assert other.verdict is report.verdict
    assert right != wrong


def test_a_report_that_knows_no_difference_can_be_pickled():
    report = gp.check(lambda x: float("nan"), np.ones(3), grad=lambda x: x)
    again = pickle.loads(pickle.dumps(report))
    assert again.to_dict() == report.to_dict()
    assert again.text() == report.text()


def test_two_runs_of_one_check_are_equal():
    def run(**changes):
        return gp.check(squares, {"a": np.arange(1.0, 4)}, **{"grad": double, "seed": 1, **changes})

    assert run() == run()
    assert run() != run(seed=2)
    assert run() != run(grad=lambda p: {"a": 2.1 * p["a"]})


def test_a_report_is_frozen(right):
    for frozen in (right, right.blocks[0]):
        with pytest.raises(AttributeError):
            frozen.verdict = Verdict.WRONG
    assert right.verdict is Verdict.CORRECT


# The verdict as an exception


def test_verdicts_are_words():
    assert [str(v) for v in Verdict] == ["correct", "suspect", "wrong", "undecided"]
    assert Verdict("wrong") is Verdict.WRONG
    assert Verdict.CORRECT == "correct"
    assert len({v.sentence for v in Verdict}) == 4


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.SUSPECT])
def test_wrong_and_suspect_raise(verdict):
    report = made(verdict)
    assert not report.ok
    with pytest.raises(GradientError) as caught:
        report.raise_if_wrong()
    assert caught.value.report is report
    assert isinstance(caught.value, AssertionError)
    message = str(caught.value)
    assert message.startswith(f"gradproof: cost: {verdict}, difference 1.2e-12")
    assert report.text() == f"{message.removeprefix(report.headline)[1:]}\n{report.headline}"


@pytest.mark.parametrize("verdict", [Verdict.CORRECT, Verdict.UNDECIDED])
def test_correct_and_undecided_do_not_raise(verdict):
    report = made(verdict)
    report.raise_if_wrong()
    assert report.ok == (verdict is Verdict.CORRECT)


def test_a_checked_gradient_raises_as_it_is_judged(right, wrong):
    right.raise_if_wrong()
    with pytest.raises(GradientError, match=r"params\['\[/\]'\]"):
        wrong.raise_if_wrong()
    suspect = gp.check(squares, {"a": np.arange(1.0, 9)}, grad=lambda p: {"a": 2.000001 * p["a"]})
    assert suspect.verdict is Verdict.SUSPECT
    with pytest.raises(AssertionError, match="suspect"):
        suspect.raise_if_wrong()


def test_the_exception_can_be_pickled(wrong):
    """Test runners send it from process to process."""
    with pytest.raises(GradientError) as caught:
        wrong.raise_if_wrong()
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.report == wrong
    assert str(again) == str(caught.value)


# Names


class Cost:
    """A function object."""

    def __call__(self, p):
        return squares(p)

    def method(self, p):
        return squares(p)


def test_a_check_is_named_after_the_function():
    point = {"a": np.ones(3)}
    assert gp.check(squares, point, grad=double).name == "squares"
    assert gp.check(Cost(), point, grad=double).name == "Cost"
    assert gp.check(Cost().method, point, grad=double).name == "method"
    assert gp.check(squares, point, grad=double, name="mine").name == "mine"


def test_the_truth_value_is_ok():
    point = np.array([1.0, 2.0])
    every = [
        gp.check(lambda x: np.sum(x**2), point, grad=lambda x: 2 * x),
        gp.check(lambda x: np.sum(x**2), point, grad=lambda x: 2.001 * x),
        gp.check(lambda x: np.sum(x**2), point, grad=lambda x: 2.000001 * x),
        gp.check(lambda x: float(np.sum(x) >= 3), point, grad=np.zeros_like),
    ]
    assert {str(report.verdict) for report in every} == {"correct", "wrong", "suspect", "undecided"}
    for report in every:
        assert bool(report) is report.ok is (report.verdict == "correct")
