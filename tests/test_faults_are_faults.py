"""The planted faults are what they say: the twin right, and exactly the entries told wrong."""

import importlib
import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

import gradproof as gp
from gradproof.space.point import Point
from gradproof.subject.claim import match

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
faults = importlib.import_module("faults")

# These change only with the benchmarks; what is said of each is in `tests/test_recorded.py`.
pytestmark = pytest.mark.slow
ALL, ALL_FAULTS = faults.ALL, faults.ALL_FAULTS

KINDS = {
    "scale", "sign", "row-scale", "column-scale", "transpose", "flip", "permutation",
    "other-block", "parameter-term", "zero", "missing-accumulation", "branch", "low-precision",
    "log-parameter", "symmetric-convention", "conjugate", "entries", "not-finite",
    "missing-block", "unexplained", "activation", "block-sum", "constant", "diagonal",
    "entry-factor", "held-fixed", "other-tensor", "term", "truncated",
}  # fmt: skip

# One of each family: the faults of a family share the function, the point and the right twin.
FAMILIES = list({fault.family: fault for fault in ALL_FAULTS}.values())

each_fault = pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.name)
each_family = pytest.mark.parametrize("fault", FAMILIES, ids=lambda fault: fault.family)

# The difference formula with an error of the order of the step to the eighth (Fornberg, 1988).
STEP = 2e-3
COEFFICIENTS = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
MOST = 40  # entries of a block that are measured


def blocks_of(fault, gradient):
    """The gradient's arrays by the names of the point's blocks, and the names without one."""
    point = Point(fault.point)
    claim = match(point, gradient(fault.point, *fault.args))
    names = [block.name for block in point.blocks]
    return dict(zip(names, claim.gradients, strict=True)), {names[i] for i in claim.missing}


def wrong_entries(claimed, right):
    """What differs by more than a millionth of the block's root mean square."""
    gap = np.abs(np.asarray(claimed) - right)
    return ~(gap <= 1e-6 * np.sqrt(np.mean(np.abs(right) ** 2)))


def derivative(movable, leaf, index, unit):
    """The derivative with respect to one real coordinate of a leaf, by eight evaluations."""
    here = leaf[index]
    total = 0.0
    for k, c in COEFFICIENTS.items():
        for sign in (1, -1):
            leaf[index] = here + sign * k * STEP * unit
            total += sign * c * movable.value()
    leaf[index] = here
    return total / STEP


class Movable:
    """A fault's function at a private copy of its point."""

    def __init__(self, fault):
        self.point = Point(fault.point)
        self.fun, self.args = fault.fun, fault.args
        self.leaves = [np.array(self.point.leaf(block.index)) for block in self.point.blocks]

    def value(self):
        return self.fun(self.point.assemble(self.leaves), *self.args)


def test_there_are_enough_and_no_name_comes_twice():
    assert len(ALL_FAULTS) >= 80
    assert len({fault.name for fault in ALL_FAULTS}) == len(ALL_FAULTS)


def test_every_kind_is_somewhere_the_best_answer():
    best = {kinds[0] for fault in ALL_FAULTS for kinds in fault.kinds.values()}
    assert best == KINDS - {"block-sum", "truncated"}  # theirs are among the replicas of `why.py`


@each_fault
def test_the_declaration_is_complete(fault):
    names = {block.name for block in Point(fault.point).blocks}
    assert fault.blocks
    assert set(fault.blocks) <= names
    assert set(fault.blocks) == set(fault.kinds) == set(fault.line)
    assert all(set(kinds) <= KINDS for kinds in fault.kinds.values())


@each_fault
def test_the_line_stands_in_the_source_once(fault):
    own = inspect.getsource(fault.wrong)
    for line in fault.line.values():
        places = [own, *helpers(fault.wrong)]
        assert line is None or [text.count(line) for text in places if line in text][:1] == [1]


def helpers(function):
    """The sources of the functions of the same module that a function calls."""
    named = (function.__globals__.get(name) for name in function.__code__.co_names)
    return [
        inspect.getsource(other)
        for other in named
        if inspect.isfunction(other) and other.__module__ == function.__module__
    ]


@each_family
def test_the_twin_passes_the_check(fault):
    report = gp.check(fault.fun, fault.point, grad=fault.right, args=fault.args)
    assert report.verdict == "correct", str(report)


@each_family
def test_the_twin_is_the_derivative(fault):
    right, missing = blocks_of(fault, fault.right)
    assert not missing
    movable = Movable(fault)
    rng = np.random.default_rng(0)
    for leaf, (name, gradient) in zip(movable.leaves, right.items(), strict=True):
        scale = np.sqrt(np.mean(np.abs(gradient) ** 2))
        for flat in rng.permutation(leaf.size)[:MOST]:
            index = np.unravel_index(flat, leaf.shape)
            measured = derivative(movable, leaf, index, 1)
            if np.iscomplexobj(leaf):
                measured += 1j * derivative(movable, leaf, index, 1j)
            assert abs(measured - gradient[index]) < 1e-8 * scale, (name, index)


@each_fault
def test_exactly_what_is_told_is_wrong(fault):
    right, _ = blocks_of(fault, fault.right)
    claimed, missing = blocks_of(fault, fault.wrong)
    masks = {name: wrong_entries(claimed[name], right[name]) for name in right}
    assert {name for name, mask in masks.items() if mask.any()} == set(fault.blocks)
    for name, told in fault.blocks.items():
        if told == ALL:
            assert masks[name].all(), np.argwhere(~masks[name])[:5]
        else:
            assert {tuple(map(int, i)) for i in np.argwhere(masks[name])} == told
    assert missing == {name for name, kinds in fault.kinds.items() if kinds[0] == "missing-block"}


@each_fault
def test_the_check_finds_the_wrong_blocks_and_no_other(fault):
    report = gp.check(fault.fun, fault.point, grad=fault.wrong, args=fault.args)
    assert report.verdict == "wrong"
    assert {b.name for b in report.blocks if b.verdict != "correct"} == set(fault.blocks)
