"""The line that computed a gradient: found by watching, or not told at all."""

import importlib.util
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import gradproof as gp
from gradproof.demo.network import article_test_case, backprop, broken_backprop, cost
from gradproof.diagnose.lines import Watch
from gradproof.naming import is_library

A = np.random.default_rng(1).normal(size=(4, 3))
POINT = {"W": np.random.default_rng(2).normal(size=(4, 3)), "b": np.array([0.5, -1.0, 2.0])}


def fun(p):
    return float(np.sum(A * np.sin(p["W"])) + np.sum(p["b"] ** 3))


def right_W(p):
    return A * np.cos(p["W"])


def lines(grad, function=fun, point=POINT, **options):
    """The text of the line for each block that has a finding."""
    report = gp.check(function, point, grad=grad, effort="quick", **options)
    assert report.verdict is gp.Verdict.WRONG
    return {f.block: f.line and f.line.text for f in report.findings if f.block}


def by_name(p):
    dW = right_W(p) * 2
    db = 3 * p["b"] ** 2
    return {"dW": dW, "db": db}


def in_place(p):
    dW = right_W(p)
    db = 3 * p["b"] ** 2
    dW += 1
    np.add.at(db, [0, 0], 1.0)
    return {"W": dW, "b": db}


def by_slice(p):
    grads = {"W": right_W(p), "b": 3 * p["b"] ** 2}
    for row in range(2):
        grads["W"][row] = 0
    return grads


def by_key_in_a_loop(p):
    grads = {}
    for name, factor in (("W", 1.0), ("b", 2.0)):
        slope = right_W(p) if name == "W" else 3 * p["b"] ** 2
        grads[f"d{name}"] = factor * slope
    return grads


def helper(p):
    dW = right_W(p)
    db = p["b"] ** 2
    return dW, db


def one_level_down(p):
    dW, db = helper(p)
    return {"W": dW, "b": db}


def inline(p):
    return {
        "W": right_W(p),
        "b": 2 * p["b"] ** 2,
    }


class Gradients(NamedTuple):
    W: np.ndarray
    b: np.ndarray


def as_tuple(p):
    db = -3 * p["b"] ** 2
    return Gradients(b=db, W=right_W(p))


class Network:
    def backward(self, p):
        self.dW = right_W(p)
        self.db = 4 * p["b"] ** 2
        return {"W": self.dW, "b": self.db}


def with_factor(p, factor):
    db = factor * p["b"] ** 2
    return {"W": right_W(p), "b": db}


