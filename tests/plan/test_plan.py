"""The plan, driven by a world that knows which blocks are wrong."""

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.plan.effort import LEVELS
from gradproof.plan.setting import Setting
from gradproof.plan.strategy import _STRATEGIES, Plan, strategies, strategy
from gradproof.records.block import Block
from gradproof.records.judgement import Judgement
from gradproof.records.verdict import Verdict

COST = 8  # evaluations of one slope


def blocks(*counts, scale=1.0):
    return [Block(i, f"p[{i}]", (n,), "float64", n, scale) for i, n in enumerate(counts)]


@dataclass(frozen=True)
class Known:
    """The state of such a check."""

    setting: Setting
    judgements: tuple
    drawn: int = 0
    evaluations: int = 0
    disagreed: bool = False
    disagreements: int = 0
    kinked: tuple = ()
    one_sided: tuple = ()


@dataclass
class World:
    """Answers a plan: ``wrong`` blocks disagree wherever they move.

    ``blunt`` blocks never get sharp, and ``vague`` ones are never decided by random directions.
    """

    setting: Setting
    wrong: set = field(default_factory=set)
    blunt: set = field(default_factory=set)
    vague: set = field(default_factory=set)
    cost: int = COST
    asked: list = field(default_factory=list)
    judgements: list = field(default_factory=list)
    draws: Counter = field(default_factory=Counter)
    entries: Counter = field(default_factory=Counter)
    cleared: set = field(default_factory=set)

    def run(self):
        self.judgements = [self.judgement(block) for block in self.setting.blocks]
        plan, state = Plan(), Known(self.setting, tuple(self.judgements))
        while (direction := plan.next(state)) is not None:
            self.asked.append(direction)
            assert len(self.asked) < 5000, "the plan never ends"
            state = self.answer(state, direction)
        return self

    def answer(self, state, direction):
        moved = [part.block for part in direction.parts]
        disagreed = not self.wrong.isdisjoint(moved)
        if len(moved) == 1:
            entry = direction.parts[0].entry is not None
            (self.entries if entry else self.draws)[moved[0]] += 1
        if not disagreed:
            self.cleared.update(moved)
        for i in moved:
            self.judgements[i] = self.judgement(self.setting.blocks[i])
        return Known(
            self.setting, tuple(self.judgements), len(self.asked), self.cost * len(self.asked),
            disagreed, state.disagreements + disagreed,
        )  # fmt: skip

    def judgement(self, block):
        i, swept = block.index, self.entries[block.index] >= block.count
        draws = self.draws[i] + (1 if swept and block.count == 1 else 0)
        seen, doubtful = draws > 0 or swept, i in self.vague and not swept
        if i in self.wrong and seen:
            verdict = Verdict.WRONG
        elif (seen or i in self.cleared) and not doubtful:
            verdict = Verdict.CORRECT
        else:
            verdict = Verdict.UNDECIDED
        sharp = verdict is not Verdict.UNDECIDED and i not in self.blunt
        return Judgement(
            verdict=verdict, error=0.0, bar=0.0, low=0.0, high=0.0,
            resolution=1e-9 if sharp else 1e-3, size=1.0, draws=draws, sharp=sharp,
            open=doubtful, zero=False,
        )  # fmt: skip

    @property
    def joint(self):
        return [d for d in self.asked if d.block is None]

    @property
    def alone(self):
        return [d.block for d in self.asked if d.block is not None]

    @property
    def verdicts(self):
        return {i: judgement.verdict for i, judgement in enumerate(self.judgements)}


def world(found, level="standard", norms=None, seed=0, **kwargs):
    norms = [1.0] * len(found) if norms is None else norms
    setting = Setting(found, norms, LEVELS[level], seed, lambda block, entry: 0.5 + entry)
    return World(setting, **kwargs).run()


# All at once, and no more


@pytest.mark.parametrize("level", ["quick", "standard", "thorough"])
@pytest.mark.parametrize("n", [2, 6, 40])
def test_where_all_agree_the_joint_directions_are_enough(level, n):
    seen = world(blocks(*[50] * n), level)
    assert len(seen.asked) == LEVELS[level].joint
    assert all({p.block for p in d.parts} == set(range(n)) for d in seen.asked)


@pytest.mark.parametrize("level", ["quick", "standard", "thorough"])
def test_a_single_block_is_moved_alone(level):
    seen = world(blocks(50), level)
    assert seen.joint == []
    assert 1 <= len(seen.asked) <= LEVELS[level].most
    assert seen.verdicts == {0: "correct"}


def test_a_single_number_is_measured_once():
    seen = world(blocks(1))
    assert len(seen.asked) == 1
    assert seen.asked[0].parts[0].entry == 0


def test_every_direction_is_a_fresh_draw_of_the_seed():
    seen = world(blocks(*[20] * 6), wrong={2}, blunt={4}, seed=7)
    assert {d.seed for d in seen.asked} == {7}
    assert [d.draw for d in seen.asked] == list(range(len(seen.asked)))


# Who was it


@given(st.integers(2, 12), st.data())
def test_few_blocks_are_each_looked_at(n, data):
    wrong = data.draw(st.sets(st.integers(0, n - 1), min_size=1))
    seen = world(blocks(*[30] * n), wrong=wrong)
    assert set(seen.alone) == set(range(n))
    assert {i for i, verdict in seen.verdicts.items() if verdict == "wrong"} == wrong


@given(st.integers(13, 100), st.data())
def test_one_of_many_is_found_by_halving(n, data):
    wrong_ones = data.draw(st.integers(0, n - 1))
    seen = world(blocks(*[30] * n), wrong={wrong_ones})
    assert seen.verdicts[wrong_ones] == "wrong"
    assert wrong_ones in seen.alone
    assert len(set(seen.alone)) <= 3  # it, and who shared the last halves with it
    assert len(seen.asked) <= 3 + 2 * math.ceil(math.log2(n)) + LEVELS["standard"].own


