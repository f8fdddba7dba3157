"""What a candidate might spoil for the next one is seen."""

import functools
import random

import numpy as np
import pytest

from gradproof.repair.surroundings import Surroundings

TABLE = {"rates": [np.ones(2), 3.0]}


class Model:
    def __init__(self):
        self.weights = np.ones(3)
        self.steps = 0

    def step(self):
        self.steps += 1


def reads_a_global(w):
    return w * TABLE["rates"][1]


def closing(array):
    def inner(w, more=array * 2):
        return w + array + more

    return inner


def closing_late():
    def inner():
        return late

    if TABLE is None:
        late = 1
    return inner


def test_as_long_as_nothing_changes_the_state_is_the_same():
    around = Surroundings.of([reads_a_global, closing(np.ones(2))], (np.zeros(3),), {"m": Model()})
    assert around.state() == around.state()


def spoil_global():
    TABLE["rates"][1] += 1


def spoil_array():
    TABLE["rates"][0][1] = 7


def test_globals_that_a_function_reads(monkeypatch):
    monkeypatch.setitem(TABLE, "rates", [np.ones(2), 3.0])
    around = Surroundings.of([reads_a_global])
    for spoil in (spoil_global, spoil_array):
        before = around.state()
        spoil()
        assert around.state() != before


@pytest.mark.parametrize("name", ["weights", "steps"])
def test_what_an_argument_holds(name):
    model = Model()
    around = Surroundings.of([], [model])
    before = around.state()
    setattr(model, name, getattr(model, name) + 1)
    assert around.state() != before


def test_the_object_of_a_method_and_what_a_partial_holds():
    model, array = Model(), np.ones(2)
    around = Surroundings.of([], model.step, functools.partial(max, array))
    before = around.state()
    model.step()
    after = around.state()
    assert after != before
    array[0] = 5
    assert around.state() != after


def test_the_closure_of_what_is_given():
    array = np.ones(2)
    around = Surroundings.of([], closing(array))
    before = around.state()
    array[0] = 2
    assert around.state() != before


def test_closures_and_defaults():
    array = np.ones(2)
    function = closing(array)
    around = Surroundings.of([function])
    before = around.state()
    array[0] = 2
    after = around.state()
    assert after != before
    function.__defaults__[0][0] = 5
    assert around.state() != after


def test_a_variable_without_a_value_yet():
    around = Surroundings.of([closing_late()])
    assert around.state() == around.state()


def test_generators():
    around = Surroundings.of([])
    np_state, state = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        before = around.state()
        random.random()
        after = around.state()
        assert after != before
        np.random.rand()  # noqa: NPY002
        assert around.state() != after
    finally:
        np.random.set_state(np_state)  # noqa: NPY002
        random.setstate(state)


def test_another_generator():
    before = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.PCG64(1))
    try:
        around = Surroundings.of([])
        state = around.state()
        assert around.state() == state
        np.random.rand()  # noqa: NPY002
        assert around.state() != state
    finally:
        np.random.set_bit_generator(before)


def test_tensors():
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(2, 2)
    around = Surroundings.of([], [layer])
    before = around.state()
    assert around.state() == before
    with torch.no_grad():
        layer.weight.mul_(2)
    assert around.state() != before


def test_what_holds_itself():
    held = [1]
    held.append(held)
    around = Surroundings.of([], held)
    assert around.state() == around.state()


def test_too_many_things_are_never_the_same():
    around = Surroundings.of([], [list(range(5000))])
    assert around.state() != around.state()


def test_too_much_is_never_the_same():
    around = Surroundings.of([], [np.zeros(1 << 20)])
    assert around.state() != around.state()


def test_objects_are_no_numbers():
    around = Surroundings.of([], [np.array([object()]), 1 << 100])
    assert around.state() == around.state()
