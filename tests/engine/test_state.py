"""One check under way: comparisons, hints from slope to slope, and judgements."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.engine.loop import check
from gradproof.engine.start import start
from gradproof.engine.watch import Watch
from gradproof.space.point import Point
from gradproof.subject.asked import Asked, Options
from gradproof.subject.prepare import prepare
from networks import random_network


def asked(fun, point, grad, level="standard", seed=0):
    return Asked(fun, Point(point), grad, Options(effort=level, seed=seed))


def run(*args, **kwargs):
    """A check that has been measured; the last state of the point itself."""
    found = check(asked(*args, **kwargs), Watch("a check"))
    return found.at or found


def network(layers=4, width=6, seed=0):
    rng = np.random.default_rng(seed)
    point = {f"W{i}": rng.normal(size=(width, width)) / width**0.5 for i in range(layers)}
    x = rng.normal(size=width)

    def fun(p):
        a = x
        for W in p.values():
            a = np.tanh(W @ a)
        return float(np.sum(a))

    def grad(p):
        activations, a = [x], x
        for W in p.values():
            a = np.tanh(W @ a)
            activations += [a]
        da, gradients = np.ones(width), {}
        for (name, W), a, before in reversed(
            list(zip(p.items(), activations[1:], activations[:-1], strict=True))
        ):
            dz = da * (1 - a**2)
            gradients[name] = np.outer(dz, before)
            da = W.T @ dz
        return gradients

    return fun, point, grad


def test_before_anything_is_measured_all_is_undecided():
    fun, point, grad = network()
    first = start(prepare(asked(fun, point, grad, seed=1)))
    assert first.comparisons == ()
    assert {j.verdict for j in first.judgements} == {"undecided"}
    assert {j.verdict for j in run(fun, point, grad, seed=1).state.judgements} == {"correct"}
    assert {j.verdict for j in first.judgements} == {"undecided"}  # a state stands for itself


def test_a_comparison_sets_the_claim_beside_the_slope():
    fun, point, grad = network()
    state = run(fun, point, grad).state
    for c in state.comparisons:
        assert c.slope.value == pytest.approx(c.claimed, rel=1e-6)
        assert abs(c.gap) <= c.slope_bar


def test_the_working_copy_is_back_at_the_point_afterwards():
    fun, point, grad = network()
    found = run(fun, point, lambda p: {n: 1.01 * g for n, g in grad(p).items()}, "thorough")
    assert found.session.working.changed() == []


def test_the_first_slope_saves_the_later_ones_their_search():
    """Noise and window are known from the neighbours: two windows at most, where five search."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=200)
    fun = lambda w: float(np.sum(np.tanh(w))) + 1e-8 * np.sin(1e9 * float(np.sum(w)))
    joined = lambda p: fun(np.concatenate([p["a"], p["b"]]))
    right = lambda p: {n: 1 / np.cosh(v) ** 2 for n, v in p.items()}
    state = run(joined, {"a": w[:100], "b": w[100:]}, right, "thorough").state
    spent = [c.slope.evaluations for c in state.comparisons if c.direction.block is not None]
    assert spent
    assert np.mean(spent[1:]) <= np.mean([state.comparisons[0].slope.evaluations, 40])


def test_a_wrong_block_is_judged_after_every_comparison():
    fun, point, grad = network()

    def wrong(p):
        return {n: (2 if n == "W2" else 1) * g for n, g in grad(p).items()}

    state = run(fun, point, wrong).state
    assert [j.verdict for j in state.judgements] == ["correct", "correct", "wrong", "correct"]
    assert state.judgements[2].error == pytest.approx(1.0, rel=1e-6)


def test_a_kink_ends_the_trial_where_the_check_can_go_on_beside_it():
    state = run(lambda w: float(np.sum(np.abs(w))), np.array([0.0, 1.0]), np.sign).state
    assert state.kink is not None
    assert state.kink.kinked
    fixed = run(
        lambda w: float(np.sum(np.abs(w))), np.array([0.0, 1.0]), np.array([0.5, 1.0])
    ).state
    assert fixed.kink is not None
    assert len(fixed.comparisons) >= len(state.comparisons)


def test_at_a_value_of_zero_the_slope_is_judged_by_what_it_becomes_nearby():
    state = run(lambda w: float(w @ w), np.zeros(3), lambda w: 2 * w).state
    assert state.values[0] == 0
    assert state.comparisons[0].slope.bend > 0
    assert state.judgements[0].natural
    assert state.judgements[0].verdict == "correct"
    wrong = run(lambda w: float(w @ w), np.zeros(3), lambda w: 2 * w + 1).state
    assert wrong.judgements[0].verdict == "wrong"


def test_without_a_value_nothing_is_measured():
    state = run(lambda w: float("inf"), np.ones(3), np.ones(3)).state
    assert state.comparisons == ()
    assert state.judgements[0].verdict == "undecided"


def test_a_loss_that_is_zero_for_round_off_accuses_nobody():
    """A saturated softmax: what is left of the loss one step away is a remnant of round-off."""
    net = random_network(3947)
    report = gp.check(net.cost, net.params, grad=net.backprop, seed=3947)
    assert report.verdict in ("correct", "undecided")


@pytest.mark.parametrize("wrong", [(17,), (0,), (119,), (17, 80), (3, 4)])
def test_right_blocks_among_wrong_ones_are_correct(wrong):
    """What disagrees where a wrong block moves says nothing of the others."""
    rng = np.random.default_rng(0)
    point = {f"b{i}": rng.normal(size=5) for i in range(120)}
    weights = {name: rng.normal(size=5) for name in point}

    def grad(p):
        found = {name: np.cos(p[name]) * weights[name] for name in p}
        for count, index in enumerate(wrong):
            found[f"b{index}"] *= -1 if count % 2 else 1.01
        return found

    report = gp.check(
        lambda p: float(sum(np.sum(np.sin(p[k]) * weights[k]) for k in p)), point, grad=grad
    )
    found = {block.name: str(block.verdict) for block in report.blocks}
    rejected = {f"params['b{index}']" for index in wrong}
    assert {name for name, verdict in found.items() if verdict == "wrong"} == rejected
    assert set(found.values()) == {"wrong", "correct"}
