"""The demo's network: its backward pass is right, and its twin is wrong where the article's is."""

import inspect

import numpy as np
import pytest

from gradproof import textbook
from gradproof.demo import network as net
from gradproof.errors import UsageError


def example(layer_dims, m=6, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    parameters = net.initialize_parameters(layer_dims, seed=seed, dtype=dtype)
    for name in parameters:  # biases off zero: no entry sits on a kink
        parameters[name] += (0.1 * rng.standard_normal(parameters[name].shape)).astype(dtype)
    X = rng.standard_normal((layer_dims[0], m)).astype(dtype)
    Y = rng.integers(0, 2, (layer_dims[-1], m))
    return parameters, X, Y


def error(backprop, parameters, X, Y, epsilon=1e-5):
    return textbook.gradient_check(
        net.cost, parameters, backprop, args=(X, Y), epsilon=epsilon, quiet=True
    ).difference


@pytest.mark.parametrize("layer_dims", [(4, 1), (3, 1, 1), (4, 5, 3, 1), (5, 4, 3, 3, 2), (2,) * 6])
def test_backprop_is_the_gradient_for_any_layer_sizes(layer_dims):
    assert error(net.backprop, *example(layer_dims)) < 1e-8


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["W", "b"])
def test_that_test_would_catch_a_slip_in_any_block(layer, kind):
    def slipped(parameters, X, Y):
        gradients = net.backprop(parameters, X, Y)
        gradients[f"d{kind}{layer}"] *= 1.001
        return gradients

    assert error(slipped, *example((5, 4, 3, 3, 2))) > 1e-6


def test_cost_is_the_logistic_cost():
    parameters, X, Y = example((4, 5, 2))
    Z = parameters["W2"] @ np.maximum(parameters["W1"] @ X + parameters["b1"], 0) + parameters["b2"]
    stable = np.sum(np.logaddexp(0, Z) - Y * Z) / X.shape[1]
    assert net.cost(parameters, X, Y) == pytest.approx(stable, rel=1e-12)
    assert net.cost(parameters, X, 1 - Y) != pytest.approx(stable, rel=1e-3)


def test_cost_is_averaged_over_examples_not_summed():
    parameters, X, Y = example((4, 5, 1))
    twice = np.hstack([X, X]), np.hstack([Y, Y])
    assert net.cost(parameters, *twice) == pytest.approx(net.cost(parameters, X, Y), rel=1e-12)


def test_broken_backprop_has_the_two_faults_of_the_article_and_no_other():
    X, Y, parameters = net.article_test_case()
    right = net.backprop(parameters, X, Y)
    broken = net.broken_backprop(parameters, X, Y)
    ratios = {
        name: np.unique(
            np.round(broken[name][right[name] != 0] / right[name][right[name] != 0], 12)
        )
        for name in right
    }
    assert {name: list(ratio) for name, ratio in ratios.items()} == {
        "dW1": [1],
        "db1": [4],
        "dW2": [2],
        "db2": [1],
        "dW3": [1],
        "db3": [1],
    }


def test_the_faults_stand_in_broken_backprops_own_lines():
    source = inspect.getsource(net.broken_backprop)
    assert "dW2 = 1 / m * np.dot(dZ2, A1.T) * 2\n" in source
    assert "db1 = 4 / m * np.sum(dZ1, axis=1, keepdims=True)\n" in source
    assert "backprop(" not in source.partition('"""')[2].rpartition('"""')[2]


def test_broken_backprop_takes_three_layers_of_any_size():
    parameters, X, Y = example((7, 6, 5, 2))
    broken, right = net.broken_backprop(parameters, X, Y), net.backprop(parameters, X, Y)
    np.testing.assert_allclose(broken["dW2"], 2 * right["dW2"], rtol=1e-12)
    np.testing.assert_allclose(broken["dW1"], right["dW1"], rtol=1e-12)
    with pytest.raises(UsageError, match="3 layers, and these parameters have 2"):
        net.broken_backprop(*example((4, 3, 1)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("backprop", [net.backprop, net.broken_backprop])
def test_dtype_is_kept(dtype, backprop):
    parameters, X, Y = example((4, 5, 3, 1), dtype=dtype)
    assert net.cost(parameters, X, Y).dtype == dtype
    assert {g.dtype for g in backprop(parameters, X, Y).values()} == {np.dtype(dtype)}


def test_one_wide_input_widens_everything_so_the_test_above_can_fail():
    parameters, X, Y = example((4, 5, 3, 1), dtype=np.float32)
    assert net.cost(parameters, X.astype(np.float64), Y).dtype == np.float64


def test_gradients_have_the_shapes_of_the_parameters():
    parameters, X, Y = example((4, 5, 3, 2))
    gradients = net.backprop(parameters, X, Y)
    assert {f"d{name}": block.shape for name, block in parameters.items()} == {
        name: block.shape for name, block in gradients.items()
    }


def test_nothing_is_changed_in_place():
    X, Y, parameters = net.article_test_case()
    before = [X.copy(), Y.copy(), *(block.copy() for block in parameters.values())]
    for array in (X, Y, *parameters.values()):
        array.flags.writeable = False  # a write would raise
    net.backprop(parameters, X, Y)
    net.broken_backprop(parameters, X, Y)
    for old, new in zip(before, [X, Y, *parameters.values()], strict=True):
        np.testing.assert_array_equal(old, new)


def test_article_case_is_what_seed_1_draws_and_leaves_the_global_generator_alone():
    np.random.seed(7)  # noqa: NPY002 - it is the global generator that must not move
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    X, Y, parameters = net.article_test_case()
    assert np.random.rand() == expected  # noqa: NPY002
    # numpy.random.seed(1); numpy.random.randn(4, 3) starts so in every NumPy since 1.0.
    np.testing.assert_allclose(X[0], [1.62434536, -0.61175641, -0.52817175], atol=1e-8)
    assert Y.tolist() == [1, 1, 0]
    shapes = [(5, 4), (5, 1), (3, 5), (3, 1), (1, 3), (1, 1)]
    assert list(parameters) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert [block.shape for block in parameters.values()] == shapes
    stream = np.random.RandomState(1).randn(12 + 47)
    drawn = np.concatenate([block.ravel() for block in (X, *parameters.values())])
    np.testing.assert_array_equal(drawn, stream)


def test_initialisation_is_seeded_and_of_the_right_scale():
    one, same, other = (net.initialize_parameters((200, 300, 1), seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one["W1"], same["W1"])
    assert not np.array_equal(one["W1"], other["W1"])
    assert one["W1"].std() == pytest.approx(np.sqrt(2 / 200), rel=0.02)  # 60,000 draws: 0.3 %
    assert not one["b1"].any()


@pytest.mark.parametrize("layer_dims", [(), (3,), (3, 0, 1)])
def test_layer_sizes_that_make_no_network_are_refused(layer_dims):
    with pytest.raises(UsageError, match="at least two sizes"):
        net.initialize_parameters(layer_dims)
