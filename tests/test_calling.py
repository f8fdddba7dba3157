"""Public functions called in ways that Python refuses: one sentence that says what to write."""

import inspect

import numpy as np
import pytest

import gradproof as gp
from gradproof.calling import public

X = np.array([1.0, -2.0, 3.0])


def fun(x):
    return float(np.sum(x**2))


def grad(x):
    return 2 * x


def sentence(call, *args, **kwargs):
    """What the user reads."""
    with pytest.raises(gp.UsageError) as caught:
        call(*args, **kwargs)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("args", [(fun, X, grad), (fun, grad, X), (X, fun, grad), (fun, X, X, ())])
def test_a_gradient_by_position(args):
    for check in (gp.check, gp.testing.assert_gradient):
        message = sentence(check, *args)
        assert "fun and point by position" in message
        assert "the function fun" in message
        assert "check(fun, point, grad=...)" in message or "gradient(fun, point, grad" in message
    assert gp.check(fun, X, grad=grad).ok


@pytest.mark.parametrize(
    ("call", "args", "example"),
    [
        (gp.check_vjp, (np.sin, X), "gp.check_vjp(fun, vjp, point)"),
        (gp.check_jvp, (np.sin, lambda x, v: v, X, X), "gp.check_jvp(fun, jvp, point)"),
        (gp.check_vjp, (np.sin, X, lambda x, g: g), "gp.check_vjp(fun, vjp, point)"),
        (gp.check_adjoint, (np.eye(3), np.eye(3)), "gp.check_adjoint(lambda x: A @ x"),
        (gp.check_module, (), "gp.check_module(module, *inputs, loss=...)"),
        (gp.check_implicit, (fun,), "gp.check_implicit(residual, solve, dsolve, theta)"),
        (gp.hunt, (fun, gp.arrays(3), grad), "gp.hunt(fun, point, grad=...)"),
        (gp.slope, (np.sin, 1.0), "gp.slope(phi, at=0.0)"),
        (gp.textbook.gradient_check, (fun,), "gp.textbook.gradient_check(fun, point, grad)"),
        (gp.suggest_fixes, (), "gp.suggest_fixes(report)"),
        (gp.check, (), "gp.check(fun, point, grad=...)"),
    ],
)
def test_too_few_or_too_many_arguments(call, args, example):
    assert example in sentence(call, *args)


@pytest.mark.parametrize(
    ("keyword", "says"),
    [
        ("jac", "it is called grad"),
        ("gradient", "it is called grad"),
        ("effrt", "did you mean effort"),
        ("surogate", "did you mean surrogate"),
        ("eps", "steps set themselves"),
        ("rtol", "correct_below= and wrong_above="),
        ("blocks", "the rest in args="),
        ("quux", "it takes fun, point, grad"),
    ],
)
def test_names_of_others(keyword, says):
    message = sentence(gp.check, fun, X, **{keyword: grad})
    assert f"gp.check has no argument {keyword!r}" in message
    assert says in message


def test_the_point_by_another_name():
    assert "it is called point" in sentence(gp.check, fun, params=X, grad=grad)
    assert "it is called fun" in sentence(gp.check, f=fun, point=X, grad=grad)
    assert "got fun twice" in sentence(gp.check, fun, fun=fun, point=X)


def test_all_by_name():
    assert gp.check(fun=fun, point=X, grad=grad).ok
    assert not gp.check(fun=fun, point=X, grad=lambda x: 3 * x).ok


def test_former_names_are_understood():
    @public("f(one)", renamed={"uno": "one"})
    def f(one):
        return one

    assert f(uno=3) == f(one=3) == f(3) == 3
    classic = gp.textbook.gradient_check(fun, params=X, gradients=grad, quiet=True)
    assert classic.difference == gp.textbook.gradient_check(fun, X, grad, quiet=True).difference


def test_an_error_of_the_function_itself_surfaces():
    @public("f(one)")
    def f(one):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        f(1)


def test_signatures_and_names_stay():
    assert list(inspect.signature(gp.check).parameters)[:3] == ["fun", "point", "grad"]
    assert gp.check.__name__ == "check"
    assert list(inspect.signature(gp.textbook.gradient_check).parameters)[:3] == [
        "fun", "point", "grad",
    ]  # fmt: skip
