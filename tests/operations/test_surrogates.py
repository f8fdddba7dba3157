"""Functions whose forward moves in steps, and gradients that are meant to be another function's."""

from __future__ import annotations

import pytest
import torch

import gradproof as gp
from gradproof.records.finding import Kind


def stepped(forward, backward):
    class Stepped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return backward(x, g)

    return Stepped


ROUND = stepped(torch.round, lambda _, g: g)
SPIKE = stepped(lambda x: (x > 0).to(x), lambda x, g: g / (1 + 10 * x.abs()) ** 2)
SIGN = stepped(torch.sign, lambda x, g: g * (x.abs() <= 1))


def sine(factor):
    return stepped(torch.sin, lambda x, g: factor * g * torch.cos(x)).apply


class Model(torch.nn.Module):
    def __init__(self, quantised, after=torch.sin):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = torch.nn.Linear(4, 6), torch.nn.Linear(6, 3)
        self.quantised, self.after = quantised, after

    def forward(self, x):
        return self.b(self.after(self.quantised(3 * self.a(x))))


def looked_into(model, dtype=torch.float64):
    torch.manual_seed(1)
    report = gp.check_operations(model.to(dtype), torch.randn(5, 4).to(dtype), loss=torch.mean)
    return report, [o for o in report.operations if o.verdict.rejects]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("function", [ROUND, SPIKE, SIGN])
def test_a_surrogate_is_a_kind_of_its_own(function, dtype):
    report, [wrong] = looked_into(Model(function.apply), dtype)
    [finding] = report.findings
    assert (wrong.name, finding.kind) == ("Stepped", Kind.SURROGATE)
    assert "gp.stop_gradient" in finding.message
    assert "surrogate=" in finding.message


def test_a_wrong_scale_of_what_moves_is_no_surrogate():
    report, [wrong] = looked_into(Model(sine(1.5)))
    assert Kind.SURROGATE not in {finding.kind for finding in report.findings}
    assert wrong.inputs == ("x",)


@pytest.mark.parametrize("factor", [1.0, 1.001])
def test_what_comes_after_it_is_judged_all_the_same(factor):
    report, wrong = looked_into(Model(ROUND.apply, sine(factor)))
    assert len(wrong) == (1 if factor == 1 else 2)
    assert {finding.kind for finding in report.findings} >= {Kind.SURROGATE}


def test_it_is_right_where_it_is_meant():
    meant = Model(lambda x: x + gp.stop_gradient(x.round() - x))
    assert looked_into(meant)[0].verdict is gp.Verdict.CORRECT


def told(quantised, after):
    """A check with a surrogate that is the identity where the function rounds."""
    torch.manual_seed(0)
    point = {"w": torch.randn(4, 5).double(), "v": torch.randn(5, 2).double()}
    x = torch.randn(6, 4).double()

    def smooth(p):
        z = 3 * (x @ p["w"])
        return (torch.sin(z + gp.stop_gradient(z.round() - z)) @ p["v"]).mean()

    def fun(p):
        return (after(quantised(3 * (x @ p["w"]))) @ p["v"]).mean()

    report = gp.check(fun, point, surrogate=smooth)
    return report, [o.line for o in report.operations if o.verdict.rejects]


def test_a_surrogate_that_was_passed_is_respected():
    assert told(ROUND.apply, torch.sin)[0].ok
    doubled = stepped(torch.round, lambda _, g: 2 * g)
    report, wrong = told(doubled.apply, torch.sin)
    assert len(wrong) == 1
    assert Kind.SURROGATE in {f.kind for f in report.findings}
    report, wrong = told(ROUND.apply, sine(1.5))
    assert len(wrong) == 1
    assert Kind.SURROGATE not in {f.kind for f in report.findings}
