import sys

import pytest
from click.testing import CliRunner

import gradproof as gp
from gradproof.cli.commands import commands
from gradproof.hunt.pairs import pairs_of

MODULE = """
import numpy as np


def wave(x):
    return np.sin(x)


def wave_prime(x):
    return np.cos(x)


def bump(x):
    return float(np.sum(np.exp(-(x**2))))


def grad_bump(x):
    return -2 * x * np.exp(-(x**2)) * np.where(x < -2.5, -1, 1)


def spline(x, nu=0):
    return 3 * x**2 if nu else x**3


def bessel(n, z, derivative=False):
    return n * z ** max(n - 1, 0) if derivative else z**n


def helper(x, y):
    return x


class Well:
    def energy(self, x):
        return float(np.sum(x**4))

    def forces(self, x):
        return -4 * x**3


class Tilted(Well):
    def forces(self, x):
        return 4 * x**3


class Loss:
    def __init__(self, weight):
        self.weight = weight

    def loss(self, x):
        return float(self.weight * np.sum(x**2))

    def gradient(self, x):
        return 2 * self.weight * x

    def hessian(self, x):
        return 2 * self.weight * np.eye(len(x))


class Link:
    def deriv(self, p):
        return 1 / p

    def __call__(self, p):
        return np.log(np.clip(p, 1e-10, None))
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "paired.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("paired", None)
    yield tmp_path
    sys.modules.pop("paired", None)


CATALOGUE = """
["paired.Loss"]
make = "Loss(3.0)"
["paired.Link*"]
low = 0.05
high = 0.95
"""


def test_pairs_are_found_by_their_names(package):
    found = pairs_of("paired")
    assert {pair.name for pair in found.pairs} == {
        "paired.wave/wave_prime", "paired.bump/grad_bump", "paired.spline(nu=1)",
        "paired.bessel(derivative=True)", "paired.Well.energy/forces",
        "paired.Tilted.energy/forces", "paired.Link.__call__/deriv",
    }  # fmt: skip
    assert [name for name, _ in found.need_adapter] == ["paired.Loss"]


def test_a_catalogue_and_waivers(package):
    (package / "catalogue.toml").write_text(CATALOGUE)
    (package / "waivers.txt").write_text(
        "# on purpose\npaired.Tilted.energy/forces: the sign of a tilt\n"
    )
    found = pairs_of("paired", "waivers.txt", "catalogue.toml")
    names = {pair.name for pair in found.pairs}
    assert {"paired.Loss.loss/gradient", "paired.Loss.gradient/hessian"} <= names
    assert "paired.Tilted.energy/forces" not in names
    assert found.waived == (("paired.Tilted.energy/forces", "the sign of a tilt"),)
    link = next(pair for pair in found.pairs if "Link" in pair.name)
    assert (link.low, link.high) == (0.05, 0.95)


@pytest.mark.slow
def test_the_command_reports_each_pair(package):
    (package / "catalogue.toml").write_text(CATALOGUE)
    ran = CliRunner().invoke(
        commands,
        ["hunt", "--pairs", "paired", "--tries", "120", "--catalogue", "catalogue.toml"],
    )
    assert ran.exit_code == 1, ran.output
    assert "correct 7, suspect 0, wrong 2, undecided 0, errors 0" in ran.output
    assert "paired.Tilted.energy/forces" in ran.output
    assert "paired.bump/grad_bump" in ran.output
    assert "9 pairs" in ran.output


def test_wrong_use(package):
    with pytest.raises(gp.UsageError, match="cannot be imported"):
        pairs_of("no_such_module")
    with pytest.raises(gp.UsageError, match="cannot be read"):
        pairs_of("paired", "none.txt")
    (package / "bad.toml").write_text("[")
    with pytest.raises(gp.UsageError, match="cannot be read"):
        pairs_of("paired", None, "bad.toml")
    assert CliRunner().invoke(commands, ["hunt"]).exit_code == 2
