"""What is too small to show beside the rest is looked at on its own."""

import numpy as np
import pytest

import gradproof as gp
from gradproof.backend import arrays

rng = np.random.default_rng(7)
C = rng.normal(size=20)


def steep_and_flat(p):
    return 1e6 * np.sum(np.sin(p["steep"])) + 1e-4 * np.sum(np.sin(p["flat"]))


def gradient(p):
    return {"steep": 1e6 * np.cos(p["steep"]), "flat": 1e-4 * np.cos(p["flat"])}


def verdicts(report):
    return [str(block.verdict) for block in report.blocks]


def test_a_block_of_which_nothing_is_claimed_beside_a_steep_one():
    point = {"steep": rng.normal(size=8), "flat": rng.normal(size=8)}
    assert "wrong" not in verdicts(gp.check(steep_and_flat, point, grad=gradient))
    zero = lambda p: {**gradient(p), "flat": np.zeros(8)}
    assert verdicts(gp.check(steep_and_flat, point, grad=zero)) == ["correct", "wrong"]


def test_nothing_claimed_of_a_function_that_hardly_moves():
    tiny = lambda x: 1 + 1e-12 * C @ np.sin(x)
    assert gp.check(tiny, rng.normal(size=20), grad=np.zeros_like).verdict == "wrong"


@pytest.mark.parametrize(
    "flat",
    [
        lambda x: 3.7 + 0 * x.sum(),
        lambda x: np.sum(np.exp(x) / np.exp(x).sum()),
        lambda x: np.sum(np.sin(x[0] + np.arange(20) - x[0])),
        lambda x: np.sum(np.sin(np.float32(1) + x.astype(np.float32) - x.astype(np.float32))),
        lambda x: np.floor(0.5 + 1e-9 * x.sum()),
        lambda x: np.sum((x - x.mean()) / np.sqrt((x - x.mean()).var())),
    ],
    ids=["constant", "softmax", "shift", "float32", "floor", "normalised"],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_true_zero_is_never_accused(flat, seed):
    point = np.random.default_rng(seed).normal(size=20)
    assert gp.check(flat, point, grad=np.zeros_like, seed=seed).verdict in ("correct", "undecided")


@pytest.mark.parametrize("n", [5, 50, 5_000])
def test_a_small_entry_beside_large_ones(n):
    slopes = np.full(n, 1e9)
    slopes[n // 3] = 1.0
    fun, point = (lambda x: slopes @ x), np.random.default_rng(n).normal(size=n)
    right = gp.check(fun, point, grad=lambda _: slopes.copy())
    assert right.ok
    assert right.evaluations < 60
    claimed = slopes.copy()
    claimed[n // 3] = -1.0
    wrong = gp.check(fun, point, grad=lambda _: claimed.copy())
    assert wrong.verdict == "wrong"
    assert any(finding.entries == ((n // 3,),) for finding in wrong.findings)


def test_round_off_of_the_large_entries_is_no_fault_of_the_small_ones():
    """What is left over where large terms cancel is as good as their round-off, and no better."""
    a = np.random.default_rng(3).normal(size=30)
    fun = lambda x: 1e9 * np.sum(a[1:] * x[1:]) + np.sin(x[0])
    grad = lambda x: np.concatenate([[np.cos(x[0]) + 1e9 - 1e9 * (1 + 1e-14)], 1e9 * a[1:]])
    assert gp.check(fun, np.random.default_rng(4).normal(size=30), grad=grad).ok


def test_smallest_entries():
    array = np.array([[3.0, 0.0], [-1e-9, 2e-9]])
    assert arrays.smallest(array, 1e-8, 10) == (2, 3)
    assert arrays.smallest(array, 0.0, 10) == ()
    assert len(arrays.smallest(np.full(100_000, 1e-9), 1e-8, 4096)) <= 4096
