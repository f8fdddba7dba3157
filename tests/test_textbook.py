"""The classic check gives the article's figures, and no fault hides in its bookkeeping."""

import io
import sys
import time
from collections import namedtuple
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gradproof import progress, textbook
from gradproof.demo.network import (
    article_test_case,
    backprop,
    broken_backprop,
    cost,
    forward_propagation,
)
from gradproof.errors import UsageError
from gradproof.textbook import Band, gradient_check, gradients_to_vector, ravel

Layer = namedtuple("Layer", ["W", "b"])


def check(*args, **kwargs):
    return gradient_check(*args, quiet=True, **kwargs)


# The article's case


def test_the_articles_two_figures(capsys):
    X, Y, parameters = article_test_case()
    broken = gradient_check(cost, parameters, broken_backprop, args=(X, Y))
    assert broken.band is Band.WRONG
    assert broken.evaluations == 94
    assert broken.difference == pytest.approx(0.2850931567, rel=1e-7)
    assert "difference = 0.28509315" in capsys.readouterr().out

    right = gradient_check(cost, parameters, backprop, args=(X, Y))
    assert right.band is Band.LOOK  # round-off: see the docstring of textbook
    assert "difference = 1.19e-07" in capsys.readouterr().out


def test_the_alert_is_round_off_a_larger_step_clears_it():
    X, Y, parameters = article_test_case()
    assert check(cost, parameters, backprop, args=(X, Y), epsilon=1e-5).band is Band.CORRECT
    assert check(cost, parameters, broken_backprop, args=(X, Y), epsilon=1e-5).band is Band.WRONG


def test_a_function_with_a_cache_and_finished_gradients_give_the_same():
    X, Y, parameters = article_test_case()
    by_function = check(cost, parameters, broken_backprop, args=(X, Y))
    finished = broken_backprop(parameters, X, Y)
    by_value = check(forward_propagation, parameters, finished, kwargs={"X": X, "Y": Y})
    assert by_value.difference == by_function.difference


# One dimension


@pytest.mark.parametrize("theta", [4.0, np.float64(4), np.array(4.0), np.array([4.0]), [4.0]])
def test_one_dimension_is_no_special_case(theta):
    fun = lambda t, x: x * np.sum(t)
    right, twin = (textbook.ravel(theta)[1]([claim]) for claim in (2.0, 2.001))
    assert check(fun, theta, right, args=(2,)).difference < 1e-8
    assert check(fun, theta, twin, args=(2,)).difference == pytest.approx(2.5e-4, rel=1e-3)


# The figure and its bands


def test_difference_is_the_relative_norm_of_both_vectors():
    theta = np.array([1.0, 2.0])
    result = check(lambda t: float(3 * t[0] + 4 * t[1]), theta, np.array([3.0, -4.0]), epsilon=1e-4)
    assert result.difference == pytest.approx(8 / 10, rel=1e-9)
    np.testing.assert_allclose(result.gradapprox, [3, 4], rtol=1e-9)
    np.testing.assert_array_equal(result.grad, [3, -4])


@pytest.mark.parametrize(
    ("error", "band"),
    [(0, "correct"), (1e-8, "correct"), (1e-6, "to be looked at"), (1e-4, "wrong"), (-2, "wrong")],
)
def test_bands(error, band):
    # A power of two as step, and a linear cost: the differences are exact.
    result = check(lambda t: t * 1.0, 1.0, 1.0 + error, epsilon=2.0**-20)
    assert result.band == band


@pytest.mark.parametrize(
    ("difference", "band"),
    [(1e-7, Band.CORRECT), (1.0001e-7, Band.LOOK), (1e-5, Band.LOOK), (1.0001e-5, Band.WRONG)],
)
def test_band_edges_belong_to_the_better_side(difference, band):
    assert textbook._band(difference) is band