@pytest.mark.parametrize("wrong", [{0, 63}, {5, 6, 7}, {10, 20, 30, 40}])
def test_several_of_many_are_all_found_within_a_larger_budget(wrong):
    seen = world(blocks(*[30] * 64), "thorough", wrong=wrong)
    assert {i for i, verdict in seen.verdicts.items() if verdict == "wrong"} == wrong


@pytest.mark.parametrize("level", ["quick", "standard", "thorough"])
def test_naming_stops_at_the_budget(level):
    n = 400
    seen = world(blocks(*[30] * n), level, wrong=set(range(n)))
    assert any(verdict == "wrong" for verdict in seen.verdicts.values())
    assert COST * len(seen.asked) <= 2 * LEVELS[level].name + LEVELS[level].most * COST


def test_somebody_is_named_even_if_slopes_are_dear():
    """A disagreement of all together that nobody is accused of would be a missed fault."""
    seen = world(blocks(*[30] * 12), wrong={11}, cost=24)
    assert seen.verdicts[11] == "wrong"


def test_a_block_whose_claim_is_not_finite_is_measured_alone():
    seen = world(blocks(30, 30, 30), norms=[1.0, math.inf, 1.0])
    assert all(d.part(1) is None for d in seen.joint)
    assert 1 in seen.alone


def test_nothing_but_claims_that_are_not_finite():
    seen = world(blocks(30, 30), norms=[math.inf, math.inf])
    assert seen.joint == []
    assert set(seen.alone) == {0, 1}


# Sharper, and entry by entry


def test_blunt_blocks_are_measured_again_alone():
    seen = world(blocks(*[30] * 5), blunt={1, 3})
    assert set(seen.alone) == {1, 3}
    assert seen.alone.count(1) == seen.alone.count(3) == LEVELS["standard"].own


def test_sharpening_stops_at_its_budget():
    n = 100
    seen = world(blocks(*[30] * n), blunt=set(range(n)))
    assert COST * len(seen.asked) <= LEVELS["standard"].sharpen + COST
    assert len(world(blocks(*[30] * n), "quick", blunt=set(range(n))).asked) == 2


def test_the_bluntest_comes_first():
    class Uneven(World):
        def judgement(self, block):
            j = super().judgement(block)
            return j if j.sharp else dataclasses.replace(j, resolution=1.0 + block.index)

    setting = Setting(blocks(30, 30, 30), [1.0] * 3, LEVELS["standard"], 0, lambda b, e: 1.0)
    assert Uneven(setting, blunt={0, 1, 2}).run().alone[0] == 2


def test_a_small_block_in_doubt_is_swept():
    seen = world(blocks(30, 5), vague={1})
    entries = [d.parts[0] for d in seen.asked if d.block == 1 and d.parts[0].entry is not None]
    assert [part.entry for part in entries] == [0, 1, 2, 3, 4]
    assert [part.step for part in entries] == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert seen.verdicts[1] == "correct"


def test_a_large_block_in_doubt_is_not():
    seen = world(blocks(30, 500), vague={1})
    assert all(d.parts[0].entry is None for d in seen.asked)
    assert seen.verdicts[1] == "undecided"


def test_a_block_in_doubt_is_drawn_until_the_limit_and_not_for_ever():
    seen = world(blocks(500, 500), vague={0, 1})
    assert max(seen.alone.count(0), seen.alone.count(1)) <= LEVELS["standard"].most


def test_a_sweep_measures_every_entry_of_every_block():
    seen = world(blocks(3, 40, 1), "sweep")
    swept = [(d.block, d.parts[0].entry) for d in seen.asked if d.block is not None]
    assert {(0, i) for i in range(3)} | {(1, i) for i in range(40)} | {(2, 0)} <= set(swept)


# How far blocks move


def setting(found, norms):
    return Setting(found, norms, LEVELS["standard"], 0, lambda block, entry: 1.0)


def test_blocks_contribute_alike_to_a_joint_direction():
    found = [Block(i, f"p[{i}]", (9,), "float64", 9, 10.0**i) for i in range(3)]
    norms = [3.0, 0.1, 0.02]
    direction = setting(found, norms).joint(range(3), 0)
    shares = [part.step * norm for part, norm in zip(direction.parts, norms, strict=True)]
    assert shares == pytest.approx([shares[0]] * 3)


def test_no_block_is_moved_far_beyond_its_own_scale():
    norms = [1e-12, 1.0, 1e12, 1.0, 0.0]
    direction = setting(blocks(*[9] * 5, scale=2.0), norms).joint(range(5), 0)
    steps = np.array([part.step for part in direction.parts])
    assert steps.max() <= 20.0
    assert steps.min() >= 0.2
    assert steps[4] == 2.0


def test_all_zero_claims_move_by_their_own_scales():
    direction = setting(blocks(9, 9, scale=3.0), [0.0, 0.0]).joint(range(2), 0)
    assert [part.step for part in direction.parts] == [3.0, 3.0]


# A strategy from outside


def test_a_strategy_is_registered_under_a_name_and_takes_its_place(monkeypatch):
    before = world(blocks(30, 30))
    monkeypatch.setattr(_STRATEGIES, "entries", _STRATEGIES.all())

    @strategy("once-more", place=15)
    def once_more(state):
        return (yield state.setting.alone(0, state.drawn))

    assert [one.name for one in strategies()][:3] == ["joint", "once-more", "single-out"]
    assert [d.block for d in world(blocks(30, 30)).asked] == [None, None, 0]
    assert [d.block for d in before.asked] == [None, None]
