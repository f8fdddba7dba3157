import numpy as np
import pytest
from hypothesis import strategies as st

import gradproof as gp
from gradproof.hunt.cover import Planner
from gradproof.hunt.family import Family
from gradproof.hunt.space import Hints

SPACES = {
    "shape": gp.arrays((3, 2)),
    "any shape": gp.arrays(),
    "a side": gp.arrays(4),
    "some shapes": gp.arrays(gp.shapes(1, 2, 1, 5)),
    "low": gp.arrays(3, low=0),
    "high": gp.arrays(3, high=-1),
    "both": gp.arrays((2, 2), low=-1, high=1),
    "integers in an array": gp.arrays(3, dtype=int, low=0, high=4),
    "floats": gp.floats(0.1, 10),
    "all floats": gp.floats(),
    "integers": gp.integers(2, 40),
    "one of": gp.one_of(1, None, "a"),
    "positive definite": gp.positive_definite(3),
    "simplex": gp.simplex(4),
    "sorted": gp.sorted((2, 4)),
    "ties": gp.ties(5),
    "trees": gp.trees(),
    "strategy": st.lists(st.floats(0, 1), min_size=1, max_size=3),
}


def tries(space, count=200, **more):
    planner = Planner(Family({"point": space, **more}), Hints((4.25,), (16,)), 0)
    found = []
    while len(found) < count and (batch := planner.batch(count - len(found))):
        found += batch
    return found


@pytest.mark.parametrize("name", SPACES)
def test_all_that_is_tried_and_all_that_is_simpler_lies_in_the_space(name):
    family = Family({"point": SPACES[name]})
    made = tries(SPACES[name], 60)
    assert len(made) > 2
    assert len({one.key for one in made}) == len(made)
    for one in made:
        assert family.spaces[0].contains(one.values["point"]), one
        for k, simpler in enumerate(family.simpler(one.values)):
            assert family.spaces[0].contains(simpler["point"]), (one, simpler)
            if k > 20:
                break


def test_named_sides_are_equally_long():
    point = {"W": gp.arrays(("n", "m")), "b": gp.arrays(("m",)), "k": gp.arrays((2,))}
    shapes = set()
    for one in tries(point):
        value = one.values["point"]
        assert value["W"].shape[1] == value["b"].shape[0]
        assert value["k"].shape == (2,)
        shapes.add(value["W"].shape)
    assert len(shapes) > 10
    assert {1, 3} <= {n for n, _ in shapes}
    assert any(n != m for n, m in shapes)


def test_every_special_fill_meets_every_setting():
    made = tries(gp.arrays((3,)), 300, a=gp.one_of(1, 2, 3))
    zeros = {one.values["a"] for one in made if not one.values["point"].any()}
    assert zeros == {1, 2, 3}
    both = tries(gp.arrays((3,)), 300, a=gp.one_of(1, 2, 3), b=gp.one_of(True, False))
    assert len({(one.values["a"], one.values["b"]) for one in both}) == 6


def test_numbers_and_sizes_in_the_code_are_tried():
    made = tries(gp.arrays(gp.shapes(1, 1)), 300)
    entries = np.concatenate([one.values["point"].ravel() for one in made])
    assert 4.25 in entries
    assert {15, 16, 17} <= {one.values["point"].size for one in made}


def test_a_space_is_used_up():
    hunt = gp.hunt(
        lambda x, k: float(k * x * x), 1.5, grad=lambda x, k: 2 * k * x, k=gp.one_of(1, 2, 3)
    )
    assert hunt.ok
    assert hunt.tries == 3


@pytest.mark.slow
def test_hypothesis_strategies_are_taken_as_they_are():
    strategy = st.lists(st.floats(-5, 5), min_size=1, max_size=4).map(np.array)
    fun = lambda x: float(np.sum(x**2))
    hunt = gp.hunt(fun, strategy, grad=lambda x: 2 * np.where(x > 3, 1, x), tries=120)
    assert hunt.found
    assert gp.hunt(fun, strategy, grad=lambda x: 2 * x, tries=120).ok
    (value,) = hunt.found[0].values.values()
    assert len(value) == 1


@pytest.mark.parametrize("right", [True, False])
def test_positive_definite_points(right):
    def fun(a):
        return float(np.linalg.slogdet(a)[1])

    def grad(a):
        inverse = np.linalg.inv(a)
        off = np.abs(a - np.diag(np.diag(a))).max() == 0
        return inverse if right or not off else 2 * inverse

    hunt = gp.hunt(fun, gp.positive_definite(3), grad=grad, tries=100)
    assert hunt.ok is right, hunt


def test_containers_of_any_structure():
    def total(tree):
        if isinstance(tree, dict):
            return sum(total(v) for v in tree.values())
        if isinstance(tree, list | tuple):
            return sum(total(v) for v in tree)
        return np.sum(tree**2)

    def twice(tree, wrong):
        if isinstance(tree, dict):
            return {k: twice(v, wrong) for k, v in tree.items()}
        if isinstance(tree, list | tuple):
            return type(tree)(twice(v, wrong and isinstance(tree, tuple)) for v in tree)
        return (3 if wrong else 2) * tree

    fun = lambda tree: float(total(tree))
    assert gp.hunt(fun, gp.trees(), grad=lambda t: twice(t, False), tries=100).ok
    hunt = gp.hunt(fun, gp.trees(), grad=lambda t: twice(t, isinstance(t, tuple)), tries=100)
    assert isinstance(hunt.found[0].values["point"], tuple)
    assert len(hunt.found[0].values["point"]) == 1