@pytest.mark.parametrize(
    ("grad", "block", "text"),
    [
        (by_name, "params['W']", "dW = right_W(p) * 2"),
        (in_place, "params['W']", "dW += 1"),
        (in_place, "params['b']", "np.add.at(db, [0, 0], 1.0)"),
        (by_slice, "params['W']", 'grads["W"][row] = 0'),
        (by_key_in_a_loop, "params['b']", 'grads[f"d{name}"] = factor * slope'),
        (one_level_down, "params['b']", 'db = p["b"] ** 2'),
        (as_tuple, "params['b']", 'db = -3 * p["b"] ** 2'),
        (Network().backward, "params['b']", 'self.db = 4 * p["b"] ** 2'),
        (partial(with_factor, factor=1.0), "params['b']", 'db = factor * p["b"] ** 2'),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_statement_that_last_assigned_a_gradient(grad, block, text):
    assert lines(grad)[block] == text


def test_an_expression_in_the_return_is_told_with_its_whole_statement():
    assert lines(inline)["params['b']"].startswith("return {")


def test_file_and_number_are_those_of_the_source():
    report = gp.check(fun, POINT, grad=by_name, effort="quick")
    line = report.findings[0].line
    assert line.file == __file__
    source = Path(line.file).read_text().splitlines()
    assert source[line.number - 1].strip() == "dW = right_W(p) * 2"
    assert line.function == "by_name"


def test_the_articles_two_lines():
    X, Y, params = article_test_case()
    report = gp.check(cost, params, grad=broken_backprop, args=(X, Y))
    found = {f.block: f.line.text for f in report.findings}
    assert found == {
        "params['W2']": "dW2 = 1 / m * np.dot(dZ2, A1.T) * 2",
        "params['b1']": "db1 = 4 / m * np.sum(dZ1, axis=1, keepdims=True)",
    }
    # The right one has no finding, so nothing is watched: two calls, not three.
    calls = []
    gp.check(cost, params, grad=lambda *a: calls.append(1) or backprop(*a), args=(X, Y))
    assert len(calls) == 2


def test_value_and_gradient_together():
    def both(p):
        db = 2 * p["b"] ** 2
        return fun(p), {"W": right_W(p), "b": db}

    assert lines(True, both)["params['b']"] == 'db = 2 * p["b"] ** 2'


def by_entry(p):
    out = np.zeros(3)
    out[0] = 3 * p["b"][0] ** 2
    out[1] = -3 * p["b"][1] ** 2 * 1.1
    out[2] = 3 * p["b"][2] ** 2
    return {"W": right_W(p), "b": out}


def as_one(p):
    dW = right_W(p)
    db = 3.3 * p["b"] ** 2
    joined = np.concatenate([dW.ravel(), db])
    whole = joined.copy()
    return {"W": whole[:12].reshape(4, 3), "b": whole[12:]}


def in_a_list(p):
    grads = [None, None]
    grads[0] = right_W(p)
    grads[1] = 3.3 * p["b"] ** 2
    return {"W": grads[0], "b": grads[1]}


@pytest.mark.parametrize(
    ("grad", "text"),
    [
        (by_entry, 'out[1] = -3 * p["b"][1] ** 2 * 1.1'),
        (as_one, 'db = 3.3 * p["b"] ** 2'),
        (in_a_list, 'grads[1] = 3.3 * p["b"] ** 2'),
    ],
)
def test_the_store_that_wrote_the_wrong_numbers(grad, text):
    report = gp.check(fun, POINT, grad=grad)
    assert [f.line.text for f in report.findings] == [text]


def test_a_lambda_inside_a_call_is_shown_by_itself():
    report = gp.check(
        fun,
        POINT,
        grad=lambda p: {"W": right_W(p), "b": 3.3 * p["b"] ** 2},
    )
    (found,) = report.findings
    assert found.line.text == 'lambda p: {"W": right_W(p), "b": 3.3 * p["b"] ** 2}'
    assert found.line.number == found.line.end_number


# Where it cannot be found for sure, nothing is shown


def test_no_line_for_a_gradient_already_computed():
    assert lines(by_name(POINT)) == {"params['W']": None}


def test_no_line_for_code_without_source():
    scope = {"right_W": right_W}
    exec("def grad(p):\n    return {'W': right_W(p), 'b': p['b'] ** 2}", scope)
    assert lines(scope["grad"]) == {"params['b']": None}


def test_no_line_for_a_function_of_a_library():
    assert lines(np.sin, lambda x: float(np.sum(np.sin(x))), np.array([1.0, 2.0])) == {
        "params": None
    }


def test_no_line_once_the_file_has_changed(tmp_path):
    path = tmp_path / "changing.py"
    path.write_text("def grad(p):\n    g = 2 * p\n    return g\n")
    spec = importlib.util.spec_from_file_location("changing", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    point = np.array([1.0, 2.0])
    told = lines(module.grad, lambda p: float(np.sum(p**2) / 2), point)
    assert told == {"params": "g = 2 * p"}
    path.write_text("# a new first line\ndef grad(p):\n    g = 1 * p\n    return g\n")
    assert lines(module.grad, lambda p: float(np.sum(p**2) / 2), point) == {"params": None}


def test_a_debugger_or_a_coverage_tool_keeps_its_trace():
    seen = []

    def tool(frame, event, argument):
        seen.append(event)

    before = sys.gettrace()
    sys.settrace(tool)
    try:
        lines(by_name)
        assert sys.gettrace() is tool
    finally:
        sys.settrace(before)


def test_an_exception_while_watching_surfaces():
    calls = []

    def grad(p):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("third time")
        return by_name(p)

    before = sys.gettrace()
    with pytest.raises(RuntimeError, match="third time"):
        gp.check(fun, POINT, grad=grad, effort="quick")
    assert sys.gettrace() is before


# An array that is written where it cannot be seen at once


class Callable:
    """Objects that can be called hold arrays like any others."""

    def __init__(self):
        self.grads = {}

    def __call__(self, p):
        return fun(p)

    def grad(self, p):
        self.grads["W"] = right_W(p)
        self.grads["b"] = 5 * p["b"] ** 2
        return self.grads


BUFFER = np.empty(3)


def fill(p):
    BUFFER[...] = 2 * p["b"] ** 2


def through_a_buffer(p):
    fill(p)
    return {"W": right_W(p), "b": BUFFER}


class Deep:
    def __init__(self):
        self.blocks = [{"layers": [{"grads": {}}]}]

    def grad(self, p):
        self.blocks[0]["layers"][0]["grads"]["b"] = 6 * p["b"] ** 2
        return {"W": right_W(p), "b": self.blocks[0]["layers"][0]["grads"]["b"]}


def two_on_one_line(p):
    # fmt: off
    db = 2 * p["b"] ** 2; other = 1  # noqa: E702, F841
    # fmt: on
    return {"W": right_W(p), "b": db}


@pytest.mark.parametrize(
    ("grad", "text"),
    [
        (Callable().grad, 'self.grads["b"] = 5 * p["b"] ** 2'),
        (through_a_buffer, 'BUFFER[...] = 2 * p["b"] ** 2'),
        (Deep().grad, 'self.blocks[0]["layers"][0]["grads"]["b"] = 6 * p["b"] ** 2'),
        (two_on_one_line, 'db = 2 * p["b"] ** 2'),
    ],
    ids=["callable", "buffer", "deep", "two statements"],
)
def test_an_array_written_out_of_sight(grad, text):
    assert lines(grad)["params['b']"] == text


def test_no_line_once_a_constant_in_the_file_has_changed(tmp_path):
    path = tmp_path / "constant.py"
    path.write_text("def grad(p):\n    g = 3 * p\n    return g\n")
    spec = importlib.util.spec_from_file_location("constant", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path.write_text("def grad(p):\n    g = 7 * p\n    return g\n")
    assert lines(module.grad, lambda p: float(np.sum(p**2) / 2), np.array([1.0, 2.0])) == {
        "params": None
    }


def of_many(params):
    grads = [2 * array for array in params]
    for _ in range(40):
        pass
    grads[7] = 1.01 * grads[7]
    return grads


def test_a_statement_after_a_loop_over_many_arrays_is_found():
    watch = Watch(__file__, frozenset({1000}))
    grads = watch.run(lambda: of_many([np.full(1000, float(k)) for k in range(60)]))
    assert watch.line(grads[7]).text.startswith("grads[7] =")
    assert not watch.running
    assert not watch.rounds


def test_a_loop_over_very_many_is_given_up(monkeypatch):
    """Each of its rounds looks at all of them, which would cost more than the check."""
    monkeypatch.setattr("gradproof.diagnose.lines._MOST_BYTES", 1 << 25)
    watch = Watch(__file__, frozenset({1000}))
    grads = watch.run(lambda: of_many([np.full(1000, float(k)) for k in range(300)]))
    assert watch.line(grads[7]) is None


def test_libraries_of_any_environment_are_libraries(tmp_path):
    """Those of the environment that this one is made from, too."""
    for folder in ("site-packages", "dist-packages"):
        assert is_library(str(tmp_path / "lib" / folder / "jax" / "api.py"))
    assert not is_library(str(tmp_path / "site" / "model.py"))
