"""Faults alone, together, hidden behind each other: the text that comes back is the right one."""

from dataclasses import dataclass, field

import pytest

from gradproof.repair import suggest_fixes
from gradproof.repair.attempts import Attempt
from gradproof.repair.edit import Edit
from gradproof.repair.search import Search
from gradproof.repair.validation import Judged
from planting import NETWORK, RIDGE, WEIGHT, planted, wrong

NETWORKS = {
    "a factor": [("dW1 = X.T", "dW1 = 2 * X.T")],
    "a sign and a factor in two blocks": [
        ("dW1 = X.T", "dW1 = -X.T"),
        ("db2 = dZ2.sum", "db2 = 3 * dZ2.sum"),
    ],
    "means for sums": [("dZ2.sum(axis=0)", "dZ2.mean(axis=0)"), ("dZ1.sum", "dZ1.mean")],
    "three in three blocks": [
        ("dW2 = H.T @ dZ2", "dW2 = H.T @ dZ2 / m"),
        ("db2 = dZ2.sum", "db2 = -dZ2.sum"),
        ("dW1 = X.T @ dZ1", "dW1 = dZ1.T @ X"),
    ],
    "the same slip in two statements": [
        ("dW2 = H.T @ dZ2", "dW2 = H.T @ dZ2 / m"),
        ("dW1 = X.T @ dZ1", "dW1 = X.T @ dZ1 / m"),
    ],
    "a sign that all blocks share and a factor": [
        ("(Z - Y) / m", "(Y - Z) / m"),
        ("dW1 = X.T", "dW1 = 2 * X.T"),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("changes", NETWORKS.values(), ids=NETWORKS)
def test_the_right_text_comes_back(tmp_path, changes):
    first, *_ = suggest_fixes(wrong(planted(tmp_path, NETWORK, *changes)), most=1)
    assert first.repaired == NETWORK


def test_a_missing_decay_gets_its_coefficients_name(tmp_path):
    module = planted(tmp_path, RIDGE, (' + LAMBDA * params["W"]}', "}"))
    first, *_ = suggest_fixes(wrong(module, WEIGHT))
    assert first.repaired == RIDGE


@pytest.mark.parametrize(
    ("old", "new"), [("@ R + LAMBDA", "@ R - LAMBDA"), ("@ R + LAMBDA", "@ R + 2 * LAMBDA")]
)
def test_a_wrong_decay_is_changed_and_not_added_to(tmp_path, old, new):
    first, *_ = suggest_fixes(wrong(planted(tmp_path, RIDGE, (old, new)), WEIGHT))
    assert first.repaired == RIDGE


@pytest.mark.slow
def test_two_faults_of_one_statement_neither_of_which_helps_alone(tmp_path):
    module = planted(
        tmp_path,
        RIDGE,
        ("X.T @ R + LAMBDA", "X.T @ R * LAMBDA + LAMBDA"),
        ('    R = X @ params["W"] - Y\n    return {', '    R = X @ params["W"] + Y\n    return {'),
    )
    first, *_ = suggest_fixes(wrong(module, WEIGHT))
    assert first.repaired == RIDGE


@pytest.mark.slow
def test_where_no_edit_helps_the_nearest_miss_is_told(tmp_path):
    module = planted(tmp_path, RIDGE, ('X.T @ R + LAMBDA * params["W"]', 'params["W"] ** 3'))
    found = suggest_fixes(wrong(module, WEIGHT))
    assert not found
    assert found.complete
    assert "no two of them together" in found.reason
    assert found.closest.wrong == ("params['W']",)


# The rules by which one repair is preferred, on attempts whose outcomes are given

WRONG = Judged(frozenset({0, 1}), (1.0, 1.0), "")


def right(mark, error=1e-12):
    return Judged(frozenset(), (error,), mark)


def edit(place, cost, new="x", end=None):
    end = place + 1 if end is None else end
    return Edit(place, end, new, "name", 1, f"edit at {place}", cost)


@dataclass
class Prepared:
    """Attempts whose outcomes are known beforehand, by the edits' places."""

    outcomes: dict[tuple[int, ...], Judged]
    asked: list[tuple[int, ...]] = field(default_factory=list)
    other: Judged = WRONG

    def run(self, candidates):
        for edits in candidates:
            places = tuple(sorted(one.begin for one in edits))
            self.asked.append(places)
            yield Attempt(edits, self.outcomes.get(places, self.other))


def search(outcomes, edits, confirm=lambda _: True, wanted=3):
    return Search(Prepared(outcomes), edits, WRONG, wanted, confirm)


def places(found):
    return [tuple(one.begin for one in attempt.edits) for attempt in found]


def test_of_two_repairs_with_one_gradient_the_likelier_is_kept():
    edits = [edit(0, 1.0), edit(10, 1.0, new="longer"), edit(20, 1.4)]
    outcomes = {(10,): right("a"), (20,): right("a")}
    assert places(search(outcomes, edits).run()) == [(10,)]


def test_of_equally_likely_ones_the_shorter_text():
    edits = [edit(0, 1.0, new="longer"), edit(10, 1.0, new="")]
    outcomes = {(0,): right("a"), (10,): right("a")}
    assert places(search(outcomes, edits).run()) == [(10,)]


def test_one_edit_is_simpler_than_two_likelier_ones():
    edits = [edit(0, 0.1), edit(10, 0.1), edit(20, 0.9)]
    halves = {(0,): Judged(frozenset({1}), (1.0,), ""), (10,): Judged(frozenset({0}), (1.0,), "")}
    outcomes = {**halves, (0, 10): right("a"), (20,): right("a")}
    assert places(search(outcomes, edits).run()) == [(20,)]


def test_another_edit_gets_its_chance_where_one_was_denied():
    edits = [edit(0, 1.0), edit(10, 1.1)]
    outcomes = {(0,): right("a"), (10,): right("a")}
    under_way = search(outcomes, edits, confirm=lambda attempt: attempt.edits[0].begin == 10)
    assert places(under_way.run()) == [(10,)]
    assert places(under_way.refuted) == [(0,)]


def test_much_less_likely_edits_are_left_alone_once_a_repair_is_known():
    edits = [edit(0, 1.0), edit(10, 1.9), edit(20, 2.1)]
    under_way = search({(0,): right("a"), (20,): right("b")}, edits)
    assert places(under_way.run()) == [(0,)]
    assert under_way.attempts.asked == [(0,), (10,)]


def test_what_is_not_exact_gives_way_to_what_is():
    edits = [edit(0, 1.0), edit(10, 1.1)]
    outcomes = {(0,): right("rounded", 5e-8), (10,): right("exact", 1e-12)}
    assert places(search(outcomes, edits).run()) == [(10,)]


def test_a_fault_that_hides_behind_a_later_one_is_looked_for_from_there():
    edits = [edit(0, 1.0), edit(10, 1.0), edit(20, 1.0)]
    outcomes = {(0,): Judged(frozenset({1}), (1.0,), ""), (0, 20): right("a")}
    assert places(search(outcomes, edits).run()) == [(0, 20)]


def test_a_slip_that_blocks_share_is_likelier_than_one_in_each():
    edits = [edit(0, 0.1), edit(10, 0.1), edit(20, 0.1), edit(30, 0.5), edit(40, 0.6)]
    base = Judged(frozenset({0, 1, 2}), (1.0,), "")
    outcomes = {
        (0,): Judged(frozenset({1, 2}), (1.0,), ""),
        (10,): Judged(frozenset({0, 2}), (1.0,), ""),
        (20,): Judged(frozenset({0, 1}), (1.0,), ""),
        (0, 10, 20): right("a"),
        (30,): Judged(frozenset({2}), (1.0,), ""),
        (30, 40): right("a"),
    }
    assert places(Search(Prepared(outcomes, other=base), edits, base, 1, lambda _: True).run()) == [
        (30, 40)
    ]


def test_pairs_are_of_edits_that_change_what_is_wrong_and_nothing_else():
    edits = [edit(0, 1.0), edit(10, 1.0), edit(20, 1.0), edit(30, 1.0)]
    outcomes = {
        (0,): Judged(frozenset({0, 1}), (0.5, 1.0), ""),
        (10,): Judged(frozenset({0, 1}), (2.0, 1.0), ""),
        (20,): Judged(frozenset({0, 1, 2}), (2.0, 1.0), ""),
        (0, 10): right("a"),
    }
    under_way = search(outcomes, edits)
    assert places(under_way.run()) == [(0, 10)]
    assert [one for one in under_way.attempts.asked if len(one) == 2] == [(0, 10)]


def test_of_edits_that_do_the_same_few_are_paired():
    edits = [edit(10 * k, 1.0) for k in range(6)]
    same = {(10 * k,): Judged(frozenset({0, 1}), (0.5, 1.0), "") for k in range(6)}
    under_way = search(same, edits)
    assert under_way.run() == []
    assert [one for one in under_way.attempts.asked if len(one) == 2] == [(0, 10)]
