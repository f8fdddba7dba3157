"""A flat vector whose parts have names and shapes."""

import numpy as np
import pytest

import gradproof as gp
from suspects import values

X, Y = values((4, 12), 1), values((2, 12), 2)
LAYOUT = {"W": (3, 4), "b": 3, "V": (2, 3)}
THETA = values(21, 3)


def unpacked(theta):
    return theta[:12].reshape(3, 4), theta[12:15], theta[15:].reshape(2, 3)


def loss(theta):
    W, b, V = unpacked(theta)
    return 0.5 * np.sum((V @ np.tanh(W @ X + b[:, None]) - Y) ** 2)


def slopes(theta, factor=1.0):
    W, b, V = unpacked(theta)
    h = np.tanh(W @ X + b[:, None])
    r = V @ h - Y
    dz = V.T @ r * (1 - h**2)
    return np.concatenate([(dz @ X.T).ravel(), factor * dz.sum(1), (r @ h.T).ravel()])


def test_each_part_has_a_verdict():
    right = gp.check(loss, THETA, grad=slopes, layout=LAYOUT)
    assert right.ok
    assert [(b.name, b.shape) for b in right.blocks] == [
        ("params['W']", (3, 4)), ("params['b']", (3,)), ("params['V']", (2, 3)),
    ]  # fmt: skip
    wrong = gp.check(loss, THETA, grad=lambda t: slopes(t, 2.0), layout=LAYOUT)
    assert {b.name: str(b.verdict) for b in wrong.blocks} == {
        "params['W']": "correct", "params['b']": "wrong", "params['V']": "correct",
    }  # fmt: skip
    assert wrong.findings[0].factor == pytest.approx(2.0)
    assert right.name == "loss"


def test_a_gradient_that_is_computed_already_and_one_beside_the_value():
    assert gp.check(loss, THETA, grad=slopes(THETA), layout=LAYOUT).ok
    both = lambda t: (loss(t), slopes(t))
    assert gp.check(both, THETA, grad=True, layout=LAYOUT).ok
    wrong = gp.check(loss, THETA, grad=slopes(THETA, -1.0), layout=LAYOUT)
    assert [b.name for b in wrong.blocks if b.verdict == "wrong"] == ["params['b']"]


def test_nothing_is_written_into_the_vector_of_the_caller():
    before = THETA.copy()

    def greedy(theta):
        value = loss(theta)
        theta[:] = 0
        return value

    assert gp.check(greedy, THETA, grad=slopes, layout=LAYOUT).verdict == "correct"
    assert np.array_equal(THETA, before)


@pytest.mark.parametrize(
    ("point", "layout", "said"),
    [
        (THETA, {"W": (3, 4), "b": 3}, "12 . 3 = 15 numbers, but point has 21"),
        (THETA, {"W": (3, 4.5)}, r"layout\['W'\] must be a shape"),
        (THETA, [(3, 4)], "layout must map names to shapes"),
        ({"a": THETA}, LAYOUT, "one flat NumPy vector"),
        (THETA.reshape(3, 7), LAYOUT, r"of shape \(3, 7\)"),
    ],
)
def test_what_is_no_layout_gets_a_sentence(point, layout, said):
    with pytest.raises(gp.UsageError, match=said):
        gp.check(loss, point, grad=slopes, layout=layout)


def test_a_gradient_of_another_size_gets_a_sentence():
    for grad in (lambda t: slopes(t)[:-1], slopes(THETA)[:-1]):
        with pytest.raises(gp.UsageError, match="The gradient has 20 numbers, but the point"):
            gp.check(loss, THETA, grad=grad, layout=LAYOUT)