def test_both_zero_is_a_difference_of_zero():
    result = check(lambda t: 1.0, np.ones(3), np.zeros(3))
    assert (result.difference, result.band) == (0.0, Band.CORRECT)
    assert check(lambda t: 1.0, np.ones(3), np.array([0, 0, 1e-300])).difference == 1.0


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_neither_underflow_nor_overflow(scale):
    fun = lambda t: float(np.sum(t) * scale)
    for claim, expected in [(np.full(3, scale), 0), (np.full(3, 3 * scale), 0.5)]:
        assert check(fun, np.ones(3), claim, epsilon=0.25).difference == pytest.approx(expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_never_correct(bad):
    in_claim = check(lambda t: float(t @ t), np.ones(2), np.array([2.0, bad]))
    in_cost = check(lambda t: bad, np.ones(2), np.zeros(2))
    for result in (in_claim, in_cost):
        assert result.band is Band.WRONG
        assert "not finite" in str(result)
    assert "not finite" not in str(check(lambda t: float(t @ t), np.ones(2), np.full(2, 9.0)))


def test_a_step_that_moves_nothing_is_told():
    big = np.array([1.0, 2e11])
    told = check(lambda t: float(t[0]), big, np.array([1.0, 0.0]))
    assert told.unmoved == 1
    assert "too small to move 1 of 2 entries" in str(told)
    assert check(lambda t: float(t[0]), big, np.array([1.0, 0.0]), epsilon=1e-3).unmoved == 0


def test_float32_inside_a_float64_vector_is_told_too():
    params = {"a": np.ones(3, np.float32), "b": np.ones(2)}
    result = check(lambda p: 0.0, params, {"a": np.zeros(3), "b": np.zeros(2)}, epsilon=1e-8)
    assert result.unmoved == 3


def test_float16_claims_are_compared_in_float64():
    theta = np.array([1.0, 2.0], np.float16)
    claim = np.array([0.1, 3.3], np.float16)
    slopes = claim.astype(np.float64)
    result = check(lambda t: float(slopes @ t.astype(np.float64)), theta, claim, epsilon=2.0**-8)
    assert result.difference < 1e-12


# The user's things stay as they were


def test_the_users_parameters_are_neither_changed_nor_handed_out():
    params = {"W": np.arange(1.0, 4.0), "index": np.array([0, 1])}

    def spoils(p):
        value = float(np.sum(p["W"] ** 2))
        p["W"][:] = 0
        p["index"][:] = 5
        return value

    def grad(p):
        p["W"] *= 2
        return {"dW": p["W"]}

    assert check(spoils, params, grad).difference < 1e-7
    assert params["W"].tolist() == [1, 2, 3]
    assert params["index"].tolist() == [0, 1]


def test_read_only_and_strided_parameters():
    W = np.arange(12.0).reshape(3, 4)[:, ::2].T
    W.flags.writeable = False
    claim = 2 * W
    assert check(lambda w: float(np.sum(w * w)), W, claim, epsilon=1e-4).band is Band.CORRECT
    twin = claim.copy()
    twin[1, 2] *= 1.01
    assert check(lambda w: float(np.sum(w * w)), W, twin, epsilon=1e-4).band is Band.WRONG


def test_the_users_exception_surfaces_as_it_is():
    class Mine(Exception):
        pass

    def fails(theta):
        raise Mine

    with pytest.raises(Mine):
        check(fails, 1.0, 1.0)


# ravel and back


def test_ravel_is_the_articles_dictionary_to_vector():
    _, _, parameters = article_test_case()
    theta, unravel = ravel(parameters)
    names = ["W1", "b1", "W2", "b2", "W3", "b3"]
    expected = np.concatenate([parameters[name].reshape(-1) for name in names])
    np.testing.assert_array_equal(theta, expected)
    back = unravel(theta)
    assert list(back) == names
    for name in names:
        np.testing.assert_array_equal(back[name], parameters[name])


def test_blocks_keep_the_order_in_which_they_were_written():
    theta, _ = ravel({"b": 1.0, "W": 2.0, "a": 3.0})
    assert theta.tolist() == [1, 2, 3]  # sorted it would be 2, 3, 1


SPECIMEN = {
    "float": 1.5,
    "scalar": np.float32(2),
    "zero-d": np.array(3.0),
    "single": np.array([[1, 2], [3, 4]], np.float32),
    "complex": np.array([1 + 2j, 3 - 4j], np.complex64),
    "python complex": 5 + 6j,
    "empty": np.zeros((0, 3)),
    "count": 7,
    "flag": True,
    "name": "relu",
    "nothing": None,
    "indices": np.array([1, 2, 3]),
    "nested": [Layer(np.ones((2, 1)), 0.5), ()],
}


def test_unravel_restores_shapes_dtypes_and_kinds():
    theta, unravel = ravel(SPECIMEN)
    assert theta.dtype == np.float64
    assert theta.size == 1 + 1 + 1 + 4 + 4 + 2 + 0 + 2 + 1
    back = unravel(theta)
    assert list(back) == list(SPECIMEN)
    for name, leaf in SPECIMEN.items():
        assert type(back[name]) is type(leaf), name
        if isinstance(leaf, np.ndarray | np.generic):
            assert (back[name].dtype, back[name].shape) == (leaf.dtype, leaf.shape), name
        if name != "nested":
            np.testing.assert_array_equal(back[name], leaf)
    layer = back["nested"][0]
    assert isinstance(layer, Layer)
    assert layer.W.tolist() == [[1], [1]]
    assert type(layer.b) is float


def test_each_number_of_theta_comes_back_in_its_own_place():
    theta, unravel = ravel(SPECIMEN)
    np.testing.assert_array_equal(ravel(unravel(theta + 1))[0], theta + 1)
    for i in range(theta.size):
        moved = theta.copy()
        moved[i] += 0.5
        assert np.flatnonzero(ravel(unravel(moved))[0] != theta).tolist() == [i]


def test_unravel_gives_fresh_arrays():
    W = np.ones(3)
    theta, unravel = ravel([W])
    first, second = unravel(theta)[0], unravel(theta)[0]
    first[:] = 9
    assert (W.tolist(), theta.tolist(), second.tolist()) == ([1] * 3,) * 3


def test_common_dtype():
    assert ravel([np.ones(2, np.float32), np.ones(1, np.complex64)])[0].dtype == np.float32
    assert ravel([np.ones(2, np.float16), np.ones(1, np.float32)])[0].dtype == np.float32
    assert ravel([np.ones(2, np.float32), 1.0])[0].dtype == np.float64
    assert ravel([np.ones(2, np.longdouble)])[0].dtype == np.longdouble
    assert ravel({})[0].shape == (0,)


leaves = st.one_of(
    st.floats(-1e3, 1e3),
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from("fdF")).map(
        lambda t: np.arange(t[0] * t[1]).reshape(t[:2]).astype(t[2])
    ),
    st.none(),
)
pytrees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("abWxyz"), inner, max_size=3),
        st.tuples(inner, inner).map(lambda pair: Layer(*pair)),
    ),
    max_leaves=8,
)


