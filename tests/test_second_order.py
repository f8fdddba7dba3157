"""The specimens of second-order claims: every right one accepted, every wrong one named."""

import sys
from pathlib import Path

import numpy as np
import optree
import pytest

import gradproof as gp

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import second_order
from curvature import mechanics, networks, statistics

CASES = [*statistics.CASES, *mechanics.CASES, *networks.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_right_beside_wrong(case):
    for row in second_order.rows([case]):
        assert row["first"] == "correct", row
        assert row["verdict"] == ("wrong" if row["wrong"] else "correct"), row
        assert row.get("named", True), row


def test_there_are_enough_of_them_and_they_cost_little():
    figures = second_order.score(list(second_order.rows()))
    assert figures["right"] >= 40
    assert figures["wrong"] >= 40
    assert figures["ratio"] <= 2


def matrices(case):
    """The claims that are one array."""
    for name, claim in case.right.items():
        made = claim["hess"](case.point) if callable(claim.get("hess")) else None
        if isinstance(made, np.ndarray) and made.ndim > 1:
            yield name, claim["hess"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_right_at_other_points(case):
    generator = np.random.default_rng(7)
    move = lambda x: np.asarray(x) + 0.1 * generator.normal(size=np.shape(x)) * np.abs(x)
    for _ in range(3):
        point = optree.tree_map(move, case.point)
        for _, hess in matrices(case):
            report = gp.check(case.fun, point, grad=case.grad, hess=hess)
            assert not report.verdict.rejects, report.text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_single_entry_that_is_off_is_found(case):
    generator = np.random.default_rng(11)
    for _, hess in matrices(case):
        size = hess(case.point).size
        whole = hess(case.point).reshape(int(size**0.5), -1)
        rows, cols = np.nonzero(np.abs(whole) > 1e-3 * np.abs(whole).max())
        for share in (1e-1, 1e-3):
            k = generator.integers(len(rows))
            i, j = rows[k], cols[k]

            def spoiled(point, i=i, j=j, share=share, hess=hess, whole=whole):
                made = np.array(hess(point)).reshape(whole.shape)
                made[i, j] *= 1 + share
                return made.reshape(hess(point).shape)

            report = gp.check(case.fun, case.point, grad=case.grad, hess=spoiled)
            assert report.verdict.rejects
