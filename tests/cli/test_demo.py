"""The story tells what was computed, at any width, and tells it right for any seed."""

import io
import re
import sys

import pytest
from rich.console import Console

from gradproof.cli import demo as story
from gradproof.demo import network

SMALLER = (30, 20, 10, 2)


@pytest.fixture(autouse=True, scope="module")
def _soon_over():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(story, "LARGER", SMALLER)
        patched.setattr(story, "PATIENCE", 0.01)
        yield


@pytest.fixture(scope="module")
def text(_soon_over):
    """The story as most tests read it: seed 0, 80 columns, in a pipe."""
    return told()


def told(seed=0, width=80, **more):
    out = io.StringIO()
    story.tell(Console(file=out, width=width, highlight=False, **more), seed)
    return out.getvalue()


def flat(text):
    return re.sub(r"\s+", " ", text)


def assert_both_verdicts_and_both_figures(text):
    text = flat(text)
    assert "the gradient as written: WRONG" in text
    assert "There is a mistake in your gradient: difference = 0.28509315" in text
    assert "the gradient: CORRECT" in text
    assert "to be looked at: difference = 1.19e-07, between 1e-07 and 1e-05" in text
    assert "the larger network" not in text  # it would report itself if it were not correct


def test_both_verdicts_and_both_figures(text):
    assert_both_verdicts_and_both_figures(text)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_both_verdicts_and_both_figures_for_any_seed(seed):
    assert_both_verdicts_and_both_figures(told(seed))


@pytest.mark.slow
def test_it_ends_with_a_page_and_its_path(tmp_path):
    page = tmp_path / "demo.html"
    out = io.StringIO()
    story.tell(Console(file=out, width=500, highlight=False), 0, str(page))
    last = [line for line in out.getvalue().splitlines() if line][-2:]
    assert last[0] == f"The same as a page with pictures: {page}"
    assert last[1].startswith("Now your own code")
    text = page.read_text("utf-8")
    assert "the gradient as written" in text
    assert "2 checks" in text
    story.tell(Console(file=out, width=500, highlight=False), 0, str(page))  # its own is replaced
    page.write_text("<title>Mine", "utf-8")
    story.tell(Console(file=out, width=500, highlight=False), 0, str(page))
    assert page.read_text("utf-8") == "<title>Mine"
    assert f"{page} is another page, and is left alone" in flat(out.getvalue())


def test_without_jinja2_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("gradproof.report.renderers.find_spec", lambda name: None)
    out = io.StringIO()
    story.tell(Console(file=out, width=80, highlight=False), 0, str(tmp_path / "demo.html"))
    assert "No page with pictures: HTML reports need jinja2: pip install" in flat(out.getvalue())
    assert list(tmp_path.iterdir()) == []


def fixed(text):
    """The lines of code in the last chapter."""
    last = text[text.index("5. What to fix") :]
    return re.findall(r"^    line \d+: (.*)$", last, flags=re.MULTILINE)


def test_it_ends_with_the_two_findings_and_their_two_lines(text):
    assert sorted(fixed(text)) == [
        "dW2 = 1 / m * np.dot(dZ2, A1.T) * 2",
        "db1 = 4 / m * np.sum(dZ1, axis=1, keepdims=True)",
    ]
    last = flat(text[text.index("5. What to fix") :])
    assert "params['W2']: every entry that is not zero is 2× too large (2.00000000" in last
    assert "params['b1']: every entry that is not zero is 4× too large (4.00000000" in last


def test_the_edit_fixes_both_lines(text):
    last = text[text.index("6. The edit that fixes it") :]
    assert [line for line in last.splitlines() if re.match(r"[-+] ", line)] == [
        "-    dW2 = 1 / m * np.dot(dZ2, A1.T) * 2",
        "+    dW2 = 1 / m * np.dot(dZ2, A1.T)",
        "-    db1 = 4 / m * np.sum(dZ1, axis=1, keepdims=True)",
        "+    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)",
    ]
    assert "the gradient is correct along fresh directions" in last


def test_without_libcst_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "libcst", None)
    for name in [name for name in sys.modules if name.startswith("gradproof.repair.candidates")]:
        monkeypatch.delitem(sys.modules, name)
    assert "pip install 'gradproof[fix]'" in flat(told())


def test_it_says_why_the_textbook_doubts_right_code(text):
    assert re.search(
        r"round-off of about [12]e-14, .*2ε = 2e-07 turns into an error of 1e-07", flat(text)
    )


def test_nothing_is_said_by_heart(monkeypatch):
    """With other faults the story is another."""
    right = network.backprop

    def other(parameters, X, Y):
        gradients = dict(right(parameters, X, Y))
        gradients["dW3"] = 1.5 * gradients["dW3"]
        return gradients

    lines = "dW3 = something\ndb3 = another"
    monkeypatch.setattr(story, "broken_backprop", other)
    monkeypatch.setattr(story.inspect, "getsource", lambda function: lines)
    text = told()
    assert "0.2850931" not in text
    assert fixed(text) == ['gradients["dW3"] = 1.5 * gradients["dW3"]']
    assert "1.5× too large (1.50000000" in flat(text)


def test_a_right_gradient_that_went_wrong_is_not_praised(monkeypatch):
    monkeypatch.setattr(story, "backprop", network.broken_backprop)
    text = flat(told())
    assert "Correct, and it says" not in text
    assert "The code is right" not in text
    assert "the larger network: WRONG" in text


def test_the_table_has_both_checks_of_both_networks(text):
    rows = [line.split() for line in text.splitlines() if re.match(r"\d+(-\d+)+ ", line)]
    names = ["4-5-3-1", "4-5-3-1", "30-20-10-2", "30-20-10-2"]
    assert [row[0] for row in rows] == names
    assert [row[1] for row in rows] == ["textbook", "gradproof"] * 2
    entries = 30 * 20 + 20 + 20 * 10 + 10 + 10 * 2 + 2
    assert [rows[0][2], rows[2][2]] == ["94", f"{2 * entries:,}"]
    assert [row[3] == "≈" for row in rows] == [False, False, True, False]


def test_it_fits_a_narrow_terminal():
    lines = told(width=40).splitlines()
    code = [line for line in lines if re.match(r"[-+ ] +(line \d+: )?d[Wb]\d = |[-+]{3} ", line)]
    assert max(len(line) for line in lines if line not in code) <= 40


def test_colours_in_a_terminal_and_none_in_a_pipe(text):
    assert "\x1b[" in told(force_terminal=True, color_system="truecolor")
    assert "\x1b[" not in text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.00123, "1.2 ms"), (1.5, "1.5 s"), (90, "1.5 min"), (5400, "1.5 h")],
)
def test_durations(seconds, said):
    assert story._duration(seconds) == said
