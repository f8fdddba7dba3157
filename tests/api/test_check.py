"""The loop itself: what is counted, replayed, left untouched and told."""

import copy

import numpy as np
import pytest

import gradproof as gp


class Counted:
    """A right specimen, its wrong twin, and how often both are called."""

    def __init__(self, wrong=1.0):
        self.wrong, self.values, self.gradients = wrong, 0, 0

    def fun(self, p, shift=0.0):
        self.values += 1
        return float(np.sum(np.tanh(p["a"])) + np.sum(np.sin(p["b"] + shift)))

    def grad(self, p, shift=0.0):
        self.gradients += 1
        return {"a": self.wrong / np.cosh(p["a"]) ** 2, "b": np.cos(p["b"] + shift)}

    def both(self, p):
        return self.fun(p), self.grad(p)


def point(seed=0):
    rng = np.random.default_rng(seed)
    return {"a": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}


@pytest.mark.parametrize("wrong", [1.0, 1.01])
@pytest.mark.parametrize("effort", ["quick", "standard", "thorough", "sweep"])
def test_every_call_is_counted(effort, wrong):
    counted = Counted(wrong)
    report = gp.check(counted.fun, point(), grad=counted.grad, effort=effort)
    assert report.evaluations == counted.values
    assert report.gradient_calls == counted.gradients
    assert report.verdict == ("correct" if wrong == 1 else "wrong")


def test_calls_that_give_both_are_counted_once():
    counted = Counted()
    report = gp.check(counted.both, point(), grad=True)
    assert report.evaluations == counted.values
    assert report.ok


def test_calls_beside_a_kink_and_in_low_precision_are_counted_too():
    for dtype in (np.float64, np.float32):
        values = gradients = 0

        def fun(w):
            nonlocal values
            values += 1
            return np.sum(np.maximum(w, 0) * np.arange(1, 5).astype(w.dtype))

        def grad(w):
            nonlocal gradients
            gradients += 1
            return ((w > 0) * np.arange(1, 5)).astype(w.dtype)

        report = gp.check(fun, np.array([0.0, 1.0, -1.0, 0.0], dtype), grad=grad)
        assert report.ok
        assert (report.evaluations, report.gradient_calls) == (values, gradients)


def test_a_finished_gradient_is_not_called():
    counted, p = Counted(), point()
    report = gp.check(counted.fun, p, grad=Counted().grad(p))
    assert report.gradient_calls == 0
    assert report.ok
    assert gp.check(counted.fun, p, grad=Counted(1.01).grad(p)).verdict == "wrong"


def plain(report):
    facts = report.to_dict()
    facts.pop("seconds")
    return facts


def test_the_same_seed_gives_the_same_report():
    once, again = (gp.check(Counted().fun, point(), grad=Counted().grad, seed=3) for _ in range(2))
    other = gp.check(Counted().fun, point(), grad=Counted().grad, seed=4)
    assert plain(once) == plain(again) != plain(other)
    assert once.seed == 3


def test_the_global_generators_are_left_as_they_were():
    np.random.seed(5)  # noqa: NPY002 - it is the global generator that must not move
    expected = np.random.get_state()[1].copy()  # noqa: NPY002
    gp.check(lambda w: float(np.sum(w**2) + np.random.normal()), np.ones(3), grad=lambda w: 2 * w)  # noqa: NPY002
    assert (np.random.get_state()[1] == expected).all()  # noqa: NPY002


def test_the_users_arrays_are_never_written_to():
    p = point()
    before = copy.deepcopy(p)
    for array in p.values():
        array.flags.writeable = False
    assert not gp.check(Counted().fun, p, grad=Counted(1.01).grad, effort="thorough")
    assert all((p[name] == before[name]).all() for name in p)