@given(pytrees)
def test_any_nesting_comes_back(params):
    theta, unravel = ravel(params)
    again, _ = ravel(unravel(theta))
    assert again.dtype == theta.dtype
    np.testing.assert_array_equal(again, theta)
    np.testing.assert_array_equal(gradients_to_vector(params, params), theta)


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        (np.zeros(4), r"3 real numbers, not shape \(4,\)"),
        (np.zeros((3, 1)), r"not shape \(3, 1\)"),
        (np.zeros(3, complex), "dtype complex128"),
        (["a", "b", "c"], "dtype <U1"),
    ],
)
def test_unravel_refuses_what_does_not_fit(vector, said):
    _, unravel = ravel(np.zeros(3))
    with pytest.raises(UsageError, match=said):
        unravel(vector)


# Claimed gradients in order


def test_gradients_by_either_name_with_surplus_in_the_order_of_the_parameters():
    params = {"b": np.ones(2), "W": np.ones(1)}
    claimed = {"dA": np.zeros(9), "dW": np.array([3]), "b": np.array([1, 2], np.uint8)}
    vector = gradients_to_vector(claimed, params)
    assert vector.tolist() == [1, 2, 3]
    assert vector.dtype == np.float64


def test_gradients_of_complex_blocks_are_the_slopes_of_both_parts():
    z = np.array([1 + 2j, 3 - 1j])
    fun = lambda p: float(np.sum(np.abs(p) ** 2 + p.real))
    assert check(fun, z, 2 * z + 1, epsilon=1e-4).band is Band.CORRECT
    assert check(fun, z, np.conj(2 * z + 1), epsilon=1e-4).band is Band.WRONG


PARAMS = {"W1": np.ones((2, 3)), "layers": [np.ones(2)]}
REST = {"layers": [np.ones(2)]}
SHAPES = r"\['W1'\] has shape \(2, 3\) and its gradient has shape "


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        (REST, r"params\['W1'\] has no gradient: return one under 'W1' or 'dW1'"),
        ({"W1": np.ones((2, 3)), "layers": []}, r"params\['layers'\]\[0\] has no gradient"),
        ({"dW1": np.ones((3, 2)), **REST}, SHAPES + r"\(3, 2\)"),
        ({"dW1": 1.0, **REST}, SHAPES + r"\(\)"),
        ({"dW1": None, **REST}, r"\['W1'\] has a gradient that is not numeric"),
        ({"dW1": np.ones((2, 3), bool), **REST}, "not numeric"),
        ({"dW1": np.ones((2, 3)) * 1j, **REST}, r"\['W1'\] is real and its gradient is complex"),
        (np.ones(8), r"\['W1'\] has no gradient"),
    ],
)
def test_gradients_that_do_not_fit_are_named(claimed, said):
    with pytest.raises(UsageError, match=said):
        gradients_to_vector(claimed, PARAMS)


