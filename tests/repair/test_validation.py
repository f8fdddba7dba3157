"""Gradients compared with slopes that were measured before: the same verdicts as a check gives."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.repair.candidates import candidates
from gradproof.repair.edit import applied
from gradproof.repair.hints import Hints
from gradproof.repair.patch import patched
from gradproof.repair.validation import Validator
from planting import NETWORK, planted, wrong

FAULT = ("dW1 = X.T @ dZ1", "dW1 = 2 * X.T @ dZ1")
NAMES = ["params['W1']", "params['b1']", "params['W2']", "params['b2']"]


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("judged"), NETWORK, FAULT)


@pytest.fixture(scope="module")
def text():
    return NETWORK.replace(*FAULT)


@pytest.fixture(autouse=True)
def as_during_a_check():
    with np.errstate(all="ignore"):
        yield


def validator(module):
    return Validator.of(wrong(module).origin, "cost")


def judged(module, source, *, plainly=True):
    """What becomes of a gradient; ``plainly``: with the short way for what plainly is wrong."""
    known = validator(module)
    if not plainly:
        known.wrong = frozenset()
    with patched([module.backward], source), np.errstate(all="ignore"):
        return known.judge()


def test_the_wrong_code_as_it_stands(module, text):
    found = judged(module, text)
    assert {NAMES[k] for k in found.wrong} == {"params['W1']"}
    assert 0.1 < found.error < 3


def test_the_right_code(module):
    found = judged(module, NETWORK)
    assert found.right
    assert found.error < 1e-9
    assert found.mark == judged(module, NETWORK.replace("X.T @ dZ1", "(dZ1.T @ X).T")).mark
    assert found.mark != judged(module, NETWORK.replace("X.T @ dZ1", "(1 + 1e-8) * X.T @ dZ1")).mark


def test_a_block_that_is_spoilt_is_seen(module):
    found = judged(module, NETWORK.replace("dZ2.sum(axis=0)", "dZ2.mean(axis=0)"))
    assert {NAMES[k] for k in found.wrong} == {"params['b2']"}


def test_one_gradient_after_another(module, text):
    known = validator(module)
    spoilt = text.replace("dZ2.sum(axis=0)", "dZ2.mean(axis=0)")
    for source, names in [(NETWORK, set()), (spoilt, {"params['W1']", "params['b2']"})] * 2:
        with patched([module.backward], source):
            assert {NAMES[k] for k in known.judge().wrong} == names


def test_no_evaluation_more(module):
    known = validator(module)
    before = known.session.evaluations
    with patched([module.backward], NETWORK):
        assert known.judge().right
    assert known.session.evaluations == before


def test_an_edit_of_fun_is_seen(module, text):
    known = validator(module)
    assert known.keeps_fun()
    with patched([module.cost], text.replace("axis=1)) / 2)", "axis=1)) / 3)")):
        assert not known.keeps_fun()


def test_the_short_way_agrees_with_the_long_one(module, text):
    listed = list(candidates(text, ["backward"], Hints()))[::41]
    assert len(listed) > 8
    compared = 0
    for one in listed:
        source = applied(text, [one])
        try:
            short, long = judged(module, source), judged(module, source, plainly=False)
        except (ValueError, TypeError, IndexError, gp.UsageError, NameError, AttributeError):
            continue
        compared += 1
        assert short.right == long.right, one.what
        assert short.wrong >= long.wrong, one.what
    assert compared > 4


def test_a_point_with_zero_gradient():
    def flat(params):
        return float((params["W1"] ** 2).sum())

    zero = {"W1": np.zeros((4, 4))}
    report = gp.check(flat, zero, grad=lambda p: {"W1": np.ones_like(p["W1"])})
    known = Validator.of(report.origin, "flat")
    assert known.judge().wrong == frozenset({0})
