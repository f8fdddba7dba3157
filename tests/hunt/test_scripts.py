import subprocess
import sys

import numpy as np
import pytest

import gradproof as gp

FACTOR = 2.5
WEIGHTS = np.array([1.0, -2.0, 0.5])


def helper(x):
    return FACTOR * np.sin(x)


def with_helper(x):
    return float(np.sum(WEIGHTS * helper(x)))


def its_gradient(x, beta=1.0):
    return WEIGHTS * FACTOR * np.cos(x) * np.where(x > 0, beta, 1.5)


class Scale:
    """A layer by hand."""

    def __init__(self, k):
        self.k = np.full(3, k)

    def forward(self, x):
        self.x = x
        return x * self.k

    def backward(self, dout):
        self.dk = np.sum(dout * self.x, axis=0) if len(self.x) < 2 else dout[0] * self.x[0]
        return dout * self.k


def closure(limit):
    def fun(x):
        return float(np.sum(np.where(x > limit, 2 * x - limit, x)))

    def grad(x):
        return np.ones_like(x)

    return fun, grad


def found_by(*args, **kwargs):
    hunt = gp.hunt(*args, **kwargs)
    assert hunt.found, hunt
    return hunt.found[0]


CASES = {
    "helpers and globals": lambda: found_by(with_helper, gp.arrays(3), grad=its_gradient),
    "closures": lambda: found_by(closure(2.5)[0], gp.arrays(2), grad=closure(2.5)[1], options={}),
    "lambdas": lambda: found_by(
        lambda x: float(np.sum(x**2)), gp.arrays(2), grad=lambda x: np.where(x < 0, x, 2 * x)
    ),
    "of each entry": lambda: found_by(np.tanh, gp.arrays(), grad=lambda x: 1 - np.tanh(x)),
    "memory": lambda: found_by(
        lambda x: float(np.sum(np.arange(6).reshape(2, 3) * x**2)),
        gp.arrays((2, 3)),
        grad=lambda x: 2 * (np.arange(6) * x.ravel(order="K")).reshape(2, 3),
    ),
    "a layer": lambda: found_by(Scale(1.5), gp.arrays(("n", 3)), tries=20),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_script_shows_the_fault_by_itself(name):
    found = CASES[name]()
    assert found.script, found
    assert not found.doubts, found
    assert "Scale" not in found.script or found.values["point"].shape == (2, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_scripts_and_tests_run_elsewhere(name, tmp_path):
    found = CASES[name]()
    file = tmp_path / "shown.py"
    file.write_text(found.script)
    ran = run(tmp_path, str(file))
    assert ran.returncode == 0, ran.stderr
    assert "WRONG" in ran.stdout or "SUSPECT" in ran.stdout
    test = tmp_path / "test_shown.py"
    test.write_text(found.test)
    ran = run(tmp_path, "-m", "pytest", "-q", str(test))
    assert ran.returncode == 1
    assert "1 failed" in ran.stdout


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=folder, check=False
    )


def test_two_things_of_one_name_are_no_script_of_their_own():
    from gradproof.hunt.writing import UnwritableError, Writer

    writer = Writer()
    assert writer.bind("k", 3.0) == "k"
    assert writer.bind("k", 3.0) == "k"
    with pytest.raises(UnwritableError, match="two things"):
        writer.bind("k", 4.0)


@pytest.mark.parametrize(
    "value",
    [
        np.array([[1.0, -0.0], [1e-300, np.inf]]),
        np.array([1, 2], dtype=np.float32),
        np.full((3, 4), 2.0),
        np.empty((0, 3)),
        {"a": [1, 2.5, None], "b": (True, "text")},
        (1.0,),
        np.float32(2.5),
        2 + 3j,
        float("nan"),
    ],
    ids=repr,
)
def test_values_are_written_as_they_are(value):
    from gradproof.hunt.writing import Writer

    writer = Writer()
    text = writer.expression(value)
    scope = {}
    exec(writer.text(f"value = {text}"), scope)
    assert repr(scope["value"]) == repr(value)
