"""The examples run, from any folder, and come out as their first comment says."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from gradproof.cli.commands import commands
from gradproof.cli.runs import Run

EXAMPLES = Path(__file__).parents[1] / "examples"


def checked(target):
    run = Run([str(EXAMPLES / target)])
    list(run)
    return run


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("article.py", 1),
        ("article.py:broken", 1),
        ("article.py:right", 0),
        ("article.py:relabelled", 0),
        ("regression.py", 0),
    ],
)
def test_exit_codes(target, code):
    done = CliRunner().invoke(commands, ["check", str(EXAMPLES / target)])
    assert done.exit_code == code, done.output


def test_the_articles_two_faults_are_named_and_no_other():
    (outcome,) = checked("article.py:broken").outcomes
    wrong = {block.name for block in outcome.result.blocks if block.verdict == "wrong"}
    assert wrong == {"params['W2']", "params['b1']"}


def test_the_regression_would_be_wrong_with_a_slip_in_the_penalty(tmp_path):
    text = (EXAMPLES / "regression.py").read_text("utf-8")
    assert "2 * strength * weights" in text
    slipped = tmp_path / "regression.py"
    slipped.write_text(text.replace("2 * strength * weights", "strength * weights"), "utf-8")
    run = Run([str(slipped)])
    list(run)
    assert run.document.counts["wrong"] == 1


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_each_runs_as_a_script(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_fitted_model_is_the_minimum():
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "regression.py")],
        capture_output=True, encoding="utf-8", timeout=120, check=True,
    )  # fmt: skip
    fitted = np.array(done.stdout.strip("[] \n").split(), dtype=float)
    np.testing.assert_allclose(fitted / [1.5, -2.0, 0.5, 0.3], 1, atol=0.2)
