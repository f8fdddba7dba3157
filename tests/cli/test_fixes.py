"""The cases of some targets and their repairs, written or not."""

import json
import textwrap

import pytest

from gradproof.cli.fixes import Fixes
from gradproof.cli.outcomes import CORRECT, INTERRUPTED, MISUSED, UNDECIDED, WRONG
from gradproof.cli.screen import follow
from gradproof.repair.session import Session
from gradproof.report.renderers.json import to_json

NET = """\
    import numpy as np


    def square(w):
        return float(np.sum(w**2))


    def square_grad(w):
        return 3 * w


    def sines(w):
        return float(np.sum(np.sin(w)))


    def made():
        def sines_grad(w):
            return -np.cos(w)

        return sines_grad


    sines_grad = made()


    def unlike(w):
        return np.floor(w)


    def mixed(w):
        return float(np.sum(np.sin(w) * np.exp(0.7 * w[::-1])))
"""

CASES = {
    "square": "dict(fun=net.square, point=w, grad=net.square_grad)",
    "again": "dict(fun=net.square, point=w, grad=net.square_grad)",
    "sines": "dict(fun=net.sines, point=w, grad=net.sines_grad)",
    "right": "dict(fun=net.sines, point=w, grad=np.cos)",
    "hopeless": "dict(fun=net.mixed, point=w, grad=lambda w: net.unlike(w))",
    "array": "dict(fun=net.sines, point=w, grad=np.ones(2))",
    "undecided": "dict(fun=lambda w: float('nan'), point=w, grad=np.cos)",
    "raises": "1 / 0",
}


@pytest.fixture
def target(tmp_path):
    (tmp_path / "net.py").write_text(textwrap.dedent(NET), "utf-8")
    head = "import numpy as np, gradproof as gp\nimport net\nw = np.array([1.5, -0.7])\n"
    cases = [f"@gp.case\ndef {name}():\n    return {body}\n" for name, body in CASES.items()]
    (tmp_path / "cases.py").write_text(head + "".join(cases), "utf-8")
    return lambda *names: [f"{tmp_path / 'cases.py'}:{name}" for name in names]


def fixed(targets, *, apply=False, backup=".orig", seconds=60.0):
    fixes = Fixes(targets, {}, 1, seconds, backup if apply else None, apply=apply)
    follow(fixes.run, fixes.fix_one, lambda _: fixes.headline)
    return fixes, fixes.fixed


def net(tmp_path, *changes):
    text = textwrap.dedent(NET)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text == (tmp_path / "net.py").read_text("utf-8")


def test_nothing_is_written_unless_asked(target, tmp_path):
    fixes, found = fixed(target("square", "right"))
    assert [len(m.suggestions or ()) for m in found] == [1, 0]
    assert fixes.exit_code == CORRECT
    assert fixes.headline == (
        "gradproof: correct 1, suspect 0, wrong 1, undecided 0, errors 0; repairs found for 1 of 1"
    )
    assert net(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("net.py*")) == ["net.py"]


def test_several_cases_of_one_file_are_written(target, tmp_path):
    fixes, found = fixed(target("square", "sines", "again"), apply=True)
    assert [bool(m.written) for m in found] == [True, True, False]
    # The third is checked with what the first has written.
    assert [str(m.outcome.result.verdict) for m in found] == ["wrong", "wrong", "correct"]
    text = (tmp_path / "net.py").read_text("utf-8")
    assert "    return 3 * w\n" not in text
    assert "        return np.cos(w)\n" in text
    assert (tmp_path / "net.py.orig").read_text("utf-8") == textwrap.dedent(NET)
    assert fixes.exit_code == CORRECT
    assert fixes.headline.endswith("; repairs found for 2 of 2, written for 2")
    assert found[0].change == (
        f"{tmp_path / 'net.py'} was repaired; the original is {tmp_path / 'net.py.orig'}."
    )


def test_what_was_written_is_right(target):
    fixed(target("square", "sines"), apply=True)
    fixes, found = fixed(target("square", "sines"), apply=True)
    assert [str(m.outcome.result.verdict) for m in found] == ["correct", "correct"]
    assert fixes.exit_code == CORRECT


def test_no_original_is_kept_if_none_is_wanted(target, tmp_path):
    _, [found] = fixed(target("sines"), apply=True, backup="")
    assert net(tmp_path, ("-np.cos", "np.cos"))
    assert sorted(path.name for path in tmp_path.glob("net.py*")) == ["net.py"]
    assert found.change == f"{tmp_path / 'net.py'} was repaired."


def test_what_cannot_be_written_is_no_repair(target, tmp_path):
    (tmp_path / "net.py.orig").write_text("mine")
    fixes, [found] = fixed(target("sines"), apply=True)
    assert "holds something else" in found.refusal
    assert net(tmp_path)
    assert fixes.exit_code == WRONG
    assert fixes.headline.endswith("; repairs found for 1 of 1, written for 0")


@pytest.mark.slow
def test_no_repair(target):
    fixes, [hopeless, array] = fixed(target("hopeless", "array"))
    assert hopeless.suggestions.reason.startswith("No edit of these kinds")
    assert array.refusal.startswith("The gradient is an array")
    assert fixes.exit_code == WRONG
    assert fixes.headline.endswith("; repairs found for 0 of 2")


@pytest.mark.parametrize(
    ("names", "code"), [(("sines", "undecided"), UNDECIDED), (("sines", "raises"), MISUSED)]
)
def test_the_exit_code_of_the_others(target, names, code):
    fixes, _ = fixed(target(*names))
    assert fixes.exit_code == code


@pytest.mark.slow
def test_plain_data(target):
    fixes, _ = fixed(target("sines", "right", "hopeless", "array"))
    told = json.loads(to_json(fixes.document))
    assert told["exit_code"] == WRONG
    sines, hopeless, array = told["fixes"]
    assert sines["case"].endswith("cases.py:sines")
    assert (sines["written"], sines["kept"], sines["reason"]) == ("", "", "")
    assert "+        return np.cos(w)\n" in sines["fixes"][0]["diff"]
    assert set(hopeless["closest"]) == {"diff", "wrong", "what"}
    assert array["reason"].startswith("The gradient is an array")
    assert array["closest"] is None


def test_ctrl_c_ends_the_run_and_keeps_what_was_found(target, monkeypatch):
    searched = Session.suggestions

    def interrupted(self, most):
        searched(self, most)
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "suggestions", interrupted)
    fixes, [found] = fixed(target("sines", "square"), apply=True)
    assert len(found.suggestions) == 1
    assert not found.suggestions.complete
    assert not found.written
    assert fixes.exit_code == INTERRUPTED
    assert len(fixes.run.unfinished) == 2


def test_ctrl_c_before_anything_was_found(target, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "suggestions", interrupted)
    _, [found] = fixed(target("sines"))
    assert found.suggestions.reason == "Interrupted before a repair was found (0 tried)."
