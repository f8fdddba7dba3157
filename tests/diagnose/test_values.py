"""What is computed on the way, and the same call with one value exchanged."""

import functools

import numpy as np
import pytest

from gradproof.diagnose.values import instrument

TABLE = np.arange(6.0)


class Layer:
    def __init__(self, weight):
        self.weight = weight

    def back(self, x, up):
        scaled = up * self.weight
        return scaled + x


def outer(x):
    factor = 3.0

    def inner(y):
        return y * factor + TABLE[:2]

    return inner(x) + Layer(2.0).back(x, x)


def stores(x):
    out = np.zeros(3)
    out[[0, 1, 1]] = x
    out[2] += x[0]
    return out


def recorded(made, call):
    found = {}

    def hook(number, value):
        found.setdefault(made.sites[number].text, []).append(value)
        return value

    with made.hooked(hook):
        result = call()
    return found, result


def test_expressions_of_all_functions_that_are_called():
    x = np.array([1.0, 2.0])
    made, result = instrument(lambda: outer(x))
    found, again = recorded(made, lambda: outer(x))
    assert np.array_equal(result, again)
    assert np.array_equal(found["y * factor"][0], 3 * x)
    assert np.array_equal(found["up * self.weight"][0], 2 * x)
    assert found["self.weight"] == [2.0]
    assert not [text for text in found if text.startswith("np")]


def test_names_and_statements():
    made, _ = instrument(lambda: outer(np.ones(2)))
    (site,) = [s for s in made.sites if s.text == "up * self.weight"]
    assert site.assigned == "scaled"
    assert site.statement.text == "scaled = up * self.weight"
    assert site.statement.function == "back"


def test_another_answer():
    made, _ = instrument(lambda: outer(np.ones(2)))
    (number,) = [s.number for s in made.sites if s.text == "up * self.weight"]
    with made.hooked(lambda site, value: value * 10 if site == number else value):
        assert np.array_equal(outer(np.ones(2)), outer_by_hand(10))
    assert np.array_equal(outer(np.ones(2)), outer_by_hand(1))


def outer_by_hand(times):
    return 3 + TABLE[:2] + 2 * times + 1


def test_what_is_stored_comes_with_its_array_and_index():
    made, _ = instrument(lambda: stores(np.array([1.0, 2.0, 3.0])))
    seen = []

    def store(number, value, array, index):
        seen.append((made.sites[number].store, array.shape, index))
        return value

    with made.hooked(lambda _, value: value, store):
        result = stores(np.array([1.0, 2.0, 3.0]))
    assert seen == [("=", (3,), [0, 1, 1]), ("+=", (3,), 2)]
    assert result.tolist() == [1, 3, 1]


def test_everything_is_put_back_after_an_exception():
    before, names = outer.__code__, set(globals())
    made, _ = instrument(lambda: outer(np.ones(2)))

    def hook(number, value):
        raise RuntimeError(number)

    with pytest.raises(RuntimeError), made.hooked(hook):
        outer(np.ones(2))
    assert outer.__code__ is before
    assert set(globals()) == names


@functools.lru_cache
def remembered(x):
    return 2 * x


def test_what_remembers_its_results_is_left_alone():
    made, _ = instrument(lambda: remembered(3.0))
    assert remembered.__wrapped__ not in made.codes
    assert remembered(3.0) == 6.0


def test_code_without_source_is_left_alone():
    scope = {"np": np}
    exec("def built(x):\n    return 2 * x", scope)
    made, result = instrument(lambda: scope["built"](1.0))
    assert result == 2.0
    assert scope["built"] not in made.codes
