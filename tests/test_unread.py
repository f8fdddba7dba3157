"""Reports of wrong gradients, handed out while a test runs, note that they were looked at."""

import copy
import dataclasses
import gc
import pickle

import numpy as np
import pytest

import gradproof as gp
from gradproof.unread import taken

X = np.array([1.0, 2.0])


def fun(x):
    return float(x @ x)


def wrong(x):
    return 3 * x


@pytest.fixture(autouse=True)
def _nothing_before_and_after():
    taken()
    yield
    taken()


def identity(x):
    return x


class Layer:
    """A layer whose backward forgets a factor."""

    def forward(self, x):
        self.x = x
        return x**2

    def backward(self, g):
        return self.x * g


def operations():
    torch = pytest.importorskip("torch")

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] ** 2 * g

    point = torch.ones(3, dtype=torch.float64, requires_grad=True)
    return gp.check_operations(Cube.apply, point)


CHECKS = {
    "check": lambda: gp.check(fun, X, grad=wrong),
    "undecided": lambda: gp.check(lambda x: float("nan"), X, grad=wrong),
    "vjp": lambda: gp.check_vjp(np.sin, lambda x, g: g, X),
    "jvp": lambda: gp.check_jvp(np.sin, lambda x, t: t, X),
    "adjoint": lambda: gp.check_adjoint(identity, lambda y: 2 * y, X, X),
    "layer": lambda: gp.check_layer(Layer(), X),
    "layers": lambda: gp.check_layers([Layer(), Layer()], X),
    "operations": operations,
    "hunt": lambda: gp.hunt(fun, gp.arrays(2), grad=wrong, tries=10),
    "implicit": lambda: gp.check_implicit(lambda x, a: x - a**2, lambda a: a**2, np.diag, X),
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_kind_of_report_is_noted(name):
    report = CHECKS[name]()
    (one,) = taken()
    assert one.file == __file__
    assert one.headline == report.headline
    assert bool(report) is report.ok is False
    assert isinstance(report, gp.Report | gp.Hunt)


def refused(call, *args):
    with pytest.raises(gp.GradientError):
        call(*args)


@pytest.mark.parametrize(
    "look",
    [
        bool, str, repr, copy.copy, dataclasses.replace, format,
        lambda r: r.ok,
        lambda r: r.verdict,
        lambda r: r.text(),
        lambda r: r.headline,
        lambda r: r == 3,
        lambda r: pickle.loads(pickle.dumps(r)),
        lambda r: gp.suggest_fixes(r, seconds=1e-3),
        lambda r: refused(r.raise_if_wrong),
        lambda r: refused(gp.testing.assert_correct, r),
    ],
)  # fmt: skip
def test_a_look_is_enough_and_leaves_a_plain_report(look):
    report = gp.check(fun, X, grad=wrong)
    assert type(report) is not gp.Report
    look(report)
    assert taken() == []
    assert type(report) is gp.Report


def test_one_that_is_right_needs_no_look():
    report = gp.check(fun, X, grad=lambda x: 2 * x)
    assert type(report) is gp.Report
    assert bool(report) is report.ok is True
    assert taken() == []


def test_one_that_is_gone_was_not_looked_at():
    """Nor does another at the same place in memory speak for it."""
    for _ in range(3):
        gp.check(fun, X, grad=wrong)
        gc.collect()
    for _ in range(3):
        assert not gp.check(fun, X, grad=wrong)
    assert len(taken()) == 3


def test_outside_of_a_test_nothing_is_noted(monkeypatch):
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "test_a.py::test_b (setup)")
    assert type(gp.check(fun, X, grad=wrong)) is gp.Report
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert type(gp.check(fun, X, grad=wrong)) is gp.Report
    assert taken() == []


def test_what_the_package_asks_for_itself_is_not_noted():
    assert gp.scipy.check_grad(fun, wrong, X) > 1
    with pytest.raises(gp.GradientError):
        gp.testing.assert_gradient(fun, X, grad=wrong)
    with pytest.warns(gp.testing.UndecidedWarning):
        gp.testing.assert_gradient(lambda x: float("nan"), X, grad=wrong, undecided="warn")
    assert taken() == []
