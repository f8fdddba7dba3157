"""Checks in other processes: the same reports in the same order, and a death loses nothing."""

import re
from pathlib import Path

import pytest

from gradproof.cli.limit import Limit
from gradproof.cli.runs import Fault, Run
from gradproof.hunt.cases import Wanted
from gradproof.report.renderers.json import to_dict

pytest.importorskip("joblib")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

HEAD = """
import os, threading, time
import numpy as np
import gradproof as gp
import helper
from helper import double
here, lock = os.getpid(), threading.Lock()
one = np.array([1.0, 2.0])
def fun(x):
    return float(x @ x)
"""
HELPER = """
FACTOR = 2.0
def double(x):
    return FACTOR * x
class Layer:
    def grad(self, x):
        return x * [2, 2.002]
"""
CASES = """
@gp.case
def right():
    return dict(fun=fun, point=one, grad=double)
def third(x):
    dx = 3 * x
    return dx
@gp.case
def many():
    return [dict(fun=fun, point=one, grad=third), dict(fun=lambda x: 1 / 0, point=one, grad=double)]
@gp.case
def hunted(x=gp.arrays((2,))):
    return dict(fun=fun, point=x, grad=double)
@gp.case
def method():
    return dict(fun=fun, point=one, grad=helper.Layer().grad)
@gp.case
def case_raises():
    return 1 / 0
@gp.case
def imports_late():
    def grad(x):
        import helper as late
        return late.double(x)
    return dict(fun=fun, point=one, grad=grad)
@gp.case
def misused():
    return dict(fun=lambda x: x, point=one, grad=double)
"""
# What cannot be sent: a lock. With it a right gradient and a wrong one.
LOCKED = """
def locked(factor):
    def grad(x):
        with lock:
            return factor * x
    return grad
@gp.case
def held():
    return [dict(fun=fun, point=one, grad=locked(2)), dict(fun=fun, point=one, grad=locked(2.01))]
"""
# The third of many ends its process, and no other.
DIES = """
def dies(x):
    os._exit(3) if os.getpid() != here else None
    return 2 * x
@gp.case
def many():
    grads = [double, third, dies, double, third, *[double] * 9]
    return [dict(fun=fun, point=one, grad=g) for g in grads]
def third(x):
    return 3 * x
"""
SLEEPS = """
def sleeps(x):
    time.sleep(60)
@gp.case
def many():
    return [dict(fun=fun, point=one, grad=g) for g in (sleeps, double)]
"""


def ran(tmp_path, body, workers=2, limit=None, **more):
    Path(tmp_path, "helper.py").write_text(HELPER, "utf-8")
    path = Path(tmp_path, "cases.py")
    path.write_text(HEAD + body, "utf-8")
    run = Run([str(path)], {}, Wanted(workers=workers, **more), limit=limit)
    assert list(run) == run.outcomes
    assert not run.unfinished
    return run


def said(run):
    """All but times."""

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k not in {"seconds", "created"}}
        return [plain(v) for v in value] if isinstance(value, list) else value

    return [plain(to_dict(run.document)),
            [(o.label, o.file, o.line, o.code, o.more) for o in run.outcomes]]  # fmt: skip


def verdicts(run):
    return [str(getattr(o.result, "verdict", getattr(o.result, "fault", ""))) for o in run.outcomes]


def test_two_processes_say_what_one_says_in_the_same_order(tmp_path):
    alone, together = ran(tmp_path, CASES, 1), ran(tmp_path, CASES)
    assert said(together) == said(alone)
    assert verdicts(together) == ["correct", "wrong", "code", "correct", "wrong", "code",
                                  "correct", "use"]  # fmt: skip
    wrong = together.outcomes[1].result
    assert any("dx = 3 * x" in str(finding) for finding in wrong.findings)


def test_the_checks_are_made_elsewhere(tmp_path):
    body = """
@gp.case
def where():
    def grad(x, home=here):
        return (2 if os.getpid() == home else 3) * x
    return dict(fun=fun, point=one, grad=grad)
"""
    assert verdicts(ran(tmp_path, body, 1)) == ["correct"]
    assert verdicts(ran(tmp_path, body, 2)) == ["wrong"]


def test_what_cannot_be_sent_is_checked_here(tmp_path):
    assert verdicts(ran(tmp_path, LOCKED)) == ["correct", "wrong"]


def test_a_process_that_dies_loses_no_other_check(tmp_path):
    run = ran(tmp_path, DIES)
    expected = ["correct", "wrong", "code", "correct", "wrong", *["correct"] * 9]
    assert verdicts(run) == expected
    assert [int(re.search(r"\[(\d+)\]", o.label)[1]) for o in run.outcomes] == list(range(14))
    assert "died" in run.outcomes[2].result.message
    assert run.outcomes[2].result.fault is Fault.CODE
    assert run.exit_code == 2


def test_each_check_has_its_limit_of_time(tmp_path):
    run = ran(tmp_path, SLEEPS, limit=Limit(1.0, pytest.fail))
    assert verdicts(run) == ["time", "correct"]
    assert "sleeps" in run.outcomes[0].result.message


def test_without_the_executor_each_case_says_so(tmp_path):
    run = ran(tmp_path, LOCKED, executor="dusk://nowhere")
    assert verdicts(run) == ["use", "use"]
    assert "executor must be" in run.outcomes[0].result.message


def test_a_torch_function_travels(tmp_path):
    pytest.importorskip("torch")
    body = """
import torch
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * FACTOR * x
FACTOR = 2.0
class Wrong(Square):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x
@gp.case
def functions():
    p = torch.tensor([1.0, 2.0], dtype=torch.float64)
    return [dict(fun=lambda x, F=F: F.apply(x).sum(), point=p) for F in (Square, Wrong)]
"""
    alone, together = ran(tmp_path, body, 1), ran(tmp_path, body)
    assert verdicts(together) == ["correct", "wrong"]
    assert said(alone) == said(together)