def test_further_arguments_reach_both_functions():
    counted = Counted()
    assert gp.check(counted.fun, point(), grad=counted.grad, args=(0.7,)).ok
    assert gp.check(counted.fun, point(), grad=counted.grad, kwargs={"shift": 0.7}).ok
    twin = lambda p, shift=0.0: counted.grad(p)
    report = gp.check(counted.fun, point(), grad=twin, args=(0.7,))
    assert [b.verdict for b in report.blocks if b.name == "params['b']"] == ["wrong"]


def test_the_report_has_a_name():
    counted = Counted()
    assert gp.check(counted.fun, point(), grad=counted.grad).name == "fun"
    assert gp.check(counted.fun, point(), grad=counted.grad, name="mine").name == "mine"


def test_more_effort_never_spends_less():
    spent = [
        gp.check(Counted().fun, point(), grad=Counted().grad, effort=effort).evaluations
        for effort in ("quick", "standard", "thorough")
    ]
    assert spent == sorted(spent)


def test_the_users_bands_decide():
    counted = Counted(1 + 1e-4)
    assert gp.check(counted.fun, point(), grad=counted.grad).verdict == "wrong"
    report = gp.check(counted.fun, point(), grad=counted.grad, correct_below=1e-3)
    assert report.ok
    assert {block.correct_below for block in report.blocks} == {1e-3}
    loose = gp.check(counted.fun, point(), grad=counted.grad, wrong_above=1e-2)
    assert loose.verdict == "suspect"


def test_only_the_wrong_block_is_accused_and_told():
    report = gp.check(Counted().fun, point(), grad=Counted(1.01).grad)
    verdicts = {block.name: block.verdict for block in report.blocks}
    assert verdicts == {"params['a']": "wrong", "params['b']": "correct"}
    assert [finding.block for finding in report.findings] == ["params['a']"]
    with pytest.raises(gp.GradientError) as caught:
        report.raise_if_wrong()
    assert caught.value.report is report


def test_a_sweep_gives_the_exact_difference():
    p = point()
    right, claimed = Counted().grad(p), Counted(1.01).grad(p)
    flat = lambda g: np.concatenate([g["a"].ravel(), g["b"]])
    gap = np.linalg.norm(flat(claimed) - flat(right))
    exact = gap / (np.linalg.norm(flat(claimed)) + np.linalg.norm(flat(right)))
    report = gp.check(Counted().fun, p, grad=claimed, effort="sweep")
    assert report.difference == pytest.approx(exact, rel=1e-6)


def test_a_function_of_no_finite_value_is_undecided_and_told():
    report = gp.check(lambda w: float("nan"), np.ones(3), grad=lambda w: w)
    assert report.verdict == "undecided"
    assert "nan" in report.findings[0].message


def test_a_claim_far_below_the_value_where_nothing_moves_is_zero():
    """Round-off of a saturated loss, entry by entry: it has no size of its own."""
    point = {"a": np.ones(3), "b": np.ones(3)}

    def fun(p):
        return float(np.sum(p["a"] ** 2) + 0 * p["b"].sum())

    def grad(size):
        return lambda p: {"a": 2 * p["a"], "b": np.array([size, 0.0, 0.0])}

    assert gp.check(fun, point, grad=grad(1e-30), effort="sweep").ok
    assert gp.check(fun, point, grad=grad(1e-3), effort="sweep").verdict is gp.Verdict.WRONG


def test_far_beyond_the_slopes_of_a_kink_is_wrong():
    """A gradient already computed cannot be checked beside the kink, but no choice is so large."""

    def fun(w):
        return float(np.abs(w).sum())

    w = np.array([0.0, 1.0, -2.0])
    report = gp.check(fun, w, grad=np.array([4.0, 1.0, -1.0]))
    assert report.verdict == "wrong"
    assert report.findings[-1].entries == ((0,),)
    assert report.evaluations < 500
    assert gp.check(fun, w, grad=np.array([0.3, 1.0, -1.0])).ok
    assert gp.check(fun, w, grad=np.array([2.0, 1.0, -1.0])).verdict == "undecided"
