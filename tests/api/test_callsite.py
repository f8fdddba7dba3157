"""The call that a report offers for pasting makes the same report again."""

import functools
import subprocess
import sys

import numpy as np
import pytest
import torch

import gradproof as gp
import gradproof.scipy
import gradproof.torch
from gradproof.demo.network import article_test_case, broken_backprop, cost

X, Y, params = article_test_case()


def parabola(x):
    return float(x @ x)


def test_the_call_is_what_stands_in_the_source():
    report = gp.check(cost, params, grad=broken_backprop, args=(X, Y))
    assert report.reproduce == ("gp.check(cost, params, grad=broken_backprop, args=(X, Y), seed=0)")
    assert eval(report.reproduce) == report


def test_the_seed_becomes_a_number():
    for seed in (3, 7):
        report = gp.check(
            cost,
            params,  # a comment, and é
            grad=broken_backprop, seed=seed, args=(X,
            Y), effort="thorough",
        )  # fmt: skip
        assert report.reproduce.endswith(f"args=(X, Y), effort='thorough', seed={seed})")
        assert eval(report.reproduce) == report


def test_a_column_counts_bytes_and_a_line_may_hold_more():
    told = ("ñ✓", gp.check(parabola, np.ones(2), grad=lambda x: 3 * x, name="é✓"), "ü")[1]
    assert told.reproduce == (
        "gp.check(parabola, np.ones(2), grad=lambda x: 3 * x, name='é✓', seed=0)"
    )


def test_the_innermost_call_of_the_users_counts():
    def helper(**options):
        return gp.check(parabola, np.ones(2), grad=lambda x: 2 * x, **options)

    assert helper(seed=4).reproduce == (
        "gp.check(parabola, np.ones(2), grad=lambda x: 2 * x, **{**options, 'seed': 4})"
    )
    options = {"seed": 9}
    assert eval(helper(seed=4).reproduce).seed == 4
    assert options


def test_whatever_it_was_imported_as():
    verify = gp.check
    assert verify(parabola, np.ones(2), grad=np.ones(2)).reproduce == (
        "verify(parabola, np.ones(2), grad=np.ones(2), seed=0)"
    )
    again = functools.partial(gp.check, parabola, np.ones(2))
    assert again(grad=np.ones(2)).reproduce == ""


def test_every_door_tells_its_call():
    t = torch.linspace(0.1, 1, 4, dtype=torch.float64, requires_grad=True)
    reports = [
        gp.check_module(torch.nn.Linear(2, 1), torch.ones(1, 2)),
        gp.check_vjp(np.sin, lambda x, g: g * np.cos(x), np.ones(3)),
        gp.check_jvp(np.sin, lambda x, v: v * np.cos(x), np.ones(3)),
        gp.check_adjoint(lambda x: 2 * x, lambda y: 2 * y, np.ones(3), np.ones(3)),
        gradproof.scipy.check_grad(parabola, lambda x: 2 * x, np.ones(3), rng=None).report,
    ]
    with pytest.raises(gp.GradientError) as caught:
        gradproof.torch.gradcheck(Wrong.apply, (t,))
    reports.append(caught.value.report)
    names = [report.reproduce.partition("(")[0] for report in reports]
    assert names == [
        "gp.check_module", "gp.check_vjp", "gp.check_jvp", "gp.check_adjoint",
        "gradproof.scipy.check_grad", "gradproof.torch.gradcheck",
    ]  # fmt: skip
    for report in reports:
        assert report.reproduce.endswith("seed=0)")
        assert "rng" not in report.reproduce
    assert eval(reports[1].reproduce) == reports[1]
    assert eval(reports[4].reproduce) == gradproof.scipy.check_grad(
        parabola, lambda x: 2 * x, np.ones(3)
    )


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        return g


def test_without_source_there_is_no_call():
    namespace = {"gp": gp, "np": np, "parabola": parabola}
    code = "report = gp.check(parabola, np.ones(2), grad=lambda x: 2 * x)"
    exec(compile(code, "<nowhere>", "exec"), namespace)
    assert namespace["report"].reproduce == ""
    assert "again" not in namespace["report"].text()


@pytest.mark.parametrize("options", [["-c"], ["-X", "no_debug_ranges", "-c"]])
def test_nor_is_there_one_where_nothing_is_known_of_columns(options):
    program = (
        "import gradproof as gp\n"
        "print(repr(gp.check(lambda x: x * x, 3.0, grad=lambda x: 3 * x).reproduce))"
    )
    done = subprocess.run(
        [sys.executable, *options, program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() in ("''", repr(
        "gp.check(lambda x: x * x, 3.0, grad=lambda x: 3 * x, seed=0)"
    ))  # fmt: skip
