"""Marking a function changes nothing else about it, and only marked functions count."""

import functools

import pytest

import gradproof as gp
from gradproof.api.case import is_case


def test_a_marked_function_is_a_case_and_stays_what_it_is():
    def parabola():
        return {"fun": lambda x: x * x, "point": 3.0, "grad": lambda x: 2 * x}

    marked = gp.case(parabola)
    assert marked is parabola
    assert is_case(marked)
    assert gp.check(**marked()).ok


def test_the_case_above_would_fail_with_another_gradient():
    @gp.case
    def parabola():
        return {"fun": lambda x: x * x, "point": 3.0, "grad": lambda x: 2.001 * x}

    assert not gp.check(**parabola()).ok


def test_a_mark_survives_a_decorator_that_wraps():
    @gp.case
    def inner():
        return {}

    @functools.wraps(inner)
    def outer():
        return inner()

    assert is_case(outer)


class AnswersToEverything:
    def __getattr__(self, name):
        return object()

    def __call__(self):
        return {}


@pytest.mark.parametrize(
    "other", [dict, 3, None, "text", AnswersToEverything(), AnswersToEverything, gp.case]
)
def test_what_is_not_marked_is_no_case(other):
    assert not is_case(other)
