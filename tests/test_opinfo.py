"""Operators of torch on the samples that torch tests them with, and faults planted behind each."""

import functools
import importlib
import sys
import warnings
from pathlib import Path

import pytest

import gradproof as gp

BENCHMARKS = str(Path(__file__).parents[1] / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)
notes = importlib.import_module("opinfo_notes")

REJECTED = (gp.Verdict.WRONG, gp.Verdict.SUSPECT)

each_operator = pytest.mark.parametrize("operator", notes.QUICK)


@functools.cache
def opinfo():
    """torch's own test database takes seconds to import, and warns."""
    pytest.importorskip("torch")
    pytest.importorskip("expecttest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("opinfo")


@functools.cache
def case(operator):
    """The operator on its first sample."""
    (op,) = opinfo().operators(names=(operator,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch deprecates, it still tests
        return next(opinfo().cases(op, 1))


@each_operator
def test_the_gradient_of_an_operator_is_right(operator):
    report = opinfo().check(case(operator))
    assert report.ok or operator in notes.EXPLAINED, str(report)


@each_operator
def test_a_fault_behind_an_operator_is_found(operator):
    planted = {fault: opinfo().faulty(case(operator), fault) for fault in opinfo().FAULTS}
    if operator in CONSTANT:
        assert set(planted.values()) == {None}
        return
    verdicts = {fault: opinfo().check(wrong).verdict for fault, wrong in planted.items()}
    assert set(verdicts.values()) <= set(REJECTED), verdicts


CONSTANT = {"sign", "nn.functional.relu"}  # its first sample is one negative number


def test_gradcheck_passes_a_gradient_that_is_half_a_thousandth_too_large():
    wrong = opinfo().faulty(case("exp"), "times 1.0005")
    assert opinfo().theirs(wrong, fast=True) == (opinfo().PASS, "")
    assert opinfo().theirs(wrong, fast=False) == (opinfo().PASS, "")
    assert opinfo().check(wrong).verdict is gp.Verdict.WRONG


def test_what_differs_is_explained_by_name_or_by_what_was_refused():
    row, answer = opinfo().Row, opinfo().Answer

    def reason(operator, said, detail=""):
        answers = {"gradproof": answer(said, 0.0, detail), "slow": answer("pass", 0.0)}
        return opinfo().reason(row(operator, 0, 1, 1, False, answers))

    refused = "UsageError: params[0] has 1 of 2 entries that are not finite (at [0]): a gradient"
    assert reason("softmax", "raised", refused)
    assert not reason("softmax", "rejected", refused)
    assert not reason("softmax", "raised", "RuntimeError: numbers that are not finite")
    assert reason("half", "undecided")


def test_operators_of_the_quick_subset_exist():
    found = [op.full_name for op in opinfo().operators(names=notes.QUICK)]
    assert sorted(found) == sorted(notes.QUICK)