class Foreign:
    def __array__(self, dtype=None, copy=None):
        return np.ones(3)


@pytest.mark.parametrize(
    ("fun", "params", "said"),
    [
        (lambda p: p, np.ones(3), r"array of shape \(3,\) and dtype float64: return the cost"),
        (lambda p: p * 1j, 1.0, "a complex: return the cost"),
        (lambda p: None, 1.0, "fun returned None"),
        (lambda p: "1", 1.0, "fun returned a str"),
        (lambda p: (), 1.0, "fun returned a tuple"),
        (lambda p: p, 4, r"no floating-point entry to check: write 4\.0 for 4"),
        (lambda p: p, {}, "no floating-point entry"),
        (lambda p: 0.0, [Foreign()], r"params\[0\] is a .*Foreign: .* takes NumPy arrays"),
        (lambda p: 0.0, [np.array([1.0, None])], r"params\[0\] has dtype object"),
    ],
)
def test_wrong_use_gets_a_sentence(fun, params, said):
    with pytest.raises(UsageError, match=said):
        check(fun, params, params)


@pytest.mark.parametrize("epsilon", [0, -1e-7, np.nan, np.inf])
def test_epsilon_has_to_be_a_positive_number(epsilon):
    with pytest.raises(UsageError, match="choose a positive number"):
        check(lambda t: t, 1.0, 1.0, epsilon=epsilon)


# What is printed


@pytest.mark.parametrize(("claim", "colour"), [(1.0, "32"), (1 + 1e-6, "33"), (2.0, "31")])
def test_the_sentence_is_coloured_on_a_terminal_and_plain_in_a_pipe(
    claim, colour, monkeypatch, capsys
):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "20")

    def said(**console):
        monkeypatch.setattr("rich.console.Console", partial(Console, **console))
        result = gradient_check(lambda t: t * 1.0, 1.0, claim, epsilon=2.0**-20)
        return capsys.readouterr().out, str(result)

    terminal, sentence = said(force_terminal=True)
    assert terminal == f"\x1b[{colour}m{sentence}\x1b[0m\n"
    pipe, sentence = said()
    assert pipe == f"{sentence}\n"  # on one line, although the console has 20 columns
    monkeypatch.setenv("NO_COLOR", "1")
    assert f"\x1b[{colour}m" not in said(force_terminal=True)[0]


def test_quiet_prints_nothing(capsys):
    check(lambda t: t * 1.0, 1.0, 1.0)
    assert capsys.readouterr().out == ""
    gradient_check(lambda t: t * 1.0, 1.0, 1.0)
    assert capsys.readouterr().out != ""


class Stream(io.StringIO):
    terminal = True

    def isatty(self):
        return self.terminal


def progress_of(fun, monkeypatch, *, terminal=True, **options):
    """What is written to standard error while a slow function is checked."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 0.0)
    monkeypatch.setattr("sys.stderr", Stream())
    sys.stderr.terminal = terminal
    try:
        result = gradient_check(fun, np.ones(30), np.ones(30), **options)
        assert result.evaluations == 60
    finally:
        written = sys.stderr.getvalue()
    return written


def slow(theta):
    time.sleep(0.005)
    return float(np.sum(theta))


def test_a_line_appears_on_a_terminal_when_it_takes_long(monkeypatch):
    written = progress_of(slow, monkeypatch)
    assert "gradient check" in written
    assert "evaluations" in written


@pytest.mark.parametrize("options", [{"terminal": False}, {"quiet": True}])
def test_no_line_in_a_pipe_and_where_nothing_should_be_printed(options, monkeypatch):
    assert progress_of(slow, monkeypatch, **options) == ""


def test_the_line_is_taken_away_when_the_cost_raises(monkeypatch):
    calls = []

    def fails(theta):
        calls.append(theta)
        if len(calls) > 40:
            raise RuntimeError
        return slow(theta)

    with pytest.raises(RuntimeError):
        progress_of(fails, monkeypatch)
    stream = sys.stderr.getvalue()
    assert "gradient check" in stream
    assert stream.rindex("\x1b[?25h") > stream.rindex("gradient check")  # the cursor is back
