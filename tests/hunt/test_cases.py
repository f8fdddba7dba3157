import importlib.metadata
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import gradproof as gp
from gradproof.cli.commands import commands
from gradproof.hunt.cases import is_hunt, seconds_of

PLUGGED = any(e.name == "gradproof" for e in importlib.metadata.entry_points(group="pytest11"))

CASES = """
import numpy as np

import gradproof as gp


def cost(x, beta):
    return float(np.sum(np.logaddexp(0, beta * x)) / beta)


def right(x, beta):
    return 1 / (1 + np.exp(-beta * x))


def forgets(x, beta):
    return 1 / (1 + np.exp(-(x if beta > 10 else beta * x)))


@gp.case
def fine(x=gp.arrays((3,)), beta=gp.one_of(1.0, 20.0)):
    return dict(fun=cost, point=x, grad=right, kwargs={"beta": beta})


@gp.case
def wrong(x=gp.arrays((3,)), beta=gp.one_of(1.0, 20.0)):
    return dict(fun=cost, point=x, grad=forgets, kwargs={"beta": beta})


@gp.case
def curved(x=gp.arrays((2,)), k=gp.one_of(1.0, 3.0)):
    return dict(
        fun=lambda x: float(np.sum(k * x**4)), point=x, grad=lambda x: 4 * k * x**3,
        hess=lambda x: np.diag(12 * x**2),
    )


@gp.case
def plain():
    return dict(fun=cost, point=np.ones(3), grad=right, kwargs={"beta": 2.0})
"""


@pytest.fixture
def cases(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.py").write_text(CASES)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(commands, arguments, prog_name="gradproof")


@pytest.mark.slow
def test_check_tries_the_menu_of_cases_with_spaces(cases):
    ran = run("check", "cases.py", "--json", "run.json")
    assert ran.exit_code == 1, ran.output
    assert "cases.py:fine: CORRECT" in ran.output
    assert "cases.py:plain: CORRECT" in ran.output
    assert re.search(r"cases.py:wrong \(with beta=20.0.*: WRONG", ran.output)
    assert re.search(r"cases.py:curved \(with k=3.0.*: WRONG", ran.output)
    assert "gp.check(**wrong(x=np.array(" in ran.output
    assert "again: gradproof check cases.py:wrong --seed 0" in ran.output
    names = [report["case"] for report in json.loads((cases / "run.json").read_text())["reports"]]
    assert names[0] == "cases.py:fine"


def test_hunt_searches_on_and_goes_on_where_a_journal_ends(cases):
    ran = run("hunt", "cases.py:fine", "--tries", "60", "--journal", "j.jsonl")
    assert ran.exit_code == 0, ran.output
    lines = (cases / "j.jsonl").read_text().splitlines()
    assert len(lines) == 60
    entry = json.loads(lines[0])
    assert {"target", "options", "seed", "verdict"} <= set(entry)
    assert entry["target"] == "cases.py:fine"
    run("hunt", "cases.py:fine", "--tries", "90", "--journal", "j.jsonl")
    again = (cases / "j.jsonl").read_text().splitlines()
    assert again[:60] == lines
    assert len(again) == len({json.loads(line)["key"] for line in again}) == 90


def test_hunt_finds_and_says_how_to_ask_again(cases):
    ran = run("hunt", "cases.py:wrong", "--tries", "40", "--seed", "2")
    assert ran.exit_code == 1
    assert "again: gradproof hunt cases.py:wrong --tries 40 --seed 2" in ran.output
    assert run("hunt", "cases.py:fine", "--time", "0.2s").exit_code == 0
    assert run("hunt", "cases.py:plain").exit_code == 0
    assert run("hunt", "cases.py:fine", "--time", "soon").exit_code == 2


def test_a_parameter_without_a_space_is_wrong_use(cases):
    (cases / "more.py").write_text(
        "import gradproof as gp\n@gp.case\ndef f(y, x=gp.arrays(2)):\n    return {}\n"
        "@gp.case\ndef g(x=gp.arrays(2)):\n    return 3\n"
    )
    ran = run("check", "more.py")
    assert ran.exit_code == 2
    assert "needs a space for y" in ran.output
    assert "returns a int" in ran.output or "returns an int" in ran.output


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("1.5h", 5400), ("7", 7), (2.5, 2.5)]
)
def test_times(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "-3s", "3d"])
def test_no_times(text):
    with pytest.raises(gp.UsageError, match="30s"):
        seconds_of(text)


def test_which_cases_are_hunts():
    space, tree = gp.arrays(2), {"a": gp.floats()}
    assert is_hunt(lambda x=space: x)
    assert is_hunt(lambda p=tree: p)
    assert not is_hunt(lambda: 3)
    assert not is_hunt(lambda x=2, y=np.ones(3): x)  # noqa: B008


@pytest.mark.slow
def test_pytest_collects_hunts(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\ngradproof_cases = true\n")
    marked = CASES.replace("import numpy as np\n", "import numpy as np\nimport pytest\n", 1)
    for name, time in (("wrong", "0.5s"), ("curved", "soon")):
        mark = f'@pytest.mark.gradproof(hunt="{time}")\n@gp.case\ndef {name}'
        marked = marked.replace(f"@gp.case\ndef {name}", mark)
    (tmp_path / "test_it.py").write_text(marked)
    plugin = [] if PLUGGED else ["-p", "gradproof_pytest"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "-q", "test_it.py"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert "with beta=20.0" in ran.stdout
    assert "30s, 10m or 2h" in ran.stdout
    assert re.search(r"[12] failed, 2 passed", ran.stdout), ran.stdout
