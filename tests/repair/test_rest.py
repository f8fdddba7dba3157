"""Repairs that are none for good: a rest remains, they hold here only, or for these shapes."""

import importlib.util
import itertools
import linecache

import numpy as np
import pytest

import gradproof as gp
from gradproof.cli.fixes import proof
from gradproof.repair.edit import Edit
from gradproof.repair.session import Session

NUMBER = itertools.count()
HEAD = "import numpy as np\n\nK = np.array([1.0, 2.0, 3.0])\n\n\n"
K = np.array([1.0, 2.0, 3.0])


@pytest.fixture
def load(tmp_path):
    def load(source):
        path = tmp_path / f"rest_{next(NUMBER)}.py"
        path.write_text(
            f"import numpy as np\n\nK = np.array([1.0, 2.0, 3.0])\n\n\n{source}", "utf-8"
        )
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        linecache.checkcache(str(path))
        return module

    return load


def energy(eps):
    return np.sum(np.exp(K * eps) * K)


@pytest.mark.slow
def test_right_at_this_point_only(load):
    code = load("def stress(eps):\n    return -(K * K)\n")
    (fix,) = gp.suggest_fixes(gp.check(energy, np.zeros(3), grad=code.stress), most=1)
    assert fix.caveat.startswith("right at this point only")
    assert "+    return K * K\n" in fix.diff
    assert any(report.verdict.rejects for report in fix.elsewhere)
    assert "Mind: right at this point only" in proof(fix)


def test_a_repair_that_holds_everywhere_is_offered_before_one_that_does_not(load):
    code = load("def stress(eps):\n    return -(K * K * np.exp(K * eps))\n")
    (fix,) = gp.suggest_fixes(gp.check(energy, np.zeros(3), grad=code.stress), most=1)
    assert fix.caveat == ""
    assert fix.report.ok


def inexact(w):
    return float(np.sum(K * np.sin(w)))


@pytest.mark.slow
def test_a_rest_that_was_there_before(load):
    code = load("def grad(w):\n    return 2 * K * np.cos(w) + 3e-6 * w**2\n")
    point = np.array([0.3, -1.2, 0.7])
    (fix,) = gp.suggest_fixes(gp.check(inexact, point, grad=code.grad), most=1)
    assert fix.caveat.startswith("a relative error of")
    assert fix.caveat.endswith("remains")
    assert "+    return K * np.cos(w) + 3e-6 * w**2\n" in fix.diff
    assert fix.to_dict()["caveat"] == fix.caveat


@pytest.mark.slow
def test_a_large_rest_is_none(load):
    code = load("def grad(w):\n    return 2 * K * np.cos(w) + 3e-2 * w**2\n")
    point = np.array([0.3, -1.2, 0.7])
    found = gp.suggest_fixes(gp.check(inexact, point, grad=code.grad), most=1)
    assert not [fix for fix in found if not fix.caveat and len(fix.edits) < 2]


def mean(w):
    return float(np.mean(np.sin(w)))


def test_a_size_is_written_as_the_size(load):
    code = load("def grad(w):\n    return np.cos(w)\n")
    fix = gp.suggest_fixes(gp.check(mean, np.linspace(0.1, 2, 12), grad=code.grad), most=1)[0]
    assert fix.caveat == ""
    assert "/ len(w)" in fix.diff


def only_literals(load, numerator, function, point):
    """Repairs of a claim that is so many times too large, where nothing has that size's name."""
    code = load(f"def grad(w):\n    return {numerator} / 7 * np.cos(w)\n")
    found = gp.suggest_fixes(gp.check(function, point, grad=code.grad), most=3)
    return [fix for fix in found if "12" in fix.diff.split("+    return")[1]]


def test_a_number_that_is_a_size_by_chance_is_not_marked(load):
    def twelfth(w):
        return float(np.sum(np.sin(w)) / 12)

    fixes = only_literals(load, 1, twelfth, np.linspace(0.1, 2, 12))
    assert all(fix.caveat == "" for fix in fixes)


def test_a_number_that_is_meant_to_be_the_size_is_marked(load):
    fixes = only_literals(load, 1, mean, np.linspace(0.1, 2, 12))
    assert all(fix.caveat.startswith("for these shapes only: 12 is a size of") for fix in fixes)


def test_another_shape_tells_a_size_from_a_constant(load):
    wrong = load("def grad(w):\n    return np.cos(w) / 7\n")
    for function, expected in ((mean, "for these"), (lambda w: np.sum(np.sin(w)) / 12, "")):
        report = gp.check(function, np.linspace(0.1, 2, 12), grad=wrong.grad)
        session = Session(report, 30.0)
        session.suggestions(3)
        place = session.places[0]
        begin = place.source.index("7")
        edit = Edit(begin, begin + 1, "12", "constant", 7, "7 → 12", 1.0)
        assert session._for_these_shapes((edit,), place).startswith(expected)
        assert bool(session._for_these_shapes((edit,), place)) is bool(expected)
